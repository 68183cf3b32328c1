/** A signed file is checked at the screen, by somebody without a card: found by touch, judged, and said in words that they understand. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BrowserStation } from '../support/browser-station.ts';
import { KioskBrowser, type KioskPage } from '../support/kiosk-browser.ts';
import { withBitFlipped } from '../support/tampering.ts';

let browser: KioskBrowser;
let station: BrowserStation;
let kiosk: KioskPage;

beforeAll(async () => {
  [browser, station] = await Promise.all([KioskBrowser.launch(), BrowserStation.make()]);
  kiosk = await browser.open(station.address);
});

afterAll(async () => {
  kiosk.expectClean();
  await kiosk.close();
  await Promise.all([browser.close(), station.end()]);
});

test('nothing lies there: the page says who can help, and a file that a clerk puts in comes up by itself', async () => {
  await kiosk.until('start');
  await kiosk.tap('check');
  await kiosk.untilWords('There is no file to check');
  await writeFile(join(station.data, 'check', 'unsigned.pdf'), await station.readInput('contract.pdf'));
  await kiosk.untilWords('unsigned.pdf');
  await kiosk.tap('check-file');
  await kiosk.until('check-verdict');
  expect(await kiosk.words()).toMatch(/There is no signature in this file.*Nobody signed it/);
  await kiosk.tap('continue');
  await kiosk.until('start');
});

test('a document that was signed here: who signed, when, and that it is valid; a changed one is not, in German too', async () => {
  await kiosk.walkTo('touch-reader', 'ada');
  await kiosk.layFinger('right-index');
  await kiosk.until('enter-pin');
  await kiosk.tapDigits('123456');
  await kiosk.tap('enter');
  await kiosk.until('signed');
  await kiosk.bench('remove-card');
  await kiosk.tap('continue');
  await kiosk.until('start');
  const [name = ''] = await station.outbox();
  const signed = await station.readOutput(name);
  await writeFile(join(station.data, 'check', 'unsigned.pdf'), withBitFlipped(signed, 300, 1));
  await writeFile(join(station.data, 'check', 'a-signed.pdf'), signed);

  await kiosk.tap('check');
  await kiosk.untilWords('a-signed.pdf');
  await kiosk.tap('check-file');
  await kiosk.until('check-verdict');
  expect(await kiosk.words()).toMatch(/The signature is valid.*Ada Lovelace/);
  const facts = await kiosk.facts();
  expect([facts.get('Result'), facts.get('Signed by')]).toEqual(['Valid', 'Ada Lovelace']);
  expect(Number(facts.get('Entry in the record'))).toBe(await station.lastEntry('document-checked'));

  await kiosk.tap('back');
  await kiosk.untilWords('unsigned.pdf');
  await kiosk.page.locator('#station [data-act="check-file"]').nth(1).tap();
  await kiosk.until('check-verdict');
  expect(await kiosk.words()).toMatch(/The signature is not valid.*The document was changed after it was signed\./);
  for (const act of ['language', 'language-de'] as const) await kiosk.tap(act);
  await kiosk.untilWords('Das Dokument wurde geändert, nachdem es unterschrieben war.');
  await kiosk.bench('insert-card', 'ada');
  await kiosk.until('choose-document');
  expect(await kiosk.words()).not.toContain('a-signed.pdf');
  await kiosk.leave();
});
