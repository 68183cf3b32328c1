/** Finds what an agent that ended without warning left open. Pure: it reads entries and decides nothing that they do not say. */
import type { LogEntry } from './entry.ts';
import type { Op } from './events.ts';

/** The ops that `openIntents` looks at: enough to ask the store for. */
export const reconcileOps = [
  'sign.intent',
  'finger-matched',
  'vouched',
  'sign.done',
  'sign.failed',
  'sign.outcome-unknown',
] as const satisfies readonly Op[];

/** What the log tells of a document that was signed. */
export interface SignedDocument {
  readonly outputSha256: string;
  readonly documentSha256: string;
  /** Bytes of the document, as `document-in` tells. */
  readonly documentSize: number | undefined;
}

/** Name of one signature in the folders of the station: its operation, and the number of its `sign.intent` entry. */
export function signatureName(operation: string, intent: number): string {
  return `${operation}.${intent}`;
}

/** What was signed, by `signatureName`, from each `sign.done`. `entries` must be in log order; ops other than `document-in` and `sign.done` are passed over. */
export function signedDocuments(entries: Iterable<LogEntry>): ReadonlyMap<string, SignedDocument> {
  const sizes = new Map<string, number>();
  const signed = new Map<string, SignedDocument>();
  for (const { event } of entries) {
    if (event.op === 'document-in') sizes.set(event.document_sha256, event.size);
    if (event.op !== 'sign.done' || event.operation === undefined) continue;
    const { output_sha256: outputSha256, document_sha256: documentSha256 } = event;
    signed.set(signatureName(event.operation, event.intent), { outputSha256, documentSha256, documentSize: sizes.get(documentSha256) });
  }
  return signed;
}

/** A `sign.intent` that no later `sign.done`, `sign.failed` or `sign.outcome-unknown` names. */
export interface OpenIntent {
  /** Number of the `sign.intent` entry. */
  readonly seq: number;
  readonly operation: string;
  readonly documentSha256: string;
  readonly consentSha256: string;
  /**
   * True when `finger-matched` or `vouched` for the same operation and consent is in the log and no older intent of that consent is open: the token may have been
   * asked, and the outcome is unknown. False: it cannot have been asked, because that waits for these entries to be on the disk; nothing was signed.
   */
  readonly tokenMayHaveSigned: boolean;
}

/** The intents without an outcome, oldest first. `entries` must be in log order; ops other than `reconcileOps` are passed over. */
export function openIntents(entries: Iterable<LogEntry>): readonly OpenIntent[] {
  const open = new Map<number, Omit<OpenIntent, 'tokenMayHaveSigned'>>();
  // An intent may only follow its finger, or who vouched, by mistake; then too the token may have been asked.
  const matched = new Set<string>();
  for (const { seq, event } of entries) {
    const operation = event.operation ?? '';
    if (event.op === 'sign.intent') {
      const { document_sha256: documentSha256, consent_sha256: consentSha256 } = event;
      open.set(seq, { seq, operation, documentSha256, consentSha256 });
    } else if (event.op === 'finger-matched' || event.op === 'vouched') {
      matched.add(`${operation} ${event.consent_sha256}`);
    } else if (event.op === 'sign.done' || event.op === 'sign.failed' || event.op === 'sign.outcome-unknown') {
      if (event.intent !== undefined) open.delete(event.intent);
    }
  }
  // The documents of one consent are signed one after the other, each after `sign.done` of the one before.
  const older = new Set<string>();
  return [...open.values()].map((intent) => {
    const visit = `${intent.operation} ${intent.consentSha256}`;
    const tokenMayHaveSigned = matched.has(visit) && !older.has(visit);
    older.add(visit);
    return { ...intent, tokenMayHaveSigned };
  });
}
