/** The visit as the HTTP room sees it: numbered messages, actions that fit, bytes only while they are read, a PIN that is handed over or not taken. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { Secret } from '../../../drivers/secret.ts';
import type { StateMessage, StationView } from '../../../agent/contract/state.ts';
import type { SignInput } from '../../../agent/signing/asked.ts';
import { Visit } from '../../../agent/signing/visit.ts';
import {
  ada,
  consented,
  contract,
  firstKey,
  lease,
  limits,
  open,
  openContract,
  pin,
  pinDigits,
  prepared,
  result,
  staged,
} from '../../support/signing/visit-facts.ts';
import { WaitingActors } from '../../support/signing/waiting-actors.ts';

let waiting: WaitingActors;
let clock: SimulatedClock;
let station: StationView;
let faults: unknown[];
let messages: StateMessage[];
let visit: Visit;
/** The screens on which the visit ended the login at the token. */
let loginEnds: string[];

beforeEach(() => {
  waiting = new WaitingActors();
  clock = new SimulatedClock();
  station = { name: 'branch-12.example.org', demo: true, logSize: 2, cardReaderReady: true, fingerprintReaderReady: true };
  faults = [];
  messages = [];
  loginEnds = [];
  const { actors } = waiting;
  visit = new Visit({
    actors,
    endLogin: () => void loginEnds.push(screens().at(-1) ?? ''),
    limits,
    tokens: [],
    station: () => station,
    onFault: (error) => faults.push(error),
    clock: clock as never,
  });
  visit.subscribe((message) => messages.push(message));
  visit.inboxChanged({ documents: [contract], refused: [] });
});
afterEach(() => visit.end());

const screens = (): readonly string[] => messages.map(({ state }) => state.screen);

async function toReview(): Promise<void> {
  visit.tokensChanged([ada]);
  await waiting.answer('readToken', { pin, keys: [firstKey] });
  expect(visit.act({ type: 'choose-documents', documentIds: [contract.id] })).toBe(true);
  await waiting.answer('openDocument', openContract);
}

async function toPin(): Promise<void> {
  await toReview();
  visit.act({ type: 'reviewed' });
  visit.act({ type: 'consent', digests: [contract.digest] });
  await waiting.answer('recordConsent', consented(7));
  await waiting.answer('prepare', prepared());
  await waiting.answer('verifyFinger');
}

async function cancelled(): Promise<void> {
  expect(visit.act({ type: 'cancel' })).toBe(true);
  await waiting.problemRecorded();
}

it('each change is one message, and the numbers have no gap', async () => {
  await toReview();
  expect(screens()).toEqual(['start', 'reading-card', 'choose-document', 'review-document']);
  expect(messages.map(({ seq }) => seq)).toEqual(messages.map((_, index) => index + (messages[0]?.seq ?? 0)));
  expect(visit.message()).toBe(messages.at(-1));
});

it('what changes nothing on the screen is no message', async () => {
  await toReview();
  const before = messages.length;
  visit.act({ type: 'alive' });
  visit.stationChanged();
  visit.promptChanged('processing');
  expect(messages).toHaveLength(before);
  station = { ...station, fingerprintReaderReady: false };
  visit.stationChanged();
  expect(messages.at(-1)?.station.fingerprintReaderReady).toBe(false);
});

it('a listener that left hears nothing more', () => {
  const heard: StateMessage[] = [];
  const stop = visit.subscribe((message) => heard.push(message));
  visit.act({ type: 'begin' });
  stop();
  visit.act({ type: 'cancel' });
  expect(heard.map(({ state }) => state.screen)).toEqual(['insert-card']);
});

it('an action that does not fit is refused and changes nothing', async () => {
  await toReview();
  const before = visit.message();
  expect(visit.act({ type: 'consent', digests: [contract.digest] })).toBe(false);
  expect(visit.act({ type: 'choose-documents', documentIds: [contract.id] })).toBe(false);
  expect(visit.message()).toBe(before);
});

