/** Placing the signature on the page: by touch, by keys, and what the holder sees of it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BrowserStation } from '../support/browser-station.ts';
import { KioskBrowser, type KioskPage } from '../support/kiosk-browser.ts';

let browser: KioskBrowser;
let station: BrowserStation;

beforeAll(async () => {
  const documents = { appearance: { place: 'by-hand' } };
  [browser, station] = await Promise.all([KioskBrowser.launch(), BrowserStation.make(documents)]);
});

afterAll(async () => {
  await Promise.all([browser.close(), station.end()]);
});

/** Where the preview lies on its page, as parts of the page's width and height: its middle. */
async function middle(kiosk: KioskPage): Promise<readonly [number, number]> {
  const mark = await kiosk.page.locator('#station [data-part="mark"]').boundingBox();
  const page = await kiosk.page.locator('#station [data-page]:has([data-part="mark"])').boundingBox();
  if (mark === null || page === null) throw new Error('no mark is shown');
  return [(mark.x + mark.width / 2 - page.x) / page.width, (mark.y + mark.height / 2 - page.y) / page.height];
}

/** The whole preview lies inside the frame that scrolls. */
async function visible(kiosk: KioskPage): Promise<boolean> {
  const mark = await kiosk.page.locator('#station [data-part="mark"]').boundingBox();
  const frame = await kiosk.page.locator('#station [role="region"]').boundingBox();
  return mark !== null && frame !== null && mark.y >= frame.y && mark.y + mark.height <= frame.y + frame.height + 1;
}

test('a touch on the page puts the signature there, the keys move it, and it can be taken away again', async () => {
  const kiosk = await browser.open(station.address);
  await kiosk.walkTo('review-document', 'ada');
  await kiosk.untilWords('Your signature will not be seen on a page.');
  await kiosk.tap('mark-begin');
  await kiosk.untilWords('Your signature will be seen on page 1.');
  // It begins at the foot of the page, and the page has come up to show it.
  await expect.poll(() => visible(kiosk), { timeout: 10_000 }).toBe(true);

  const target = kiosk.page.locator('#station [data-page="1"] [data-act="place-mark"]');
  const box = await target.boundingBox();
  if (box === null) throw new Error('the page takes no touch');
  await target.tap({ position: { x: box.width * 0.4, y: box.height * 0.2 } });
  await expect.poll(async () => (await middle(kiosk)).map((part) => Math.round(part * 50)), { timeout: 10_000 }).toEqual([20, 10]);

  const [before] = await middle(kiosk);
  const right = kiosk.page.locator('#station [data-act="mark-right"]');
  await right.focus();
  await kiosk.page.keyboard.press('Enter');
  await expect.poll(async () => (await middle(kiosk))[0] - before, { timeout: 10_000 }).toBeGreaterThan(0.01);
  await target.focus();
  await kiosk.page.keyboard.press('Enter');
  await expect.poll(async () => (await middle(kiosk)).map((part) => Math.round(part * 50)), { timeout: 10_000 }).toEqual([25, 25]);

  await kiosk.tap('remove-mark');
  await kiosk.untilWords('Your signature will not be seen on a page.');
  // Buttons take no second click of a double click, and these come up where another one was touched just now.
  await kiosk.page.waitForTimeout(700);
  await kiosk.tap('mark-begin');
  await kiosk.untilWords('Leave it there');
  await kiosk.page.waitForTimeout(700);
  await kiosk.tap('mark-done');
  await expect.poll(() => kiosk.page.locator('#station [data-act="place-mark"]').count(), { timeout: 10_000 }).toBe(0);
  await kiosk.tap('reviewed');
  await kiosk.until('confirm');
  expect((await kiosk.facts()).get('On the page')).toBe('Your signature will be seen on page 1.');
  kiosk.expectClean();
  await kiosk.close();
});
