/** The page that sends a holder to the pad of the card reader: what stands on it, and what it does not offer. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PinView } from '../../agent/contract/pin.ts';
import type { PlaceView } from '../../agent/contract/state.ts';
import type { Language } from '../../kiosk/text/catalogue.ts';
import { Screens, wordsOf } from '../support/rendered-screen.ts';

let screens: Screens;
beforeAll(async () => {
  screens = await Screens.open();
});
afterAll(() => screens.close());

const document = { id: 'doc-1', name: 'contract.pdf', pages: 1, size: 9, digest: 'd'.repeat(64), signatures: 0 };

function page(language: Language, pin: Partial<PinView>, place: PlaceView = { place: 1, of: 1 }): Promise<string> {
  const view: PinView = { minLength: 4, maxLength: 8, lastTry: false, pad: 'reader', ...pin };
  return screens.page('EnterPinOnReader.svelte', language, { screen: 'enter-pin', document, place, pin: view });
}

test('names the reader, the green key, the seconds that are left and the way to cancel', async () => {
  const html = await page('en', { triesLeft: 3, waiting: { time: 1, secondsLeft: 41 } });
  const words = wordsOf(html).join(' ');
  expect(words).toMatch(/^Type your PIN on the card reader .*not this screen.* green key/);
  expect(words).toMatch(/3 tries left .*red key of the card reader, or take your card out.* 41 seconds left/);
  expect(html).not.toContain('<button');
  expect(html).not.toContain('<input');
});

test('shows the countdown to the eye each second, and speaks it apart', async () => {
  const html = await page('de', { waiting: { time: 1, secondsLeft: 1 } });
  expect(html).toMatch(/<p class="left[^"]*" aria-hidden="true"/);
  expect(wordsOf(html)).toContain('noch 1 Sekunde');
  expect(html).toMatch(/<p class="only-spoken[^"]*" aria-live="polite">/);
});

test('shows no seconds before the reader asks, nor once the reader may end the wait at any moment', async () => {
  const soon = wordsOf(await page('en', {})).join(' ');
  expect(soon).toContain('about to ask');
  const late = wordsOf(await page('en', { waiting: { time: 1 } })).join(' ');
  for (const words of [soon, late]) expect(words).not.toMatch(/second/);
});

test('the second time says that the first PIN was right, and never that one was wrong', async () => {
  const words = wordsOf(await page('en', { previous: 'pin-wrong', waiting: { time: 2, secondsLeft: 60 } })).join(' ');
  expect(words).toMatch(/^Type your PIN once more Your PIN was right\. This card asks for it twice\./);
  expect(words).not.toMatch(/wrong/);
  expect(wordsOf(await page('en', { previous: 'pin-wrong', waiting: { time: 1, secondsLeft: 60 } })).join(' ')).toMatch(/was wrong/);
});

test('says of the tries what the card tells: a number, that few are left, or that it does not say', async () => {
  const said = async (pin: Partial<PinView>): Promise<string> => wordsOf(await page('en', pin)).join(' ');
  expect(await said({ triesLeft: 2 })).toContain('2 tries left');
  expect(await said({ fewTries: true })).toContain('Few tries are left');
  expect(await said({})).toContain('does not say how many tries are left');
  expect(await said({ triesLeft: 1, lastTry: true })).toMatch(/last try before the card locks/);
});

test('of several documents it is said for which one the card asks again, and that what comes before it is signed', async () => {
  const said = async (time: 1 | 2, place: number): Promise<string> =>
    wordsOf(await page('en', { waiting: { time, secondsLeft: 60 } }, { place, of: 3 })).join(' ');
  // Most cards ask once for them all: until it asks again nobody can say that it does.
  expect(await said(1, 1)).toMatch(/^Type your PIN on the card reader /);
  expect(await said(1, 1)).not.toContain('of 3');
  expect(await said(2, 1)).toMatch(/^Type your PIN once more .*again for each document.* Document 1 of 3 contract\.pdf/);
  expect(await said(2, 1)).not.toContain('twice');
  expect(await said(1, 2)).toMatch(/^Type your PIN for document 2 of 3 What comes before it is signed\. .* Document 2 of 3 contract\.pdf/);
});
