import { expect, it } from 'vitest';
import type { LogEntry } from '../../../agent/log/entry.ts';
import type { AppendableEvent } from '../../../agent/log/events.ts';
import { openIntents, signatureName, signedDocuments } from '../../../agent/log/reconcile.ts';
import { holder, sha256, signing, signingSeveral } from '../../support/log/station-log.ts';

const entries = (...events: readonly AppendableEvent[]): readonly LogEntry[] =>
  events.map((event, seq) => ({
    seq,
    leaf: sha256('0'),
    prev: sha256('0'),
    origin: 'a/e1',
    at: { time: '2026-01-01T00:00:00.000Z', boot: 'b0', mono: seq },
    station: { software: 'countersign', config: sha256('0') },
    event,
  }));
const [consent, intent, finger, done] = signing('op-1', 'a', 1) as [AppendableEvent, AppendableEvent, AppendableEvent, AppendableEvent];
const open = (...events: readonly AppendableEvent[]) =>
  openIntents(entries(...events)).map(({ seq, tokenMayHaveSigned }) => [seq, tokenMayHaveSigned]);

it('a signature that was begun and not ended before a finger matched: the token was not asked', () => {
  expect(open(consent, intent)).toEqual([[1, false]]);
  expect(openIntents(entries(consent, intent))).toMatchObject([{ operation: 'op-1', documentSha256: sha256('a') }]);
});

it('after a finger matched, the token may have signed', () => {
  expect(open(consent, intent, finger)).toEqual([[1, true]]);
  expect(open(consent, finger, { ...intent })).toEqual([[2, true]]);
});

it('a finger of another operation or consent changes nothing', () => {
  expect(open(consent, intent, { ...finger, operation: 'op-2' })).toEqual([[1, false]]);
  const other = signing('op-1', 'b', 1)[2];
  if (other === undefined) throw new Error('no finger');
  expect(open(consent, intent, other)).toEqual([[1, false]]);
});

it('a signature that was made, failed, or whose outcome is unknown is not open', () => {
  const problem = { operation: 'op-1', actor: holder, intent: 1 } as const;
  expect(open(consent, intent, finger, done)).toEqual([]);
  expect(open(consent, intent, { ...problem, op: 'sign.failed', problem: 'cancelled' })).toEqual([]);
  expect(open(consent, intent, finger, { ...problem, op: 'sign.outcome-unknown', problem: 'outcome-unknown' })).toEqual([]);
});

it('a failure that names no intent, or another one, ends nothing', () => {
  const problem = { operation: 'op-1', actor: holder, op: 'sign.failed', problem: 'cancelled' } as const;
  expect(open(consent, intent, problem, { ...problem, intent: 0 })).toEqual([[1, false]]);
});

it('of several documents under one consent the token may have been asked about the first that is open, and certainly not about those after it', () => {
  const { consent: agreed, intents, finger: matched, dones } = signingSeveral('op-1', ['a', 'b', 'd'], 0);
  expect(open(agreed, ...intents)).toEqual([1, 2, 3].map((seq) => [seq, false]));
  const later = [
    [2, false],
    [3, false],
  ];
  expect(open(agreed, ...intents, matched)).toEqual([[1, true], ...later]);
  expect(open(agreed, ...intents, matched, ...dones.slice(0, 1))).toEqual([[2, true], later[1]]);
  expect(open(agreed, ...intents, matched, ...dones)).toEqual([]);
});

it('each signature of a visit has a name of its own', () => {
  const { consent: agreed, intents, finger: matched, dones } = signingSeveral('op-1', ['a', 'b'], 0);
  const signed = signedDocuments(entries(agreed, ...intents, matched, ...dones));
  expect([...signed.keys()]).toEqual([signatureName('op-1', 1), signatureName('op-1', 2)]);
  expect([...signed.values()].map(({ documentSha256 }) => documentSha256)).toEqual([sha256('a'), sha256('b')]);
});
