/** The receipt: what a phone reads from the screen, and the file beside the document, are each checked with the key of the log alone. */
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logCheckProof } from '../../agent/commands/log-check-proof.ts';
import { logKey } from '../../agent/commands/log-key.ts';
import { BrowserStation } from '../support/browser-station.ts';
import { call } from '../support/keyed-station.ts';
import { KioskBrowser } from '../support/kiosk-browser.ts';
import { readLog } from '../support/station.ts';

let browser: KioskBrowser;
let station: BrowserStation;

beforeAll(async () => {
  [browser, station] = await Promise.all([KioskBrowser.launch(), BrowserStation.make()]);
});
afterAll(async () => {
  await Promise.all([browser.close(), station.end()]);
});

test('a holder scans the receipt of their signature from the screen', async () => {
  const client = await station.agent.client();
  const kiosk = await browser.open(station.address);
  await kiosk.bench('insert-card', 'ada');
  await kiosk.until('choose-document');
  const { state } = await client.message();
  const [document] = state.screen === 'choose-document' ? state.documents : [];
  const { id = '', digest = '' } = document ?? {};
  for (const [action, screen] of [
    [{ type: 'choose-documents', documentIds: [id] }, 'review-document'],
    [{ type: 'reviewed' }, 'confirm'],
    [{ type: 'consent', digests: [digest] }, 'touch-reader'],
  ] as const) {
    await client.act(action);
    await kiosk.until(screen);
  }
  await kiosk.layFinger('right-index');
  await kiosk.until('enter-pin');
  await kiosk.tapDigits('123456');
  await kiosk.tap('enter');
  await kiosk.until('signed');

  const key = (await call(logKey, '--data', station.data)).out.trim();
  const shown = await kiosk.facts();
  const picture = join(station.data, 'screen.png');
  await kiosk.page.locator('[data-part="receipt"] svg').screenshot({ path: picture });
  const scanned = join(station.data, 'scanned.tlog-proof');
  await writeFile(scanned, execFileSync('zbarimg', ['-q', '--raw', '-Sbinary', picture]));
  const done = await station.lastEntry('sign.done');
  for (const [file, more] of [
    [scanned, {}],
    [join(station.data, 'outbox', shown.get('Receipt saved as') ?? ''), { op: 'sign.done' }],
  ] as const) {
    const said = await call(logCheckProof, file, '--key', key, '--json');
    expect(said.code, said.out + said.err).toBe(0);
    expect(JSON.parse(said.out)).toMatchObject({ verdict: 'holds', entry: done, size: done + 1, ...more });
  }
  // Of the scanned one the station's log says the rest.
  expect(await call(logCheckProof, scanned, '--key', key, '--data', station.data)).toMatchObject({
    code: 0,
    out: expect.stringContaining('of the kind sign.done') as string,
  });
  expect((await readLog(station.data)).find(({ op }) => op === 'receipt')).toMatchObject({ done, size: done + 1 });
  kiosk.expectClean();
  await kiosk.close();
});
