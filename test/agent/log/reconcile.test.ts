import { expect, it } from 'vitest';
import type { LogEntry } from '../../../agent/log/entry.ts';
import type { AppendableEvent } from '../../../agent/log/events.ts';
import { openIntents, signatureName, signedDocuments } from '../../../agent/log/reconcile.ts';
import { holder, numbered, sha256, signing, signingSeveral } from '../../support/log/station-log.ts';

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

async function* scanned(found: readonly LogEntry[], op: readonly string[]): AsyncGenerator<LogEntry> {
  for (const entry of found) if (op.includes(entry.event.op)) yield await Promise.resolve(entry);
}
const signedIn = (found: readonly LogEntry[], ...operations: readonly string[]) =>
  signedDocuments(({ op }) => scanned(found, op), new Set(operations));

it('each signature of a visit has a name of its own', async () => {
  const { consent: agreed, intents, finger: matched, dones } = signingSeveral('op-1', ['a', 'b'], 0);
  const signed = await signedIn(entries(agreed, ...intents, matched, ...dones), 'op-1');
  expect([...signed.keys()]).toEqual([signatureName('op-1', 1), signatureName('op-1', 2)]);
  expect([...signed.values()].map(({ documentSha256 }) => documentSha256)).toEqual([sha256('a'), sha256('b')]);
});

it('what was signed is told of the operations that are asked for, with the size of the document, and of no others', async () => {
  const other = signing('op-2', 'b', 5);
  const found = entries(
    numbered(12),
    consent,
    { ...intent },
    finger,
    { ...done, document_sha256: sha256('d') } as AppendableEvent,
    ...other,
  );
  expect([...(await signedIn(found, 'op-1')).values()]).toEqual([
    { outputSha256: sha256('e'), documentSha256: sha256('d'), documentSize: 12 },
  ]);
  expect([...(await signedIn(found, 'op-2')).values()].map(({ documentSize }) => documentSize)).toEqual([undefined]);
  expect((await signedIn(found, 'op-1', 'op-2')).size).toBe(2);
});

it('where nothing is asked for the log is not read', async () => {
  const never = () => {
    throw new Error('the log was read');
  };
  expect((await signedDocuments(never, new Set())).size).toBe(0);
  await expect(signedDocuments(never, new Set(['op-1']))).rejects.toThrow('the log was read');
});

it('after somebody vouched for the holder, the token may have signed', () => {
  const taken = { op: 'vouched', operation: 'op-1', actor: holder, vouch: 0, vouch_leaf: sha256('0'), public_key: '30' } as const;
  const agreed = finger.op === 'finger-matched' ? finger.consent_sha256 : '';
  expect(open(consent, intent, { ...taken, consent_sha256: agreed })).toEqual([[1, true]]);
  expect(open(consent, intent, { ...taken, consent_sha256: sha256('9') })).toEqual([[1, false]]);
});
