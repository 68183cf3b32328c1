import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { BrowserStation } from '../support/browser-station.ts';
import { KioskBrowser, type KioskPage } from '../support/kiosk-browser.ts';

const [right, wrong] = ['123456', '111111'];

let browser: KioskBrowser;
let station: BrowserStation;
let kiosk: KioskPage;

beforeAll(async () => {
  [browser, station] = await Promise.all([KioskBrowser.launch(), BrowserStation.make()]);
});

beforeEach(async () => {
  await station.putIn('contract.pdf');
  kiosk = await browser.open(station.address);
  await kiosk.until('start');
});

afterEach(async () => {
  await kiosk.leave();
  await kiosk.close();
  kiosk.expectClean();
});

afterAll(async () => {
  await Promise.all([browser.close(), station.end()]);
});

async function finish(): Promise<void> {
  await kiosk.until('signed');
  await kiosk.bench('remove-card');
  await kiosk.untilWords('You are done');
  await kiosk.tap('continue');
  await kiosk.until('start');
}

async function walkToPin(): Promise<void> {
  await kiosk.walkTo('touch-reader', 'ada');
  await kiosk.layFinger('right-index');
  await kiosk.until('enter-pin');
}

async function typePin(pin: string): Promise<void> {
  await kiosk.tapDigits(pin);
  await kiosk.tap('enter');
}

test('a wrong PIN: the screen says so and what to do, the right one then signs', async () => {
  await walkToPin();
  await typePin(wrong);
  await kiosk.untilTrouble('pin-wrong');
  expect(await kiosk.words()).toMatch(/The PIN was wrong.*Nothing was signed\..*Type your PIN again, slowly/);
  await kiosk.tap('continue');
  await kiosk.until('enter-pin');
  expect(await kiosk.words()).toMatch(/The PIN before was wrong\./);
  await typePin(right);
  await finish();
  expect(await station.lastVisitOps()).toEqual([
    'token-in',
    'consent',
    'sign.intent',
    'finger-matched',
    'pin-wrong',
    'sign.done',
    'token-out',
  ]);
});

test('Enter on too few digits says so on the screen, and costs no try', async () => {
  await walkToPin();
  await typePin('12');
  await kiosk.untilWords('The PIN has at least');
  await kiosk.until('enter-pin');
  await kiosk.tap('cancel');
  await kiosk.until('take-card');
  expect(await kiosk.words()).toMatch(/Take your card.*Nothing was signed\./);
  await kiosk.bench('remove-card');
  await kiosk.until('start');
  expect((await station.lastVisitOps()).slice(-2)).toEqual(['sign.failed', 'token-out']);
});

test('a wrong finger: the screen says so, the right one then leads on to the signature', async () => {
  await kiosk.walkTo('touch-reader', 'ada');
  await kiosk.layFinger('stranger');
  await kiosk.untilTrouble('not-matched');
  expect(await kiosk.words()).toMatch(/The finger was not recognised.*Nothing was signed\..*tr(y|ies) left for your finger/);
  await kiosk.tap('continue');
  await kiosk.until('touch-reader');
  expect(await kiosk.words()).toContain('That finger was not recognised.');
  await kiosk.layFinger('left-index');
  await kiosk.until('enter-pin');
  await typePin(right);
  await finish();
  expect((await station.lastVisitOps()).slice(3)).toEqual(['finger-refused', 'finger-matched', 'sign.done', 'token-out']);
});

test('card pulled while the document is read: cancelled, nothing was signed, the document is gone from the screen', async () => {
  await kiosk.walkTo('review-document', 'ada');
  await expect.poll(() => kiosk.inkOnPage(1), { timeout: 10_000 }).toBeGreaterThan(0.01);
  await kiosk.bench('remove-card');
  await kiosk.untilTrouble('token-removed');
  expect(await kiosk.words()).toMatch(/Cancelled.*The card was taken out.*Nothing was signed\./);
  expect(await kiosk.page.locator('#station canvas').count()).toBe(0);
  expect(await station.lastVisitOps()).toEqual(['token-in', 'token-out']);
  await kiosk.tap('continue');
  await kiosk.until('start');
  expect(await kiosk.words()).not.toMatch(/Ada|contract/);
});

test('card pulled while it signs: screen and log say that nobody can tell, and nothing comes out', async () => {
  const before = await station.outbox();
  await walkToPin();
  await kiosk.bench('pull-card-while-signing');
  await typePin(right);
  await kiosk.untilTrouble('outcome-unknown');
  expect(await kiosk.words()).toMatch(
    /not known whether your card signed.*We cannot tell whether it was signed\..*before a clerk has looked/,
  );
  expect((await station.lastVisitOps()).slice(4)).toEqual(['sign.outcome-unknown', 'token-out']);
  expect(await kiosk.words()).toContain(`Entry ${await station.lastEntry('sign.outcome-unknown')} in the record`);
  expect(await station.outbox()).toEqual(before);
  await kiosk.tap('continue');
  await kiosk.until('start');
});

for (const [card, problem, words] of [
  ['expired', 'certificate-expired', /The card has expired.*Nothing was signed\..*another card/],
  ['revoked', 'certificate-revoked', /The card has been revoked.*Nothing was signed\..*ask the issuer of the card/],
  ['not-enrolled', 'not-enrolled', /No finger is enrolled for this card.*Nothing was signed\..*Ask a clerk to enrol your finger\./],
  ['foreign', 'certificate-untrusted', /The issuer of this card is not known here.*Nothing was signed\./],
] as const) {
  test(`a card that cannot sign here (${problem}): the screen says why and what to do, and asks to take it out`, async () => {
    await kiosk.bench('insert-card', card);
    await kiosk.untilTrouble(problem);
    expect(await kiosk.words()).toMatch(words);
    expect(await kiosk.words()).toContain('Take your card');
    expect(await kiosk.page.locator('#station [data-act="continue"]').count()).toBe(0);
    await kiosk.bench('remove-card');
    await kiosk.until('start');
    const visit = await station.lastVisit();
    expect(visit[0]).toMatchObject({ op: 'token-in', problem });
    expect(visit.map(({ op }) => op)).toEqual(['token-in', 'token-out']);
  });
}
