import { afterAll, beforeAll, expect, test } from 'vitest';
import { BrowserStation } from '../support/browser-station.ts';
import { KioskBrowser, lying, upright, type KioskPage } from '../support/kiosk-browser.ts';

let browser: KioskBrowser;
let station: BrowserStation;

beforeAll(async () => {
  [browser, station] = await Promise.all([KioskBrowser.launch(), BrowserStation.make()]);
});

afterAll(async () => {
  await Promise.all([browser.close(), station.end()]);
});

/** Those of the elements whose middle cannot be touched where they are: out of sight, or with something over them. */
function outOfReach(kiosk: KioskPage, selector: string): Promise<readonly string[]> {
  return kiosk.page.evaluate<string[]>(`[...document.querySelectorAll('#station ${selector}')].filter((element) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    return !element.contains(document.elementFromPoint(left + width / 2, top + height / 2));
  }).map((element) => element.innerText)`);
}

/** Height of the part of the document that is seen, as a share of the screen's. */
function shareOfDocument(kiosk: KioskPage): Promise<number> {
  return kiosk.page.evaluate<number>(`document.querySelector('#station [role="region"]').clientHeight / innerHeight`);
}

for (const [name, viewport] of [
  ['a lying', lying],
  ['an upright', upright],
] as const) {
  test(`with the largest text on ${name} screen, the document is seen and every key of the PIN pad is in reach`, async () => {
    const kiosk = await browser.open(station.address, { viewport });
    const hand = await station.agent.client();
    await kiosk.until('start');
    await kiosk.page.locator('[data-bench="fold"]').tap();
    for (const act of ['display', 'text-size-4', 'close', 'language', 'language-de'] as const) await kiosk.tap(act);
    await hand.workbench({ type: 'insert-card', card: 'ada' });
    await kiosk.until('choose-document');
    expect(await outOfReach(kiosk, '[data-act="choose-documents"]')).toEqual([]);
    await kiosk.tap('choose-documents');
    await kiosk.until('review-document');
    await expect.poll(() => kiosk.inkOnPage(1), { timeout: 10_000 }).toBeGreaterThan(0.01);
    expect(await shareOfDocument(kiosk)).toBeGreaterThan(0.25);
    expect(await outOfReach(kiosk, 'button')).toEqual([]);
    await kiosk.tap('reviewed');
    await kiosk.until('confirm');
    await kiosk.tap('consent');
    await kiosk.until('touch-reader');
    while ((await hand.workbench({ type: 'touch', finger: 'right-index' })) !== 204) await kiosk.page.waitForTimeout(100);
    await kiosk.until('enter-pin');
    expect(await kiosk.page.locator('#station [data-digit]').count()).toBe(10);
    expect(await outOfReach(kiosk, 'button')).toEqual([]);
    await hand.workbench({ type: 'remove-card' });
    await kiosk.until('trouble');
    expect(await outOfReach(kiosk, 'button')).toEqual([]);
    await kiosk.tap('continue');
    await kiosk.until('start');
    kiosk.expectClean();
    await kiosk.close();
  });
}