it('the bytes of a document are given while it is read or agreed to, and at no other time', async () => {
  expect(visit.documentBytes(contract.id)).toBeUndefined();
  await toReview();
  expect(visit.documentBytes(contract.id)).toBe(openContract.bytes);
  expect(visit.documentBytes('doc-2')).toBeUndefined();
  visit.act({ type: 'reviewed' });
  expect(visit.documentBytes(contract.id)).toBe(openContract.bytes);
  visit.act({ type: 'consent', digests: [contract.digest] });
  await waiting.answer('recordConsent', consented(7));
  await waiting.answer('prepare', prepared());
  expect(visit.message().state.screen).toBe('touch-reader');
  expect(visit.documentBytes(contract.id)).toBeUndefined();
  await cancelled();
  expect(visit.documentBytes(contract.id)).toBeUndefined();
});

it('a PIN that nobody asks for stays with whoever brought it', async () => {
  const secret = new Secret(new TextEncoder().encode(pinDigits));
  expect([visit.takesPin(), visit.enterPin(secret)]).toEqual([false, false]);
  expect(secret.length).toBe(pinDigits.length);
  await toPin();
  expect([visit.takesPin(), visit.enterPin(secret)]).toEqual([true, true]);
  expect([visit.takesPin(), visit.enterPin(new Secret(Uint8Array.of(1)))]).toEqual([false, false]);
  const asked = waiting.asked.find(({ actor }) => actor === 'sign')?.input as SignInput;
  expect(asked.pin).toBe(secret);
  expect(JSON.stringify(messages)).not.toContain(pinDigits);
  await waiting.answer('sign', Uint8Array.of(1));
  await waiting.answer('check', staged);
  await waiting.answer('save', result(12));
  expect(screens().slice(-4)).toEqual(['signing', 'signing', 'signing', 'signed']);
});

it('while an outcome is being recorded the screen stays as it was', async () => {
  await toPin();
  const before = visit.message();
  visit.act({ type: 'cancel' });
  expect(visit.message()).toBe(before);
  await waiting.problemRecorded();
  expect(visit.message().state).toEqual({ screen: 'take-card', outcome: 'nothing-signed' });
});

it('the idle question is laid over the page and counts down', async () => {
  await toReview();
  for (let second = 0; second < 60; second += 1) clock.increment(1000);
  expect(visit.message()).toMatchObject({ state: { screen: 'review-document' }, idle: { secondsLeft: 3 } });
  clock.increment(1000);
  expect(visit.message().idle).toEqual({ secondsLeft: 2 });
  visit.act({ type: 'more-time' });
  expect(visit.message().idle).toBeUndefined();
});

it('a refusal with a name is no bug; anything else is reported, and the station is out of service', async () => {
  await toReview();
  visit.act({ type: 'back' });
  visit.act({ type: 'choose-documents', documentIds: [contract.id] });
  await waiting.refuse('openDocument', 'document-changed');
  await waiting.problemRecorded();
  expect(faults).toEqual([]);
  expect(visit.act({ type: 'continue' })).toBe(true);
  visit.act({ type: 'choose-documents', documentIds: [contract.id] });
  const bug = new TypeError('undefined is not a function');
  await waiting.refuse('openDocument', bug);
  expect(faults).toEqual([bug]);
  await waiting.problemRecorded();
  expect(visit.message().state).toMatchObject({ screen: 'trouble', problem: 'fault' });
});

it('a new visit has a new number, so that the screen is wiped', async () => {
  await toReview();
  const { visit: before } = visit.message();
  await cancelled();
  visit.tokensChanged([]);
  await waiting.answer('recordTokenOut');
  expect(visit.message()).toMatchObject({ visit: before + 1, state: { screen: 'start', documentsWaiting: 1 } });
});

it('an orderly end in the middle of a visit ends the open intent first', async () => {
  await toPin();
  const ended = visit.end();
  await expect.poll(() => waiting.waiting()).toEqual(['recordProblem']);
  expect(waiting.recorded).toMatchObject([{ problem: { code: 'cancelled' }, intents: [{ entry: 7 }] }]);
  await waiting.problemRecorded();
  await ended;
});

