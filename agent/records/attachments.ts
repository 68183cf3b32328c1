/**
 * Files that belong to entries: each lies in one folder under its SHA-256, and the entry that names it is made only when the disk has it. Nothing here
 * removes a file but copies that were not finished.
 */
import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { piecesOf } from '../documents/document-file.ts';
import { digestOfFile, syncFolder, writeWhole } from '../documents/durable.ts';

/** Most bytes of one file. */
export const attachmentLimit = 50_000_000;
/** Most files of one entry. */
export const attachmentsLimit = 64;

/** What the log says of a file. */
export interface Attachment {
  /** Hex. */
  readonly sha256: string;
  readonly size: number;
}

/** A file that cannot be taken in; the message is the rest of a sentence that begins with its name. */
export class AttachmentRefused extends Error {
  override readonly name = 'AttachmentRefused';
}

/** A file that was copied and waits until it is certain that an entry will name it. */
export interface TakenAttachment extends Attachment {
  /** Where the copy lies. */
  readonly path: string;
}

const unfinished = '.incoming-';

/** Makes the folder where there is none, and removes what an earlier call did not finish. The caller holds the log, so nobody else is at work. */
export async function openAttachments(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) if (name.startsWith(unfinished)) await rm(join(folder, name), { force: true });
}

/**
 * Copies a file, for its owner alone, and returns when the disk has the copy. Throws AttachmentRefused for what is no regular file (a link is none), is
 * empty or too large, or cannot be read; errors of writing are thrown on.
 */
export async function takeAttachment(folder: string, from: string, limit = attachmentLimit): Promise<TakenAttachment> {
  const source = await openRegular(from, limit);
  const path = join(folder, `${unfinished}${randomUUID()}`);
  try {
    const target = await open(path, 'wx', 0o600);
    const hash = createHash('sha256');
    let size = 0;
    try {
      for await (const piece of piecesOf(source)) {
        size += piece.length;
        // It may have grown since it was looked at.
        if (size > limit) throw new AttachmentRefused(tooLarge(limit));
        hash.update(piece);
        await writeWhole(target, piece);
      }
      await target.sync();
    } finally {
      await target.close();
    }
    if (size === 0) throw new AttachmentRefused('is empty');
    return { sha256: hash.digest('hex'), size, path };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await source.close();
  }
}

/** Gives copies their names, and returns when the disk has them. What has such a name already is the same file, or one that was damaged since. */
export async function keepAttachments(folder: string, taken: readonly TakenAttachment[]): Promise<void> {
  for (const { path, sha256 } of taken) await rename(path, join(folder, sha256));
  await syncFolder(folder);
  // The folder itself may be new.
  await syncFolder(dirname(folder));
}

/** Removes copies that no entry will name. */
export async function dropAttachments(taken: readonly TakenAttachment[]): Promise<void> {
  for (const { path } of taken) await rm(path, { force: true });
}

/** Whether a file that the log names is there as it was. Throws on I/O errors. */
export async function lookAtAttachment(folder: string, { sha256, size }: Attachment): Promise<'there' | 'missing' | 'changed'> {
  const path = join(folder, sha256);
  const found = await lstat(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined;
    throw error;
  });
  if (found === undefined) return 'missing';
  if (!found.isFile() || found.size !== size) return 'changed';
  return (await digestOfFile(path)) === sha256 ? 'there' : 'changed';
}

async function openRegular(path: string, limit: number): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const why = { ENOENT: 'is not there', ELOOP: 'is a link, and links are not followed' }[code] ?? `cannot be read (${code})`;
    throw new AttachmentRefused(why, { cause: error });
  });
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new AttachmentRefused('is no file');
    if (stat.size > limit) throw new AttachmentRefused(tooLarge(limit));
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

function tooLarge(limit: number): string {
  return `is larger than ${limit} bytes`;
}
