import { afterAll, beforeAll, expect, test } from 'vitest';
import { BrowserStation } from '../support/browser-station.ts';
import { KioskBrowser, type KioskPage } from '../support/kiosk-browser.ts';
import { pdfsig } from '../support/validators.ts';

let browser: KioskBrowser;
let station: BrowserStation;

beforeAll(async () => {
  [browser, station] = await Promise.all([KioskBrowser.launch(), BrowserStation.make()]);
});

afterAll(async () => {
  await Promise.all([browser.close(), station.end()]);
});

/** Where Tab has taken the keyboard: a button by what it does, else the role of what has the focus. */
const focused = `document.activeElement?.dataset.act ?? document.activeElement?.getAttribute('role') ?? document.activeElement?.className ?? ''`;

/** Goes by Tab (or Shift+Tab) until this has the focus. */
async function tabTo(kiosk: KioskPage, wanted: string, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  const passed: string[] = [];
  while (passed.at(-1) !== wanted) {
    if (passed.length > 15) throw new Error(`${wanted} is not reached by ${key}: ${passed.join(', ')}`);
    await kiosk.page.keyboard.press(key);
    passed.push(await kiosk.page.evaluate<string>(focused));
  }
}

async function press(kiosk: KioskPage, wanted: string): Promise<void> {
  await tabTo(kiosk, wanted);
  await kiosk.page.keyboard.press('Enter');
}

test('a holder signs with the keyboard alone', async () => {
  const kiosk = await browser.open(station.address, { hasTouch: false });
  await kiosk.until('start');
  await press(kiosk, 'begin');
  await kiosk.until('insert-card');
  await kiosk.bench('insert-card', 'grace');
  await kiosk.until('choose-document');
  await press(kiosk, 'choose-documents');
  await kiosk.until('review-document');
  await expect.poll(() => kiosk.inkOnPage(1), { timeout: 10_000 }).toBeGreaterThan(0.01);
  await tabTo(kiosk, 'region', 'Shift+Tab');
  await kiosk.page.keyboard.press('End');
  await kiosk.untilWords('Page 3 of 3');
  await press(kiosk, 'reviewed');
  await kiosk.until('confirm');
  await press(kiosk, 'consent');
  await kiosk.until('touch-reader');
  await kiosk.layFinger('left-index');
  await kiosk.until('enter-pin');
  // One touch too many: whoever reaches for a device does not take the keyboard from the screen.
  await kiosk.bench('touch', 'left-index');
  await kiosk.page.keyboard.type('6543219');
  await kiosk.page.keyboard.press('Backspace');
  expect(await kiosk.page.locator('#station .dot').count()).toBe(6);
  await kiosk.page.keyboard.press('Enter');
  await kiosk.until('signed');
  const output = await station.readOutput((await kiosk.facts()).get('Saved as') ?? '');
  expect(pdfsig(output)).toEqual([{ verdict: 'Signature is Valid.', whole: true }]);
  await kiosk.bench('remove-card');
  await kiosk.untilWords('You are done');
  await press(kiosk, 'continue');
  await kiosk.until('start');
  kiosk.expectClean();
  await kiosk.close();
});

test('several documents are picked, read one after the other and agreed to with the keyboard alone, and each says whether it is picked', async () => {
  for (const name of ['contract.pdf', 'lease.pdf']) await station.putIn(name);
  const kiosk = await browser.open(station.address, { hasTouch: false });
  await kiosk.until('start');
  await kiosk.bench('insert-card', 'ada');
  await kiosk.untilWords('Which documents?');
  const picks = kiosk.page.getByRole('checkbox');
  await expect.poll(() => picks.count()).toBe(2);
  await press(kiosk, 'choose-documents');
  await kiosk.untilWords('No document is picked yet');
  // Back to the top of the list, and the space bar picks.
  for (let pick = 0; pick < 2; pick += 1) {
    await tabTo(kiosk, 'pick', 'Shift+Tab');
    await kiosk.page.keyboard.press('Space');
  }
  const checked = `[...document.querySelectorAll('[role=checkbox]')].map((one) => one.getAttribute('aria-checked')).join()`;
  expect(await kiosk.page.evaluate<string>(checked)).toBe('true,true');
  await press(kiosk, 'choose-documents');
  for (const place of [1, 2]) {
    await kiosk.untilWords(`Document ${place} of 2`);
    await expect.poll(() => kiosk.inkOnPage(1), { timeout: 10_000 }).toBeGreaterThan(0.01);
    await press(kiosk, 'reviewed');
  }
  await kiosk.until('confirm');
  expect(await kiosk.words()).toContain('Sign all 2 documents');
  await press(kiosk, 'consent');
  await kiosk.until('touch-reader');
  await press(kiosk, 'cancel');
  await kiosk.until('take-card');
  await kiosk.bench('remove-card');
  await kiosk.until('start');
  expect(await station.lastVisitOps()).toEqual([
    'token-in',
    'consent',
    'sign.intent',
    'sign.intent',
    'sign.failed',
    'sign.failed',
    'token-out',
  ]);
  kiosk.expectClean();
  await kiosk.close();
});

test('language, text size and colours that one holder chose by keyboard are gone for the next one', async () => {
  const kiosk = await browser.open(station.address, { hasTouch: false });
  const look = () => kiosk.page.evaluate<string>(`Object.values(document.documentElement.dataset).join() + document.documentElement.lang`);
  await kiosk.until('start');
  const before = await look();
  await press(kiosk, 'display');
  await press(kiosk, 'text-size-4');
  await press(kiosk, 'contrast-yellow-on-black');
  await kiosk.page.keyboard.press('Escape');
  await press(kiosk, 'language');
  await press(kiosk, 'language-de');
  await kiosk.untilWords('Dokument unterschreiben');
  expect(await look()).toBe('4,yellow-on-blackde');
  await press(kiosk, 'begin');
  await kiosk.until('insert-card');
  expect(await kiosk.words()).toContain('Karte');
  await press(kiosk, 'cancel');
  await kiosk.until('start');
  await kiosk.untilWords('Sign a document');
  expect(await look()).toBe(before);
  kiosk.expectClean();
  await kiosk.close();
});
