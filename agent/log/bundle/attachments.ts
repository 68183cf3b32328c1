/** Attachments: files that are too large for an entry, which names them by SHA-256; that is their name in the folder too. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Json } from '../record.ts';
import { ExportRefused } from './refusal.ts';

/** Bytes of an attachment in one file of a bundle. */
export const attachmentPiece = 8 * 1024 * 1024;

/** The hashes of the attachments that entries name, in order, each once: what stands in a field whose name begins with `attachment`. */
export function attachmentsOf(bodies: readonly Uint8Array[]): readonly string[] {
  const found = new Set<string>();
  const look = (value: Json, isAttachment: boolean): void => {
    if (typeof value === 'string') {
      if (isAttachment && /^[0-9a-f]{64}$/.test(value)) found.add(value);
    } else if (Array.isArray(value)) {
      for (const one of value as readonly Json[]) look(one, isAttachment);
    } else if (typeof value === 'object') {
      for (const [name, one] of Object.entries(value)) look(one, isAttachment || name.startsWith('attachment'));
    }
  };
  for (const body of bodies) {
    const text = Buffer.from(body).toString('utf8');
    if (text.includes('"attachment')) look(JSON.parse(text) as Json, false);
  }
  return [...found];
}

/** Reads an attachment piece by piece; gives nothing when it is not there. Throws ExportRefused when its bytes are not those that its name says. */
export async function* readAttachment(folder: string, sha256: string): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await open(join(folder, sha256), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (cause: unknown) => {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
      throw new ExportRefused('unreadable', `the attachment ${sha256} cannot be read`, cause);
    },
  );
  if (file === undefined) return;
  try {
    // Hashed before any of it goes out: a bundle with a wrong attachment would be refused by whoever gets it.
    const hash = createHash('sha256');
    for await (const piece of piecesOf(file)) hash.update(piece);
    if (hash.digest('hex') !== sha256) throw new ExportRefused('unreadable', `the attachment ${sha256} was changed`);
    yield* piecesOf(file);
  } finally {
    await file.close();
  }
}

async function* piecesOf(file: FileHandle): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; ;) {
    const piece = Buffer.alloc(attachmentPiece);
    let length = 0;
    while (length < piece.byteLength) {
      const { bytesRead } = await file.read(piece, length, piece.byteLength - length, at + length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    if (length === 0) return;
    yield piece.subarray(0, length);
    at += length;
  }
}
