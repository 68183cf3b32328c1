/** Pulling the token is the universal cancel: what it does in each state, and what the log is asked to say. */
import { expect, it } from 'vitest';
import type { ProblemCode } from '../../../agent/contract/problems.ts';
import { signingMachine } from '../../../agent/signing/machine.ts';
import { LiveMachine, type Place } from '../../support/signing/live-machine.ts';
import { ada, consented, firstKey, grace, pin, result, staged } from '../../support/signing/visit-facts.ts';

const out = { type: 'tokens', tokens: [] } as const;

/** State; the state after the token left; the problem that is recorded; whether an intent is open then. */
const table: readonly (readonly [Place, Place, ProblemCode | undefined, boolean])[] = [
  ['start', 'start', undefined, false],
  ['insertToken', 'insertToken', undefined, false],
  ['readingToken', 'abandoning', 'token-removed', false],
  ['choosingCertificate', 'abandoning', 'token-removed', false],
  ['choosingDocument', 'abandoning', 'token-removed', false],
  ['openingDocument', 'abandoning', 'token-removed', false],
  ['reviewing', 'abandoning', 'token-removed', false],
  ['confirming', 'abandoning', 'token-removed', false],
  ['recordingConsent', 'recordingConsent', undefined, false],
  ['preparing', 'abandoning', 'token-removed', true],
  ['waitingForFinger', 'abandoning', 'token-removed', true],
  ['takingVouch', 'takingVouch', undefined, true],
  ['enteringPin', 'abandoning', 'token-removed', true],
  ['signing', 'signing', undefined, true],
  ['checking', 'checking', undefined, true],
  ['saving', 'saving', undefined, true],
  ['signed', 'signedTokenOut', undefined, false],
  ['takingToken', 'leaving', undefined, false],
  ['leaving', 'leaving', undefined, false],
];

it.each(table)('token pulled in %s: next is %s', async (from, to, problem, open) => {
  const visit = await new LiveMachine().walkTo(from);
  visit.send(out);
  expect(visit.name()).toBe(to);
  expect(visit.recorded.map(({ problem: { code } }) => code)).toEqual(problem === undefined ? [] : [problem]);
  expect(visit.snapshot.context.intents.length > 0).toBe(open);
  if (problem === undefined) return;
  expect(visit.recorded[0]).toMatchObject({ tokenGone: true, operation: 'op-1' });
  expect(visit.waiting()).toEqual(['recordProblem']);
  await visit.problemRecorded();
  expect(visit.screen).toMatchObject({
    screen: 'trouble',
    trouble: 'card-removed',
    outcome: 'nothing-signed',
    entry: 40,
    canContinue: true,
  });
  expect(visit.snapshot.context.intents).toEqual([]);
  visit.send({ type: 'continue' });
  expect(visit.name()).toBe('start');
});

it('the table names every state that a visit rests in', () => {
  const special: readonly Place[] = [
    'twoTokens',
    // No token takes part there (verifying.test.ts).
    'verifying',
    'beforePin',
    'lastTry',
    'signedTokenOut',
    'abandoning',
    'failing',
    'trouble',
    'outOfService',
  ];
  const all = Object.keys(signingMachine.config.states?.['visit']?.states ?? {});
  expect([...table.map(([from]) => from), ...special].sort()).toEqual(all.sort());
});

it('token pulled on the page before the last try: the intent ends', async () => {
  const visit = await new LiveMachine().walkTo('lastTry', { pin: { ...pin, state: 'last-try', triesLeft: 1 }, keys: [firstKey] });
  visit.send(out);
  expect(visit.recorded).toMatchObject([
    { problem: { code: 'token-removed' }, intents: [{ entry: 7 }], fingerMatched: true, tokenGone: true },
  ]);
});

it('token pulled while the consent is being recorded: the reader is never asked, and the intent ends', async () => {
  const visit = await new LiveMachine().walkTo('recordingConsent');
  visit.send(out);
  await visit.answer('recordConsent', consented(7));
  expect(visit.name()).toBe('abandoning');
  expect(visit.recorded).toMatchObject([{ problem: { code: 'token-removed' }, intents: [{ entry: 7 }], tokenGone: true }]);
  expect(visit.asked.some(({ actor }) => actor === 'verifyFinger')).toBe(false);
});