it('several documents: each is opened in turn, one PIN serves all, and the login ends with the last signature', async () => {
  visit.inboxChanged({ documents: [contract, lease], refused: [] });
  visit.tokensChanged([ada]);
  await waiting.answer('readToken', { pin, keys: [firstKey] });
  visit.act({ type: 'choose-documents', documentIds: [lease.id, contract.id] });
  expect(visit.message().state).toMatchObject({ screen: 'review-document', document: lease, place: { place: 1, of: 2 }, opening: true });
  await waiting.answer('openDocument', open(lease));
  expect([visit.documentBytes(lease.id), visit.documentBytes(contract.id)]).toEqual([open(lease).bytes, undefined]);
  visit.act({ type: 'reviewed' });
  expect(visit.message().state).toMatchObject({ document: contract, place: { place: 2, of: 2 }, opening: true });
  expect(visit.documentBytes(lease.id)).toBeUndefined();
  await waiting.answer('openDocument', openContract);
  visit.act({ type: 'reviewed' });
  expect(visit.message().state).toMatchObject({ screen: 'confirm', documents: [lease, contract] });
  expect(visit.act({ type: 'consent', digests: [contract.digest, lease.digest] })).toBe(false);
  expect(visit.act({ type: 'consent', digests: [lease.digest] })).toBe(false);
  expect(visit.act({ type: 'consent', digests: [lease.digest, contract.digest] })).toBe(true);
  await waiting.answer('recordConsent', consented(7, [lease, contract]));
  await waiting.answer('prepare', prepared(lease));
  await waiting.answer('verifyFinger');
  visit.enterPin(new Secret(new TextEncoder().encode(pinDigits)));
  loginEnds = [];
  await waiting.answer('sign', Uint8Array.of(1));
  await waiting.answer('check', staged);
  await waiting.answer('save', result(12));
  expect(visit.message().state).toMatchObject({ screen: 'signing', step: 'preparing', document: contract, place: { place: 2, of: 2 } });
  await waiting.answer('prepare', prepared(contract));
  expect(waiting.asked.at(-1)?.input).toMatchObject({ pin: undefined, prepared: { document: { view: contract } } });
  expect(loginEnds).toEqual([]);
  await waiting.answer('sign', Uint8Array.of(2));
  expect(loginEnds).toEqual(['signing']);
  await waiting.answer('check', staged);
  await waiting.answer('save', result(13));
  const earlier = [{ document: lease, ...result(12) }];
  expect(visit.message().state).toEqual({ screen: 'signed', document: contract, ...result(13), earlier });
});

it('the card leaves between two documents: the login ends at once, and the page says which were signed', async () => {
  visit.inboxChanged({ documents: [contract, lease], refused: [] });
  visit.tokensChanged([ada]);
  await waiting.answer('readToken', { pin, keys: [firstKey] });
  visit.act({ type: 'choose-documents', documentIds: [lease.id, contract.id] });
  for (const view of [lease, contract]) {
    await waiting.answer('openDocument', open(view));
    visit.act({ type: 'reviewed' });
  }
  visit.act({ type: 'consent', digests: [lease.digest, contract.digest] });
  await waiting.answer('recordConsent', consented(7, [lease, contract]));
  await waiting.answer('prepare', prepared(lease));
  await waiting.answer('verifyFinger');
  visit.enterPin(new Secret(new TextEncoder().encode(pinDigits)));
  await waiting.answer('sign', Uint8Array.of(1));
  loginEnds = [];
  visit.tokensChanged([]);
  expect(loginEnds).toEqual(['signing']);
  await waiting.answer('check', staged);
  await waiting.answer('save', result(12));
  expect(waiting.recorded).toMatchObject([{ problem: { code: 'token-removed' }, intents: [{ entry: 8 }], tokenGone: true }]);
  await waiting.problemRecorded();
  expect(visit.message().state).toMatchObject({
    trouble: 'card-removed',
    outcome: 'partly-signed',
    tally: { signed: [{ document: lease, entry: 12 }], notSigned: [contract] },
  });
});

it('no more documents than a visit may sign, none twice, and none at all are not taken', async () => {
  const [third, fourth] = ['3', '4'].map((digit) => ({ ...lease, id: `doc-${digit}` }));
  const documents = [contract, lease, third, fourth].flatMap((one) => one ?? []);
  visit.inboxChanged({ documents, refused: [] });
  visit.tokensChanged([ada]);
  await waiting.answer('readToken', { pin, keys: [firstKey] });
  expect(visit.message().state).toMatchObject({ screen: 'choose-document', most: 3 });
  const ids = documents.map(({ id }) => id);
  for (const documentIds of [ids, [contract.id, contract.id], []]) expect(visit.act({ type: 'choose-documents', documentIds })).toBe(false);
  expect(visit.act({ type: 'choose-documents', documentIds: ids.slice(0, 3) })).toBe(true);
});
