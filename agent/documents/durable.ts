/** Files and folders that the disk really has when a call returns. They are written piece by piece, so that none has to fit into memory. */
import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { piecesOf } from './document-file.ts';

/** Bytes that are hashed or written at one time. */
const pieceBytes = 4 * 1024 * 1024;

function* cut(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/** Writes a file, for its owner alone, and returns when the disk has it. Throws on I/O errors. */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  await write(path, cut(bytes));
}

/** Copies a file, for its owner alone, and returns when the disk has it. Throws on I/O errors. */
export async function copyDurably(from: string, to: string): Promise<void> {
  await withPieces(from, (pieces) => write(to, pieces));
}

/** SHA-256 of bytes in memory, hex; made piece by piece, so that a large document does not hold up the agent. */
export async function digestOfBytes(bytes: Uint8Array): Promise<string> {
  const hash = createHash('sha256');
  for (const piece of cut(bytes)) {
    hash.update(piece);
    await setImmediate();
  }
  return hash.digest('hex');
}

/** SHA-256 of a file, hex. Throws on I/O errors, and for a link at the end of the path. */
export async function digestOfFile(path: string): Promise<string> {
  return withPieces(path, async (pieces) => {
    const hash = createHash('sha256');
    for await (const piece of pieces) hash.update(piece);
    return hash.digest('hex');
  });
}

async function withPieces<T>(path: string, use: (pieces: AsyncIterable<Uint8Array>) => Promise<T>): Promise<T> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return await use(piecesOf(file));
  } finally {
    await file.close();
  }
}

async function write(path: string, pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    for await (const piece of pieces) await writeWhole(file, piece);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Writes all of a piece: one write may take less than it was given. Throws on I/O errors. */
export async function writeWhole(file: FileHandle, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.length;) at += (await file.write(piece, at)).bytesWritten;
}

/** Returns when the disk has what was done in a folder: names that were added, changed or removed. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * Makes a file that is not there yet, whole or not at all, and returns when the disk has it. Throws with the code EEXIST when the name is taken: nothing
 * is ever written over.
 */
export async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.countersign-${randomUUID()}.tmp`);
  try {
    await writeDurably(temporary, bytes);
    // link() fails when the name is taken.
    await link(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  await syncFolder(folder);
}
