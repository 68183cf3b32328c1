/** What each refusal of a device, a document or the log leads to: the page, the sentence about the outcome, and the way on. */
import { describe, expect, it } from 'vitest';
import { problems, type ProblemCode } from '../../../agent/contract/problems.ts';
import { LiveMachine } from '../../support/signing/live-machine.ts';
import { consented, contract, firstKey, pin } from '../../support/signing/visit-facts.ts';

const codes = Object.keys(problems) as ProblemCode[];
const steps = [
  ['readingToken', 'readToken'],
  ['openingDocument', 'openDocument'],
  ['recordingConsent', 'recordConsent'],
  ['preparing', 'prepare'],
  ['waitingForFinger', 'verifyFinger'],
  ['takingVouch', 'takeVouch'],
  ['signing', 'sign'],
  ['checking', 'check'],
  ['saving', 'save'],
] as const;

/** After these the station itself cannot go on. */
const outOfService: readonly ProblemCode[] = ['log-unavailable', 'fault'];
const onOffer: Readonly<Record<string, readonly ProblemCode[]>> = {
  openingDocument: ['document-refused', 'document-changed'],
  recordingConsent: ['document-refused', 'document-changed'],
  preparing: ['document-refused', 'document-changed'],
  waitingForFinger: ['document-refused', 'document-changed', 'not-matched', 'touch-timeout', 'finger-paused'],
  takingVouch: ['document-refused', 'document-changed'],
  signing: [
    'document-refused',
    'document-changed',
    'not-matched',
    'touch-timeout',
    'finger-paused',
    'pin-wrong',
    'pin-length',
    'pin-timeout',
  ],
  checking: ['document-refused', 'document-changed'],
  saving: ['document-refused', 'document-changed'],
};

describe.each(steps)('refused in %s', (state, actor) => {
  // Pressing the red key of a reader while it asks for the PIN has a test of its own below.
  it.each(codes.filter((code) => state !== 'signing' || code !== 'cancelled'))('%s is recorded, then shown on its page', async (code) => {
    const visit = await new LiveMachine().walkTo(state);
    await visit.refuse(actor, code);
    expect(visit.screen).toBeUndefined();
    expect(visit.recorded.map(({ problem }) => problem.code)).toEqual([code]);
    await visit.problemRecorded();
    expect(visit.name()).toBe(outOfService.includes(code) ? 'outOfService' : 'trouble');
    const { screen, recover } = problems[code];
    const canContinue = (onOffer[state] ?? []).includes(code);
    expect(visit.screen).toMatchObject({ screen: 'trouble', problem: code, trouble: screen, recover, canContinue });
    expect(visit.snapshot.can({ type: 'continue' })).toBe(canContinue);
  });
});

it('a wrong finger: the same intent, another touch', async () => {
  const visit = await new LiveMachine().walkTo('waitingForFinger');
  await visit.refuse('verifyFinger', 'not-matched');
  await visit.problemRecorded();
  visit.send({ type: 'continue' });
  expect(visit.screen).toMatchObject({ screen: 'touch-reader', previous: 'not-matched' });
  expect(visit.asked.at(-1)?.input).toMatchObject({ consent: consented(7).consent });
});

it('a wrong PIN: the same intent and the same finger, and the last try is asked about first', async () => {
  const visit = await new LiveMachine().walkTo('enteringPin', { pin: { ...pin, triesLeft: 2 }, keys: [firstKey] });
  visit.typePin();
  await visit.refuse('sign', 'pin-wrong');
  expect(visit.snapshot.context.pin).toMatchObject({ state: 'unknown' });
  await visit.problemRecorded();
  visit.send({ type: 'continue' });
  expect(visit.screen).toMatchObject({ screen: 'enter-pin', pin: { previous: 'pin-wrong', lastTry: false } });
});

it('a PIN that is locked before it is asked for is never asked for', async () => {
  const visit = await new LiveMachine().walkTo('waitingForFinger', { pin: { ...pin, state: 'locked', triesLeft: 0 }, keys: [firstKey] });
  await visit.answer('verifyFinger');
  expect(visit.name()).toBe('failing');
  expect(visit.recorded).toMatchObject([{ problem: { code: 'pin-locked' }, intents: [{ entry: 7 }] }]);
});

it('a reader with its own pad is told to take the PIN there, and asks before the last try too', async () => {
  const pad = { ...pin, protectedPath: true };
  const visit = await new LiveMachine().walkTo('signing', { pin: pad, keys: [firstKey] });
  expect(visit.screen).toMatchObject({ screen: 'enter-pin', pin: { pad: 'reader' } });
  expect(visit.screen).not.toHaveProperty('pin.waiting');
  expect(visit.asked.at(-1)?.input).toMatchObject({ pin: undefined });
  const careful = await new LiveMachine().walkTo('lastTry', { pin: { ...pad, state: 'last-try' }, keys: [firstKey] });
  careful.send({ type: 'continue' });
  expect(careful.name()).toBe('signing');
});

