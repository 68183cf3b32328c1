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

/** Gives the entries of some ops, oldest first, as often as it is asked; see `LogStore.scan`. */
export type Scan = (query: { readonly op: readonly Op[] }) => AsyncIterable<LogEntry>;

/** What was signed in some operations, by `signatureName`, from each `sign.done`. Nothing is held of others; where none is asked for, nothing is read. */
export async function signedDocuments(scan: Scan, operations: ReadonlySet<string>): Promise<ReadonlyMap<string, SignedDocument>> {
  const signed = new Map<string, SignedDocument>();
  if (operations.size === 0) return signed;
  for await (const { event } of scan({ op: ['sign.done'] })) {
    if (event.op !== 'sign.done' || event.operation === undefined || !operations.has(event.operation)) continue;
    const { output_sha256: outputSha256, document_sha256: documentSha256 } = event;
    signed.set(signatureName(event.operation, event.intent), { outputSha256, documentSha256, documentSize: undefined });
  }
  const sizes = new Map([...signed.values()].map(({ documentSha256 }): [string, number | undefined] => [documentSha256, undefined]));
  if (sizes.size > 0)
    for await (const { event } of scan({ op: ['document-in'] }))
      if (event.op === 'document-in' && sizes.has(event.document_sha256)) sizes.set(event.document_sha256, event.size);
  return new Map([...signed].map(([name, document]) => [name, { ...document, documentSize: sizes.get(document.documentSha256) }]));
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

/** Finds the intents without an outcome. It keeps those that are open, and what the fingers of one operation said: visits follow each other. */
export class Intents {
  readonly #open = new Map<number, OpenIntent>();
  #operation = '';
  /** The consents of this operation that a finger matched. An intent may only follow its finger by mistake; then too the token may have been asked. */
  readonly #matched = new Set<string>();

  /** Takes one entry in log order; ops other than `reconcileOps` are passed over. */
  take({ seq, event }: LogEntry): void {
    const operation = event.operation ?? '';
    if (event.op === 'sign.intent') {
      this.#follow(operation);
      const { document_sha256: documentSha256, consent_sha256: consentSha256 } = event;
      this.#open.set(seq, { seq, operation, documentSha256, consentSha256, tokenMayHaveSigned: this.#matched.has(consentSha256) });
    } else if (event.op === 'finger-matched' || event.op === 'vouched') {
      this.#follow(operation);
      this.#matched.add(event.consent_sha256);
      for (const [place, intent] of this.#open)
        if (intent.operation === operation && intent.consentSha256 === event.consent_sha256)
          this.#open.set(place, { ...intent, tokenMayHaveSigned: true });
    } else if (event.op === 'sign.done' || event.op === 'sign.failed' || event.op === 'sign.outcome-unknown') {
      if (event.intent !== undefined) this.#open.delete(event.intent);
    }
  }

  /** Those that are open, oldest first. */
  open(): readonly OpenIntent[] {
    // The documents of one consent are signed one after the other, each after `sign.done` of the one before.
    const older = new Set<string>();
    return [...this.#open.values()].map((intent) => {
      const visit = `${intent.operation} ${intent.consentSha256}`;
      const tokenMayHaveSigned = intent.tokenMayHaveSigned && !older.has(visit);
      older.add(visit);
      return { ...intent, tokenMayHaveSigned };
    });
  }

  #follow(operation: string): void {
    if (operation === this.#operation) return;
    this.#operation = operation;
    this.#matched.clear();
  }
}

/** The intents without an outcome among entries, oldest first. `entries` must be in log order; ops other than `reconcileOps` are passed over. */
export function openIntents(entries: Iterable<LogEntry>): readonly OpenIntent[] {
  const intents = new Intents();
  for (const entry of entries) intents.take(entry);
  return intents.open();
}
