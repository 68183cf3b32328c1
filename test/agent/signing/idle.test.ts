/** Time without a touch: the question, the countdown, and the end of the visit, on a clock that the test turns. */
import { describe, expect, it } from 'vitest';
import { LiveMachine, type Place } from '../../support/signing/live-machine.ts';
import { limits } from '../../support/signing/visit-facts.ts';

const { idleMs, idleWarningSeconds } = limits;
const hour = 3_600_000;

const secondsLeft = (visit: LiveMachine): number => visit.snapshot.context.idleSecondsLeft;

/** States in which a person is expected to act, and where the visit goes when nobody does. */
const waiting: readonly (readonly [Place, Place])[] = [
  ['insertToken', 'start'],
  ['choosingCertificate', 'abandoning'],
  ['choosingDocument', 'abandoning'],
  ['reviewing', 'abandoning'],
  ['confirming', 'abandoning'],
  ['enteringPin', 'abandoning'],
  ['signed', 'takingToken'],
];

describe.each(waiting)('nobody touches the screen in %s', (from, to) => {
  it('is asked after the idle time, sees every second pass, and the visit ends by itself', async () => {
    const visit = await new LiveMachine().walkTo(from);
    visit.pass(idleMs - 1);
    expect(secondsLeft(visit)).toBe(0);
    visit.pass(1);
    const seen = [secondsLeft(visit)];
    for (let second = 1; second < idleWarningSeconds; second += 1) {
      visit.pass(1000);
      seen.push(secondsLeft(visit));
      expect(visit.name()).toBe(from);
    }
    expect(seen).toEqual([3, 2, 1]);
    visit.pass(1000);
    expect(visit.name()).toBe(to);
    expect(secondsLeft(visit)).toBe(0);
    expect(visit.recorded.map(({ problem }) => problem)).toEqual(to === 'abandoning' ? [{ code: 'idle-timeout' }] : []);
  });

  it('a touch takes the question away, and the time begins anew', async () => {
    const visit = await new LiveMachine().walkTo(from);
    visit.pass(idleMs - 1);
    visit.send({ type: 'alive' });
    visit.pass(idleMs - 1);
    expect(secondsLeft(visit)).toBe(0);
    visit.pass(1);
    expect(secondsLeft(visit)).toBe(3);
    visit.send({ type: 'alive' });
    expect(secondsLeft(visit)).toBe(0);
    visit.pass(idleMs - 1);
    expect([visit.name(), secondsLeft(visit)]).toEqual([from, 0]);
  });
});

it.each<Place>([
  'start',
  'readingToken',
  'openingDocument',
  'recordingConsent',
  'waitingForFinger',
  'signing',
  'checking',
  'saving',
  'takingToken',
])('in %s nobody is asked anything, however long it takes', async (place) => {
  const visit = await new LiveMachine().walkTo(place);
  for (let minutes = 0; minutes < 60; minutes += 1) visit.pass(hour / 60);
  expect([visit.name(), secondsLeft(visit)]).toEqual([place, 0]);
  expect(visit.recorded).toEqual([]);
});

it('the time begins when a person is asked, not while a device was at work', async () => {
  const visit = await new LiveMachine().walkTo('waitingForFinger');
  visit.pass(idleMs - 1000);
  await visit.answer('verifyFinger');
  expect(visit.name()).toBe('enteringPin');
  visit.pass(idleMs - 1);
  expect(secondsLeft(visit)).toBe(0);
  visit.pass(1);
  expect(secondsLeft(visit)).toBe(3);
});

it('a device that begins to work takes the question away', async () => {
  const visit = await new LiveMachine().walkTo('enteringPin');
  visit.pass(idleMs + 1000);
  expect(secondsLeft(visit)).toBe(2);
  visit.typePin();
  expect([visit.name(), secondsLeft(visit)]).toEqual(['signing', 0]);
  visit.pass(hour);
  expect(visit.name()).toBe('signing');
});

it('more time doubles the idle time, at most eightfold, and the next visit has the usual one again', async () => {
  const visit = await new LiveMachine().walkTo('reviewing');
  for (const factor of [2, 4, 8, 8]) {
    visit.send({ type: 'more-time' });
    visit.pass(idleMs * factor - 1);
    expect(secondsLeft(visit)).toBe(0);
    visit.pass(1);
    expect(secondsLeft(visit)).toBe(3);
  }
  visit.send({ type: 'tokens', tokens: [] });
  await visit.problemRecorded();
  visit.send({ type: 'continue' });
  visit.send({ type: 'begin' });
  visit.pass(idleMs);
  expect([visit.name(), secondsLeft(visit)]).toEqual(['insertToken', 3]);
});

it('the visit that ended by itself asks for the token back', async () => {
  const visit = await new LiveMachine().walkTo('confirming');
  visit.pass(idleMs);
  visit.pass(1000 * idleWarningSeconds);
  await visit.problemRecorded();
  expect(visit.screen).toEqual({ screen: 'take-card', outcome: 'nothing-signed' });
});

it('on a page of trouble with an open intent the end of time closes the intent', async () => {
  const visit = await new LiveMachine().walkTo('signing');
  await visit.refuse('sign', 'pin-wrong');
  await visit.problemRecorded();
  visit.pass(idleMs);
  visit.pass(1000 * idleWarningSeconds);
  expect(visit.recorded.at(-1)).toMatchObject({ problem: { code: 'idle-timeout' }, intents: [{ entry: 7 }] });
});

it('a page of trouble without a token makes room by itself', async () => {
  const visit = await new LiveMachine().walkTo('reviewing');
  visit.send({ type: 'tokens', tokens: [] });
  await visit.problemRecorded();
  visit.pass(limits.lingerMs - 1);
  expect(visit.name()).toBe('trouble');
  visit.pass(1);
  expect(visit.name()).toBe('start');
});

it('out of service stays out of service', () => {
  const visit = new LiveMachine();
  visit.send({ type: 'fault' });
  visit.pass(hour);
  expect(visit.screen).toMatchObject({ screen: 'trouble', problem: 'fault', trouble: 'out-of-service', canContinue: false });
});