it('token pulled while it signs: what the driver says counts, and only that', async () => {
  for (const code of ['outcome-unknown', 'token-removed'] as const) {
    const visit = await new LiveMachine().walkTo('signing');
    visit.send(out);
    await visit.refuse('sign', code);
    expect(visit.recorded).toMatchObject([{ problem: { code }, intents: [{ entry: 7 }], fingerMatched: true, tokenGone: true }]);
    await visit.problemRecorded();
    const outcome = code === 'outcome-unknown' ? 'outcome-unknown' : 'nothing-signed';
    expect(visit.screen).toMatchObject({ screen: 'trouble', outcome });
    expect(visit.recorded).toHaveLength(1);
  }
});

it('token pulled while it signs, and the signature came all the same: it is signed, and the log says that the token left', async () => {
  const visit = await new LiveMachine().walkTo('signing');
  visit.send(out);
  await visit.answer('sign', Uint8Array.of(1));
  await visit.answer('check', staged);
  await visit.answer('save', result(12));
  expect(visit.screen).toMatchObject({ screen: 'signed', entry: 12 });
  expect(visit.waiting()).toEqual(['recordTokenOut']);
  await visit.answer('recordTokenOut');
  expect(visit.screen).toMatchObject({ screen: 'signed', entry: 12 });
  visit.clock.increment(15_000);
  expect(visit.name()).toBe('start');
  expect(visit.recorded).toEqual([]);
});

it('token pulled on the page of a wrong PIN: the intent ends once, and the token is said to have left once', async () => {
  const visit = await new LiveMachine().walkTo('signing');
  visit.send(out);
  await visit.refuse('sign', 'pin-wrong');
  await visit.problemRecorded();
  await visit.problemRecorded();
  expect(visit.recorded.map(({ problem: { code }, intents, tokenGone }) => [code, intents[0]?.entry, tokenGone])).toEqual([
    ['pin-wrong', 7, true],
    ['token-removed', 7, false],
  ]);
  expect(visit.screen).toMatchObject({ screen: 'trouble', problem: 'token-removed' });
});

it('token pulled on a page of trouble whose intent has ended: only that it left is recorded', async () => {
  const visit = await new LiveMachine().walkTo('signing');
  await visit.refuse('sign', 'pin-locked');
  await visit.problemRecorded();
  expect(visit.name()).toBe('trouble');
  visit.send(out);
  expect(visit.name()).toBe('leaving');
  await visit.answer('recordTokenOut');
  expect(visit.name()).toBe('start');
  expect(visit.recorded).toHaveLength(1);
});

it('another token in its place is no token of this visit', async () => {
  const visit = await new LiveMachine().walkTo('enteringPin');
  visit.send({ type: 'tokens', tokens: [grace] });
  expect(visit.recorded).toMatchObject([{ problem: { code: 'token-removed' } }]);
});

it('a second token beside it does not end the visit', async () => {
  const visit = await new LiveMachine().walkTo('enteringPin');
  visit.send({ type: 'tokens', tokens: [grace, ada] });
  expect(visit.name()).toBe('enteringPin');
});

it('two tokens at the start: none is read, and one must be taken out', () => {
  const visit = new LiveMachine();
  visit.send({ type: 'tokens', tokens: [ada, grace] });
  expect(visit.screen).toMatchObject({ screen: 'trouble', trouble: 'two-cards', canContinue: false });
  expect(visit.waiting()).toEqual(['recordTwoTokens']);
  visit.send({ type: 'tokens', tokens: [grace] });
  expect(visit.name()).toBe('readingToken');
  expect(visit.snapshot.context.tokenId).toBe(grace.id);
});

it('an answer that comes after the visit has moved on changes nothing', async () => {
  const visit = await new LiveMachine().walkTo('waitingForFinger');
  const late = visit.asked.find(({ actor }) => actor === 'verifyFinger');
  visit.send({ type: 'cancel' });
  expect(late?.signal.aborted).toBe(true);
  late?.resolve(undefined);
  await visit.problemRecorded();
  expect(visit.screen).toEqual({ screen: 'take-card', outcome: 'nothing-signed' });
  expect(visit.snapshot.context.fingerMatched).toBe(false);
});
