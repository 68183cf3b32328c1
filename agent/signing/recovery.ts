/**
 * What an agent does at start about visits that the one before it did not finish. Nothing is signed again: open intents get the outcome that the
 * log allows, staged documents are published when the log says `sign.done` and thrown away when it does not, and the originals of those that are
 * signed leave the inbox, so that nobody is asked to sign them again.
 */
import type { Originals } from '../documents/originals.ts';
import { signedName, type Outbox } from '../documents/outbox.ts';
import type { OpenIntent, SignedDocument } from '../log/reconcile.ts';
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

/**
 * Closes open intents, then tidies the staging folder: the inbox is searched only for what is left there. `done` maps an operation to what the log
 * tells of its `sign.done`.
 */
export async function recover(
  intents: readonly OpenIntent[],
  done: ReadonlyMap<string, SignedDocument>,
  recorder: Recorder,
  { outbox, originals }: { readonly outbox: Outbox; readonly originals: Originals },
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
  for (const { operation, fileName, digest } of await outbox.pending()) {
    const signed = done.get(operation);
    if (signed === undefined || (digest !== undefined && digest !== signed.outputSha256)) {
      await outbox.discard(operation);
      continue;
    }
    let isOut = true;
    if (digest !== undefined) {
      isOut = await outbox.publish(operation).then(
        () => true,
        () => false,
      );
      (isOut ? published : waiting).push(operation);
    }
    const isKept = await originals.fetch(
      operation,
      { digest: signed.documentSha256, size: signed.documentSize },
      (name) => signedName(name) === fileName,
    );
    if (isOut && isKept) await outbox.discard(operation);
  }
  return { unknown, failed, published, waiting };
}
