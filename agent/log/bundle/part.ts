/** One part of a bundle: age(tar) of as many files as fit, made piece by piece. It is made twice from the same files: once to know it, once to write it. */
import { createHash } from 'node:crypto';
import { Encrypter } from 'age-encryption';
import type { Recipient } from '../age-keys.ts';
import { type Contents, type Cursor, filesFrom } from './contents.ts';
import { tarEnd, tarHeader, tarPadding, tarSize } from './tar.ts';

/** Largest part, bytes. */
export const partLimit = 64 * 1024 * 1024;
/** What age puts around: its header (two lines for each recipient), and 16 bytes for every 64 KiB. */
const ageHeader = 512;
const ageChunk = 64 * 1024;
const ageTag = 16;

/** What a part holds, before it is encrypted. */
export interface PartPlan {
  readonly begin: Cursor;
  /** Where the next part begins; undefined behind the last one. */
  readonly next: Cursor | undefined;
  /** Entries from `first` to before `end`; both are the same in a part without entries. */
  readonly first: number;
  readonly end: number;
  /** Bytes and SHA-256 (hex) of the archive. */
  readonly size: number;
  readonly plain: string;
}

/** At most this many bytes, once encrypted. */
export function encryptedAtMost(size: number): number {
  return ageHeader + size + ageTag * (Math.floor(size / ageChunk) + 1);
}

/**
 * Reads what goes into the part that begins at a place: whole files, as many as fit into `limit` once encrypted, and one at least. `entry` is the
 * number of the first entry that stands in no part yet. Throws as `filesFrom`.
 */
export async function planPart(contents: Contents, begin: Cursor, entry: number, limit: number): Promise<PartPlan> {
  const hash = createHash('sha256');
  let size = tarEnd.byteLength;
  let [first, end]: [number | undefined, number] = [undefined, entry];
  let at: Cursor | undefined;
  for await (const { file, next } of filesFrom(contents, begin)) {
    const more = tarSize(file.bytes.byteLength);
    if (at !== undefined && encryptedAtMost(size + more) > limit) return result(at);
    hash.update(tarHeader(file.name, file.bytes.byteLength)).update(file.bytes).update(tarPadding(file.bytes.byteLength));
    size += more;
    if (file.entries !== undefined) [first, end] = [first ?? file.entries.first, file.entries.end];
    at = next;
  }
  return result(undefined);

  function result(next: Cursor | undefined): PartPlan {
    return { begin, next, first: first ?? entry, end, size, plain: hash.update(tarEnd).digest('hex') };
  }
}

/** The archive of a planned part, in pieces. Throws as `filesFrom`, and Error when the files are not those that were planned. */
export async function* partBytes(contents: Contents, { begin, next, size, plain }: PartPlan): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256');
  let left = size;
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for await (const { file, next: behind } of filesFrom(contents, begin)) {
      yield* [tarHeader(file.name, file.bytes.byteLength), file.bytes, tarPadding(file.bytes.byteLength)];
      if (behind.step === next?.step && behind.skip === next.skip) break;
    }
    yield tarEnd;
  };
  for await (const piece of pieces()) {
    hash.update(piece);
    left -= piece.byteLength;
    if (piece.byteLength > 0) yield piece;
  }
  if (left !== 0 || hash.digest('hex') !== plain) throw new Error('the contents of a part changed while it was written');
}

/** Encrypts pieces as an age file, in pieces. Reads no further than what is asked of it. */
export async function* encrypt(recipient: Recipient, plain: AsyncGenerator<Uint8Array, void, undefined>): AsyncGenerator<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  const source = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await plain.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await plain.return();
    },
  });
  const reader = (await encrypter.encrypt(source)).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
