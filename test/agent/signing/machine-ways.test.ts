/** The shape of the signing machine: every way into a state, read from its definition. No order of events can take a way that is not there. */
import { expect, it } from 'vitest';
import { type AnyStateMachine } from 'xstate';
import { guards } from '../../../agent/signing/guards.ts';
import { signingMachine } from '../../../agent/signing/machine.ts';
import { intent, prepared, visitContext } from '../../support/signing/visit-facts.ts';
import { brokenMachine } from '../../support/signing/broken-machine.ts';
import { actorOf, ways, waysInto } from '../../support/signing/ways.ts';

/** Every way into each step from consent to "signed", and the actor that the step asks. */
function theWay(machine: AnyStateMachine): Record<string, readonly string[]> {
  const steps = [
    'confirming',
    'recordingConsent',
    'preparing',
    'waitingForFinger',
    'takingVouch',
    'beforePin',
    'lastTry',
    'enteringPin',
    'signing',
    'checking',
    'saving',
    'signed',
  ];
  return Object.fromEntries(steps.map((step) => [`${step} (${actorOf(machine, step) ?? 'nobody'})`, waysInto(machine, step)]));
}

const onlyWay = {
  'confirming (nobody)': ['reviewing: reviewed'],
  'recordingConsent (recordConsent)': ['confirming: consent if digestsAreShown'],
  'preparing (prepare)': ['recordingConsent: done', 'saving: done if moreToSign'],
  'waitingForFinger (verifyFinger)': ['preparing: done', 'trouble.open: continue if fingerAgain'],
  'takingVouch (takeVouch)': ['preparing: done if vouchNamed'],
  'beforePin (nobody)': ['takingVouch: done', 'trouble.open: continue if pinAgain', 'waitingForFinger: done'],
  'lastTry (nobody)': ['beforePin: at once if lastTry'],
  'enteringPin (nobody)': ['beforePin: at once', 'lastTry: continue'],
  'signing (sign)': [
    'beforePin: at once if padOnReader',
    'enteringPin: pin',
    'lastTry: continue if padOnReader',
    'preparing: done if fingerMatched',
  ],
  'checking (check)': ['signing: done'],
  'saving (save)': ['checking: done'],
  'signed (nobody)': ['saving: done'],
};

it('"signed" is reached only through consent recorded, finger verified or vouch taken, and for each document signature made, output checked, sign.done committed', () => {
  expect(theWay(signingMachine)).toEqual(onlyWay);
  expect(waysInto(signingMachine, 'signedTokenOut')).toEqual(['signed: at once if tokenGone']);
});

it('only saving asks for sign.done, only signing asks the token to sign, only waiting for the finger asks the reader', () => {
  const asking = (actor: string) => ways(signingMachine).states.filter((state) => actorOf(signingMachine, state) === actor);
  expect(asking('prepare')).toEqual(['preparing']);
  expect(asking('save')).toEqual(['saving']);
  expect(asking('check')).toEqual(['checking']);
  expect(asking('sign')).toEqual(['signing']);
  expect(asking('verifyFinger')).toEqual(['waitingForFinger']);
  expect(asking('takeVouch')).toEqual(['takingVouch']);
  expect(asking('recordConsent')).toEqual(['recordingConsent']);
});

it('taking a vouch, signing, checking and saving are left by the answer of their actor alone, whatever happens to the token', () => {
  for (const state of ['recordingConsent', 'takingVouch', 'signing', 'checking', 'saving']) {
    const inside = (name: string): boolean => name === state || name.startsWith(`${state}.`);
    const out = ways(signingMachine).edges.filter(({ from, to }) => inside(from) && !inside(to));
    expect([...new Set(out.map(({ event }) => event))].sort(), state).toEqual(['done', 'error']);
  }
});

it('nothing that happens at the pad of a reader asks the token for another signature', () => {
  const again = ways(signingMachine).edges.filter(({ from, to }) => from.startsWith('signing') && to === 'signing');
  expect(again).toEqual([]);
});

it('every state that asks somebody has a way for the answer and one for the refusal', () => {
  const { states, edges } = ways(signingMachine);
  for (const state of states.filter((name) => actorOf(signingMachine, name) !== undefined)) {
    const events = new Set(edges.filter(({ from }) => from === state).map(({ event }) => event));
    // Two tokens: what is waited for is that one is taken out. Files to check: a person chooses one, and the list only grows or shrinks beside.
    const stays = state === 'twoTokens' || state === 'verifying.choosing';
    expect([...events], state).toEqual(expect.arrayContaining(stays ? ['error'] : ['done', 'error']));
  }
});

it('out of service is left by nothing but a new start of the agent, and a log that was opened again', () => {
  const out = ways(signingMachine).edges.filter(({ from }) => from === 'outOfService');
  expect(out.map(({ event, to }) => `${event}: ${to}`)).toEqual(['log-mended: start', 'log-mended: trouble', 'log-mended: takingToken']);
});

it('a PIN is asked for again only with an open intent and a finger that matched', () => {
  const wrong = { problem: { code: 'pin-wrong' } } as const;
  expect(guards.pinAgain({ context: visitContext({ ...wrong, intents: [intent(2)], prepared: prepared(), fingerMatched: true }) })).toBe(
    true,
  );
  expect(guards.pinAgain({ context: visitContext({ ...wrong, intents: [intent(2)], prepared: prepared() }) })).toBe(false);
  expect(guards.pinAgain({ context: visitContext({ ...wrong, fingerMatched: true }) })).toBe(false);
  expect(guards.fingerAgain({ context: visitContext({ problem: { code: 'not-matched' } }) })).toBe(false);
});

it.each([
  ['a check that is skipped', 'signing', { done: 'saving' }],
  ['a signature that is shown before it is in the log', 'checking', { done: 'signed' }],
  ['a log that fails and is passed over', 'saving', { error: 'signed' }],
  ['a PIN without a finger', 'waitingForFinger', { error: 'beforePin' }],
  ['a vouch that is not in the log', 'takingVouch', { error: 'beforePin' }],
  ['a vouch without a consent that names it', 'confirming', { consent: 'takingVouch' }],
  ['a finger without a consent in the log', 'confirming', { consent: 'waitingForFinger' }],
  ['a holder who signs without a PIN', 'enteringPin', { continue: 'signing' }],
  ['a document that is agreed to and was not shown', 'openingDocument', { done: 'confirming' }],
] as const)('a machine with %s has another shape', (_name, state, changed) => {
  expect(theWay(brokenMachine({ [state]: changed }))).not.toEqual(onlyWay);
});
