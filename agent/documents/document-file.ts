/**
 * The file of a document: opened once, never through a link, bounded, and noticed when it changes under the reader. It is read whole into memory, or
 * piece by piece.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { DocumentRefusal } from '../contract/problems.ts';
import { documentMemory } from './document-memory.ts';
import { stampOf } from './file-stamp.ts';

/** Bytes that are read at one time. */
const pieceBytes = 1024 * 1024;

const refusalOfErrno: ReadonlyMap<string, DocumentRefusal> = new Map([
  ['ELOOP', 'not-a-file'],
  ['EISDIR', 'not-a-file'],
  ['ENXIO', 'not-a-file'],
]);

/**
 * Opens the file and lets it be used; `size` is that at the opening, bytes, and `stamp` its stamp then (`file-stamp.ts`). A link at the end of the path is not followed and a fifo does not block.
 * Gives a refusal for what is no file, cannot be read, is too large, or changed meanwhile; of what `use` throws, failed system calls are refusals too.
 */
export async function withDocumentFile<T>(
  path: string,
  maxBytes: number,
  use: (file: FileHandle, size: number, stamp: string | undefined) => Promise<T>,
): Promise<T | DocumentRefusal> {
  if (path.includes('\0')) return 'not-a-file';
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const before = await file.stat({ bigint: true });
    if (!before.isFile()) return 'not-a-file';
    if (before.size > maxBytes) return 'too-large';
    const used = await use(file, Number(before.size), stampOf(before));
    const after = await file.stat({ bigint: true });
    // A file that changed while it was read is still being copied.
    if (after.size > maxBytes) return 'too-large';
    return after.size === before.size && after.mtimeNs === before.mtimeNs ? used : 'unreadable';
  } catch (problem) {
    if (!(problem instanceof Error) || !('syscall' in problem)) throw problem;
    const errno = 'code' in problem ? String(problem.code) : '';
    return refusalOfErrno.get(errno) ?? 'unreadable';
  } finally {
    await file?.close();
  }
}

/** The bytes of an open file from its start to its end. Throws on I/O errors. */
export function piecesOf(file: FileHandle): AsyncIterable<Uint8Array> {
  return file.createReadStream({ autoClose: false, start: 0, highWaterMark: pieceBytes }) as AsyncIterable<Buffer>;
}

/** The stamp of a file as it is now (`file-stamp.ts`); undefined when it cannot be opened, or was touched a moment ago. */
export async function stampOfFile(path: string): Promise<string | undefined> {
  // A file of another machine is asked for its times anew when it is opened, not when it is only looked at (nfs(5), close-to-open).
  const stamp = await withDocumentFile(path, Number.POSITIVE_INFINITY, (_file, _size, now) => Promise.resolve({ now }));
  return typeof stamp === 'string' ? undefined : stamp.now;
}

/** The bytes of a file, their SHA-256, hex, and the stamp of the file before they were read. */
export interface Read {
  readonly bytes: Uint8Array;
  readonly digest: string;
  readonly stamp: string | undefined;
}

/**
 * Reads a file once, with room behind its bytes for a signature: `digest` is that of the very bytes that are given back, which nobody has examined
 * yet. It is made on the way, so that a large file does not hold up the agent. Never throws on bad input.
 */
export function readBytes(path: string, maxBytes: number): Promise<Read | DocumentRefusal> {
  return withDocumentFile(path, maxBytes, async (file, size, stamp): Promise<Read | DocumentRefusal> => {
    const bytes = documentMemory(size);
    const hash = createHash('sha256');
    let length = 0;
    while (length < size) {
      const { bytesRead } = await file.read(bytes, length, Math.min(pieceBytes, size - length), null);
      if (bytesRead === 0) return 'unreadable';
      hash.update(bytes.subarray(length, length + bytesRead));
      length += bytesRead;
    }
    return { bytes, digest: hash.digest('hex'), stamp };
  });
}
