/**
 * What an agent does at start about visits that the one before it did not finish. Nothing is signed again: open intents get the outcome that the
 * log allows, staged documents are published when the log says `sign.done` and thrown away when it does not, and the originals of those that are
 * signed leave the inbox, so that nobody is asked to sign them again.
 */
import type { Originals } from '../documents/originals.ts';
import type { Outbox } from '../documents/outbox.ts';
import { mayComeFrom } from '../documents/output-format.ts';
import type { AppendableEvent } from '../log/events.ts';
import { signatureName, signedDocuments, type OpenIntent, type SignedDocument } from '../log/reconcile.ts';
import type { LogStore } from '../log/store.ts';
import type { Recorder } from './recorder.ts';

export interface Recovered {
  /** Signatures (by `signatureName`) whose outcome nobody can know. */
  readonly unknown: readonly string[];
  readonly failed: readonly string[];
  readonly published: readonly string[];
  /** Those whose signed document still waits because the outbox does not take it. */
  readonly waiting: readonly string[];
}

const station = { id: 'station', role: 'station' } as const;

/** What the log tells of the signatures of some operations, by `signatureName`. */
export type SignedIn = (operations: ReadonlySet<string>) => Promise<ReadonlyMap<string, SignedDocument>>;

/** Asks a log. Throws LogUnavailable when it cannot be read. */
export function signedIn(log: Pick<LogStore, 'scan'>): SignedIn {
  return (operations) => signedDocuments((query) => log.scan(query), operations);
}

/**
 * Closes open intents, then tidies the staging folder: the log is asked for `sign.done`, and the inbox searched, only for what is left there.
 */
export async function recover(
  intents: readonly OpenIntent[],
  signed: SignedIn,
  recorder: Recorder,
  { outbox, originals }: { readonly outbox: Outbox; readonly originals: Originals },
): Promise<Recovered> {
  const unknown: string[] = [];
  const failed: string[] = [];
  // One commit for each visit: after half of its ends, what the others say of the token would be lost.
  for (const operation of new Set(intents.map((intent) => intent.operation))) {
    const ends = intents
      .filter((intent) => intent.operation === operation)
      .map(({ seq, tokenMayHaveSigned }): AppendableEvent => {
        (tokenMayHaveSigned ? unknown : failed).push(signatureName(operation, seq));
        const base = { operation, actor: station, intent: seq } as const;
        return tokenMayHaveSigned
          ? { ...base, op: 'sign.outcome-unknown', problem: 'outcome-unknown' }
          : { ...base, op: 'sign.failed', problem: 'fault' };
      });
    await recorder.recordAll(ends);
  }
  const published: string[] = [];
  const waiting: string[] = [];
  const pending = await outbox.pending();
  const done = await signed(new Set(pending.map(({ operation }) => operation.split('.')[0] ?? '')));
  for (const { operation: signature, fileName, digest } of pending) {
    const found = done.get(signature) ?? onlyOneOf(done, signature);
    if (found === undefined || (digest !== undefined && digest !== found.outputSha256)) {
      await outbox.discard(signature);
      continue;
    }
    let isOut = true;
    if (digest !== undefined) {
      isOut = await outbox.publish(signature).then(
        () => true,
        () => false,
      );
      (isOut ? published : waiting).push(signature);
    }
    const isKept = await originals.fetch(signature, { digest: found.documentSha256, size: found.documentSize }, (name) =>
      mayComeFrom(name, fileName),
    );
    if (isOut && isKept) await outbox.discard(signature);
  }
  return { unknown, failed, published, waiting };
}

/** An agent that knew no visits with several documents staged under the operation alone: what lies there is the one signature of that visit. */
function onlyOneOf(done: ReadonlyMap<string, SignedDocument>, operation: string): SignedDocument | undefined {
  const [only, ...others] = [...done].filter(([name]) => name.startsWith(`${operation}.`));
  return others.length === 0 ? only?.[1] : undefined;
}
