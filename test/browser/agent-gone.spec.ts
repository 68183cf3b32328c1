import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BrowserStation } from '../support/browser-station.ts';
import { KioskBrowser } from '../support/kiosk-browser.ts';

let browser: KioskBrowser;
let station: BrowserStation;

beforeAll(async () => {
  [browser, station] = await Promise.all([KioskBrowser.launch(), BrowserStation.make()]);
});

afterAll(async () => {
  await Promise.all([browser.close(), station.end()]);
});

/** True when nothing of the station's screen can be seen or touched at any of nine places: the cover lies over it. */
const covered = `[0.05, 0.5, 0.95].every((x) => [0.05, 0.5, 0.95].every((y) => {
  const { left, top, width, height } = document.getElementById('station').getBoundingClientRect();
  return document.elementFromPoint(left + x * width, top + y * height)?.closest('.cover') != null;
}))`;

test('agent that hangs: the screen covers itself while nothing is heard, and shows the same document again afterwards', async () => {
  const kiosk = await browser.open(station.address);
  await kiosk.until('start');
  await kiosk.walkTo('review-document', 'ada');
  station.agent.process.kill('SIGSTOP');
  try {
    await kiosk.until('agent-unreachable', 3000);
    expect(await kiosk.page.evaluate<boolean>(covered)).toBe(true);
  } finally {
    station.agent.process.kill('SIGCONT');
  }
  await expect.poll(() => kiosk.page.evaluate<boolean>(covered), { timeout: 10_000 }).toBe(false);
  await expect.poll(() => kiosk.inkOnPage(1), { timeout: 10_000 }).toBeGreaterThan(0.01);
  await kiosk.leave();
  kiosk.expectClean();
  await kiosk.close();
});

test('agent gone while the document is read: the screen covers itself, and goes on by itself with the next agent', async () => {
  const kiosk = await browser.open(station.address);
  await kiosk.until('start');
  await kiosk.walkTo('review-document', 'ada');
  await expect.poll(() => kiosk.inkOnPage(1), { timeout: 10_000 }).toBeGreaterThan(0.01);
  expect(await kiosk.page.evaluate<boolean>(covered)).toBe(false);

  await station.agent.kill('SIGKILL');
  const killed = performance.now();
  await kiosk.until('agent-unreachable', 3000);
  expect(performance.now() - killed).toBeLessThan(3000);
  expect(await kiosk.page.evaluate<boolean>(covered)).toBe(true);
  expect(await kiosk.words()).toMatch(/One moment.*reconnecting by itself/);

  await station.startAnother();
  await kiosk.until('start');
  expect(await kiosk.page.evaluate<boolean>(covered)).toBe(false);
  expect(await kiosk.words()).not.toMatch(/Ada|contract/);
  expect(await kiosk.page.locator('#station canvas').count()).toBe(0);
  // The page has a session with the new agent, without being loaded again: the whole line can be walked.
  await kiosk.tap('begin');
  await kiosk.until('insert-card');
  await kiosk.walkTo('touch-reader', 'ada');
  await kiosk.leave();
  // Chromium reports each request that met no agent, or the new one with the old session.
  expect(kiosk.faults.filter((fault) => !fault.startsWith('console: Failed to load resource'))).toEqual([]);
  await kiosk.close();
});
