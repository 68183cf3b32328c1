import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BrowserStation } from '../support/browser-station.ts';
import { KioskBrowser, type KioskPage } from '../support/kiosk-browser.ts';
import { changesNoted, everythingKept, noteChanges } from '../support/unseen-pin.ts';
import { pdfsig } from '../support/validators.ts';

const ada = '123456';
/** As long as Ada's PIN, with no digit in the same place. */
const another = '907812';

let browser: KioskBrowser;
let station: BrowserStation;

beforeAll(async () => {
  [browser, station] = await Promise.all([KioskBrowser.launch(), BrowserStation.make()]);
});

afterAll(async () => {
  await Promise.all([browser.close(), station.end()]);
});

test('a holder walks the whole line by touch, and takes away the document that the screen named', async () => {
  const kiosk = await browser.open(station.address);
  await kiosk.until('start');
  await kiosk.untilWords('1 document is waiting');
  await kiosk.tap('begin');
  await kiosk.until('insert-card');
  await kiosk.bench('insert-card', 'ada');
  await kiosk.until('choose-document');
  expect(await kiosk.words()).toMatch(/Ada Lovelace.*contract\.pdf.*3 pages/);
  await kiosk.tap('choose-documents');
  await kiosk.until('review-document');
  await readToTheEnd(kiosk);
  await kiosk.tap('reviewed');
  await kiosk.until('confirm');
  const agreed = await kiosk.facts();
  expect(agreed.get('Signing as')).toBe('Ada Lovelace');
  await kiosk.tap('consent');
  await kiosk.layFinger('right-index');
  await kiosk.until('enter-pin');
  await typePinUnseen(kiosk);
  await kiosk.until('signed');

  const shown = await kiosk.facts();
  expect(await kiosk.words()).toContain('Take your card');
  const outputName = shown.get('Saved as') ?? '';
  const output = await station.readOutput(outputName);
  expect(pdfsig(output)).toEqual([{ verdict: 'Signature is Valid.', whole: true }]);
  expect(shown.get('What you signed')).toBe('contract.pdf');
  expect(shown.get('Check number of the signed document')).toBe(inGroups(output));

  await kiosk.bench('remove-card');
  await expect
    .poll(() => station.lastVisitOps())
    .toEqual(['token-in', 'consent', 'sign.intent', 'finger-matched', 'sign.done', 'token-out']);
  expect(shown.get('Entry in the record')).toBe(String(await station.lastEntry('sign.done')));
  const done = (await station.lastVisit()).find(({ op }) => op === 'sign.done');
  expect(done).toMatchObject({ output_sha256: createHash('sha256').update(output).digest('hex') });
  await kiosk.untilWords('You are done');
  expect(await kiosk.words()).not.toContain('Take your card');
  await kiosk.tap('continue');
  await kiosk.until('start');
  expect(await kiosk.words()).not.toMatch(/Ada|Lovelace|contract/);
  expectNoTraceOf(ada, kiosk, await everythingKept(kiosk.page));
  kiosk.expectClean();
  await kiosk.close();
});

/** First 16 hex digits of the SHA-256, in groups of four. */
function inGroups(bytes: Uint8Array): string {
  const hex = createHash('sha256').update(bytes).digest('hex');
  return [0, 4, 8, 12].map((at) => hex.slice(at, at + 4)).join(' ');
}

/** Draws the document page by page down to the last one, by touch. */
async function readToTheEnd(kiosk: KioskPage): Promise<void> {
  const place = kiosk.page.locator('[data-fact="page"]');
  await expect.poll(() => kiosk.inkOnPage(1), { timeout: 10_000 }).toBeGreaterThan(0.01);
  expect(await place.innerText()).toBe('Page 1 of 3');
  for (let turns = 0; (await place.innerText()) !== 'Page 3 of 3'; turns++) {
    if (turns > 12) throw new Error(`the last page is not reached: ${await place.innerText()}`);
    await kiosk.tap('page-down');
    await kiosk.page.waitForTimeout(250);
  }
  await expect.poll(() => kiosk.inkOnPage(3), { timeout: 10_000 }).toBeGreaterThan(0.005);
  expect(await kiosk.page.locator('[data-page="3"]').textContent()).toContain('By signing, the Member confirms');
}

/** Types another PIN, clears it, and types the right one: the page must look and keep the same. */
async function typePinUnseen(kiosk: KioskPage): Promise<void> {
  const traces: (readonly string[])[] = [];
  const said = kiosk.console.length;
  for (const pin of [another, ada]) {
    await noteChanges(kiosk.page);
    await kiosk.tapDigits(pin);
    expect(await kiosk.page.locator('#station .dot').count()).toBe(6);
    traces.push(await changesNoted(kiosk.page));
    expectNoTraceOf(pin, kiosk, await everythingKept(kiosk.page));
    if (pin !== ada) await kiosk.tap('clear');
  }
  expect(traces[0]?.length).toBeGreaterThan(6);
  expect(traces[1]).toEqual(traces[0]);
  expect(kiosk.console.slice(said)).toEqual([]);
  await kiosk.tap('enter');
}

function expectNoTraceOf(pin: string, kiosk: KioskPage, kept: string): void {
  expect(kept).toContain('data-screen');
  expect(kept).not.toContain(pin);
  expect(JSON.parse(kept)).toMatchObject({ fields: [], local: {}, session: {}, databases: [], caches: [] });
  expect(kiosk.console.join('\n')).not.toContain(pin);
}