describe('a reader with its own pad', () => {
  const atPad = (): Promise<LiveMachine> => new LiveMachine().walkTo('signing', { pin: { ...pin, protectedPath: true }, keys: [firstKey] });
  const waits = (time: 1 | 2, forMs: number) => ({ type: 'pad', moment: { doing: 'waiting', time, forMs } }) as const;

  it('counts the seconds for the screen, and ends nothing by itself', async () => {
    const visit = await atPad();
    visit.send(waits(1, 2500));
    const shown: unknown[] = [];
    for (let second = 0; second < 6; second++) {
      shown.push(visit.screen?.screen === 'enter-pin' ? visit.screen.pin.waiting : visit.screen);
      visit.pass(1000);
    }
    const secondsLeft = [3, 2, 1].map((left) => ({ time: 1, secondsLeft: left }));
    expect(shown).toEqual([...secondsLeft, { time: 1 }, { time: 1 }, { time: 1 }]);
    visit.pass(200_000);
    expect(visit.name()).toBe('signing');
    expect(visit.asked.filter(({ actor }) => actor === 'sign')).toHaveLength(1);
  });

  it('that asks once more is counted anew, and then the card signs', async () => {
    const visit = await atPad();
    visit.send(waits(1, 60_000));
    visit.pass(20_000);
    visit.send(waits(2, 60_000));
    expect(visit.screen).toMatchObject({ screen: 'enter-pin', pin: { waiting: { time: 2, secondsLeft: 60 } } });
    visit.pass(1000);
    expect(visit.screen).toMatchObject({ pin: { waiting: { secondsLeft: 59 } } });
    visit.send({ type: 'pad', moment: { doing: 'signing' } });
    expect(visit.screen).toMatchObject({ screen: 'signing', step: 'card-signing' });
    expect(visit.waiting()).toEqual(['sign']);
  });

  it('whose red key is pressed is a Cancel: recorded, and the card is asked for', async () => {
    const visit = await atPad();
    visit.send(waits(1, 60_000));
    await visit.refuse('sign', 'cancelled');
    expect(visit.recorded).toMatchObject([{ problem: { code: 'cancelled' }, intents: [{ entry: 7 }] }]);
    await visit.problemRecorded();
    expect(visit.screen).toEqual({ screen: 'take-card', outcome: 'nothing-signed' });
  });

  it('at which nobody typed may be tried again with the same intent and finger, and begins without the old countdown', async () => {
    const visit = await atPad();
    visit.send(waits(1, 1000));
    await visit.refuse('sign', 'pin-timeout');
    await visit.problemRecorded();
    expect(visit.screen).toMatchObject({ trouble: 'no-pin', problem: 'pin-timeout', outcome: 'nothing-signed', canContinue: true });
    visit.send({ type: 'continue' });
    expect(visit.screen).toMatchObject({ screen: 'enter-pin', pin: { pad: 'reader' } });
    expect(visit.screen).not.toHaveProperty('pin.waiting');
    expect(visit.asked.at(-1)?.input).toMatchObject({ prepared: { document: { view: contract } } });
  });

  it('cannot be told from the screen to stop: what it does is ended at the reader alone', async () => {
    const visit = await atPad();
    visit.send(waits(1, 60_000));
    for (const type of ['cancel', 'continue', 'back'] as const) expect(visit.snapshot.can({ type })).toBe(false);
  });
});

it('an outcome that nobody can know is never called "nothing was signed", even when it cannot be recorded', async () => {
  const unknown = await new LiveMachine().walkTo('signing');
  await unknown.refuse('sign', 'outcome-unknown');
  await unknown.refuse('recordProblem', 'log-unavailable');
  expect(unknown.screen).toMatchObject({ problem: 'log-unavailable', outcome: 'outcome-unknown' });
  const fault = await new LiveMachine().walkTo('signing');
  fault.send({ type: 'fault' });
  expect(fault.screen).toMatchObject({ problem: 'fault', outcome: 'outcome-unknown' });
  const early = await new LiveMachine().walkTo('waitingForFinger');
  early.send({ type: 'fault' });
  expect(early.screen).toMatchObject({ problem: 'fault', outcome: 'nothing-signed' });
});

it('a bug in an actor is a fault: recorded, and out of service', async () => {
  const visit = await new LiveMachine().walkTo('openingDocument');
  await visit.refuse('openDocument', new TypeError('undefined is not a function'));
  await visit.problemRecorded();
  expect(visit.screen).toMatchObject({ problem: 'fault', trouble: 'out-of-service', canContinue: false });
});

it('what the screen did not show is refused: another digest, another document, another certificate', async () => {
  const confirming = await new LiveMachine().walkTo('confirming');
  expect(confirming.snapshot.can({ type: 'consent', digests: ['0'.repeat(64)] })).toBe(false);
  const choosing = await new LiveMachine().walkTo('choosingDocument');
  expect(choosing.snapshot.can({ type: 'choose-documents', documentIds: ['doc-2'] })).toBe(false);
  const certificates = await new LiveMachine().walkTo('choosingCertificate');
  expect(certificates.snapshot.can({ type: 'choose-certificate', certificateSha256: '0'.repeat(64) })).toBe(false);
});
