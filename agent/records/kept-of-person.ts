/**
 * What an erasure leaves of a person besides entries: documents of the record, which lie in the clear. Signed documents and their originals, and the files that
 * belong to late records of the person's visits. It only tells; whether they may go is not for a program to decide, and what an entry names is missed by `log verify`.
 */
import type { LogStore } from '../log/store.ts';
import type { Attachment } from './attachments.ts';

/** A file that a late record named. */
export interface KeptAttachment extends Attachment {
  /** Number of the late record. */
  readonly entry: number;
}

export interface KeptOfPerson {
  readonly attachments: readonly KeptAttachment[];
  /** Ids of the operations in which something was signed. */
  readonly signed: readonly string[];
}

/** Reads it from a log, for a pseudonym. A late record is the person's where it adds to a visit or an entry of theirs. Throws LogUnavailable. */
export async function keptOfPerson(log: Pick<LogStore, 'scan'>, subject: string): Promise<KeptOfPerson> {
  const [operations, numbers] = [new Set<string>(), new Set<number>()];
  const signed = new Set<string>();
  const attachments: KeptAttachment[] = [];
  for await (const { seq, event } of log.scan()) {
    if (event.actor.id === subject || (event.op === 'enrol' && event.subject === subject)) {
      numbers.add(seq);
      if (event.operation !== undefined) operations.add(event.operation);
    }
    const isTheirs = event.operation !== undefined && operations.has(event.operation);
    if (event.op === 'sign.done' && isTheirs) signed.add(event.operation);
    if (event.op === 'supplement' && (isTheirs || (event.about !== undefined && numbers.has(event.about))))
      for (const { sha256, size } of event.attachments) attachments.push({ entry: seq, sha256, size });
  }
  return { attachments, signed: [...signed] };
}
