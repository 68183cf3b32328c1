/**
 * What an agent does at start about visits that the one before it did not finish. Nothing is signed again: open intents get the outcome that the
 * log allows, staged documents are published when the log says `sign.done` and thrown away when it does not.
 */
import type { Outbox } from '../documents/outbox.ts';
import type { OpenIntent } from '../log/reconcile.ts';
import type { Recorder } from './recorder.ts';

export interface Recovered {
  /** Operations whose outcome nobody can know. */
  readonly unknown: readonly string[];
  readonly failed: readonly string[];
  readonly published: readonly string[];
  /** Operations whose signed document still waits because the outbox does not take it. */
  readonly waiting: readonly string[];
}

const station = { id: 'station', role: 'station' } as const;

/** Closes open intents, then tidies the staging folder. `done` maps an operation to the output digest of its `sign.done` entry. */
export async function recover(
  intents: readonly OpenIntent[],
  done: ReadonlyMap<string, string>,
  recorder: Recorder,
  outbox: Outbox,
): Promise<Recovered> {
  const unknown: string[] = [];
  const failed: string[] = [];
  for (const { seq, operation, tokenMayHaveSigned } of intents) {
    const base = { operation, actor: station, intent: seq } as const;
    if (tokenMayHaveSigned) {
      await recorder.record({ ...base, op: 'sign.outcome-unknown', problem: 'outcome-unknown' });
      unknown.push(operation);
    } else {
      await recorder.record({ ...base, op: 'sign.failed', problem: 'fault' });
      failed.push(operation);
    }
  }
  const published: string[] = [];
  const waiting: string[] = [];
  for (const { operation, digest } of await outbox.pending()) {
    if (done.get(operation) !== digest) {
      await outbox.discard(operation);
      continue;
    }
    const name = await outbox.publish(operation).catch(() => undefined);
    (name === undefined ? waiting : published).push(operation);
  }
  return { unknown, failed, published, waiting };
}
