/** Digests of content that need not be held in memory: it is read once, in pieces, and hashed on the way. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Hash } from './algorithms.ts';

/** Size in bytes, and the digest by each hash that was asked for. */
export interface ContentDigests {
  readonly size: number;
  /** Throws RangeError for a hash that was not asked for. */
  of(hash: Hash): Uint8Array;
}

/** The content changed while it was read, or is longer than allowed. */
export class ContentRefused extends Error {
  override readonly name = 'ContentRefused';
}

/** Hashes what comes, piece by piece. Throws ContentRefused as soon as there are more than `maxBytes`. */
export class Digesting {
  readonly #states: ReadonlyMap<Hash, ReturnType<typeof createHash>>;
  readonly #maxBytes: number;
  #size = 0;

  constructor(hashes: readonly Hash[], maxBytes = Number.POSITIVE_INFINITY) {
    this.#states = new Map(hashes.map((hash) => [hash, createHash(hash)]));
    this.#maxBytes = maxBytes;
  }

  update(piece: Uint8Array): this {
    this.#size += piece.length;
    if (this.#size > this.#maxBytes) throw new ContentRefused('the content is larger than allowed');
    for (const state of this.#states.values()) state.update(piece);
    return this;
  }

  /** What came until now; nothing may come after. */
  finish(): ContentDigests {
    const done = new Map([...this.#states].map(([hash, state]) => [hash, new Uint8Array(state.digest())]));
    return {
      size: this.#size,
      of(hash) {
        const digest = done.get(hash);
        if (digest === undefined) throw new RangeError(`not hashed with ${hash}`);
        return digest;
      },
    };
  }
}

/**
 * Hashes a file of any size. A link at the end of the path is not followed. Throws the file system's error when it cannot be read, and ContentRefused when
 * it is no plain file, is too large, or changes while it is read.
 */
export async function digestFile(path: string, hashes: readonly Hash[], maxBytes?: number): Promise<ContentDigests> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const before = await file.stat();
    if (!before.isFile()) throw new ContentRefused('not a plain file');
    const digesting = new Digesting(hashes, maxBytes);
    const pieces = file.createReadStream({ autoClose: false, highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>;
    for await (const piece of pieces) digesting.update(piece);
    const digests = digesting.finish();
    const after = await file.stat();
    if (after.size !== digests.size || after.mtimeMs !== before.mtimeMs) throw new ContentRefused('the file changed while it was read');
    return digests;
  } finally {
    await file.close();
  }
}
