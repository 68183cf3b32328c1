/** Everything that can happen to the signing machine, in every order, down to the last state that can be met. */
import { beforeAll, describe, expect, it } from 'vitest';
import { signingMachine } from '../../../agent/signing/machine.ts';
import { brokenMachine, machineThatKeepsThePin } from '../../support/signing/broken-machine.ts';
import { explore, type Exploration } from '../../support/signing/explorer.ts';

/** Thousands of places are walked through; a machine that is busy with other things takes its time. */
const patienceMs = 300_000;

describe('whatever happens to a visit, in whatever order', () => {
  let found: Exploration;
  beforeAll(() => {
    found = explore(signingMachine);
  }, patienceMs);

  it('no rule is broken in any state', () => {
    expect(found.wrongs).toEqual([]);
  });

  it('there is always a way back to the start, or the station is out of service', () => {
    expect(found.deadEnds).toEqual([]);
  });

  it('every state was met, so that the rules were tried on all of them', () => {
    // `beforePin` decides at once and never rests.
    const all = Object.keys(signingMachine.config.states?.['visit']?.states ?? {}).filter((name) => name !== 'beforePin');
    expect(all.length).toBeGreaterThan(20);
    expect([...found.states].sort()).toEqual(all.sort());
    expect(found.places).toBeGreaterThan(1000);
  });
});

describe('the same walk finds what is wrong with a machine', { timeout: patienceMs }, () => {
  it.each([
    ['that signs without asking for a finger', 'preparing', { done: 'enteringPin' }, 'before a finger matched'],
    ['that takes a refused finger for a match', 'waitingForFinger', { error: 'beforePin' }, 'before a finger matched'],
    ['that goes on although the vouch was refused', 'takingVouch', { error: 'beforePin' }, 'before a finger matched'],
    ['that takes a vouch that nobody agreed to', 'waitingForFinger', { error: 'takingVouch' }, 'that the holder did not agree to'],
    ['that asks for a finger without a consent in the log', 'confirming', { consent: 'waitingForFinger' }, 'has no consent here'],
    ['that skips the check of the output', 'signing', { done: 'saving' }, 'broke|not checked|no staged output'],
    ['that says "signed" before the log does', 'checking', { done: 'signed' }, 'no result|sign.done'],
    ['that says "signed" although the log failed', 'saving', { error: 'signed' }, 'no result|sign.done'],
    ['that forgets the open intent when the holder cancels', 'enteringPin', { cancel: 'start' }, 'its intent did not'],
    ['that shows trouble before it stands in the log', 'signing', { error: 'trouble' }, 'agree on the open intent|offers to go on'],
    ['that asks the token for a second signature', 'checking', { error: 'enteringPin' }, 'what was not prepared'],
    ['that lets a document be agreed to that was not shown', 'openingDocument', { done: 'confirming' }, 'was not shown'],
    ['that says "signed" after the first of several', 'preparing', { done: 'signed' }, 'for each document|no result'],
    ['that goes on to the next document before the log has this one', 'checking', { done: 'preparing' }, 'without an intent in the log'],
    ['that does not say that the token left', 'takingToken', { always: 'start' }, 'does not say that the token left'],
  ] as const)('%s', (_name, state, changed, why) => {
    const { wrongs } = explore(brokenMachine({ [state]: changed }), 1);
    expect(wrongs.join()).toMatch(new RegExp(why));
  });

  it('that keeps the PIN in its memory', () => {
    expect(explore(machineThatKeepsThePin(), 1).wrongs.join()).toMatch(/holds a PIN/);
  });

  it('that leaves the holder on a page without a way out', () => {
    const { deadEnds } = explore(brokenMachine({ readingToken: { always: 'takingToken' }, takingToken: { always: 'takingToken' } }));
    expect(deadEnds.join()).toMatch(/takingToken/);
  });
});
