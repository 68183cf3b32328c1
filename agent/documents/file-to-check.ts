/** A signed file that is to be judged, opened but not read: its kind, its size, and the content beside it. What it says is not looked at here. */
import { constants, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { type SignedFileKind, headBytes, kindOfSigned } from './signed-file.ts';

/** What is the matter with a file that is named. */
export type FileProblem =
  'missing' | 'no-permission' | 'folder' | 'not-a-file' | 'too-large' | 'changed' | 'unreadable' | 'content-not-wanted';

/** A file that was named cannot be judged, for a reason that does not lie in what it says. `path` is the one that it is about. */
export class FileUnavailable extends Error {
  override readonly name = 'FileUnavailable';
  readonly problem: FileProblem;
  readonly path: string;

  constructor(problem: FileProblem, path: string, cause?: unknown) {
    super(`${problem}: ${path}`, cause === undefined ? undefined : { cause });
    this.problem = problem;
    this.path = path;
  }
}

/** An open file that is a plain one. */
export interface OpenFile {
  readonly path: string;
  readonly descriptor: number;
  /** Bytes. */
  readonly size: number;
}

export interface FileToCheck {
  readonly kind: SignedFileKind;
  readonly file: OpenFile;
  /** The content that a .p7s signs; `name` is that of its file. */
  readonly content?: OpenFile & { readonly name: string };
}

/** A CMS object that is larger than this holds something else than signatures. */
const longestDetached = 16 * 1024 * 1024;

const problemOfCode: ReadonlyMap<unknown, FileProblem> = new Map([
  ['ENOENT', 'missing'],
  ['EACCES', 'no-permission'],
  ['EISDIR', 'folder'],
]);

/** The file system's error as what it means for this file; what is none comes through. */
function unavailable(path: string, error: unknown): unknown {
  if (!(error instanceof Error && 'syscall' in error && 'code' in error)) return error;
  return new FileUnavailable(problemOfCode.get(error.code) ?? 'unreadable', path, error);
}

interface Opened {
  readonly path: string;
  readonly handle: FileHandle;
  readonly before: Stats;
}

/** Opens plain files alone, and never waits for one. */
async function openPlain(path: string, more = 0): Promise<Opened> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | more);
  try {
    const before = await handle.stat();
    if (before.isDirectory()) throw new FileUnavailable('folder', path);
    if (!before.isFile()) throw new FileUnavailable('not-a-file', path);
    return { path, handle, before };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function mustBeSame({ path, handle, before }: Opened): Promise<void> {
  const after = await handle.stat();
  if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) throw new FileUnavailable('changed', path);
}

const openFile = ({ path, handle, before }: Opened): OpenFile => ({ path, descriptor: handle.fd, size: before.size });

/**
 * Opens a file, and the content beside it when it is named, uses and closes them. Links are followed to the file, but not to the content. Throws
 * FileUnavailable, also when a file changed while it was used; what `use` throws comes through.
 */
export async function withFileToCheck<T>(path: string, content: string | undefined, use: (open: FileToCheck) => Promise<T>): Promise<T> {
  const opened: Opened[] = [];
  const take = async (one: string, more?: number): Promise<Opened> => {
    const found = await openPlain(one, more).catch((error: unknown) => {
      throw unavailable(one, error);
    });
    opened.push(found);
    return found;
  };
  try {
    const file = await take(path);
    const head = new Uint8Array(headBytes);
    const { bytesRead } = await file.handle.read(head, 0, head.length, 0).catch((error: unknown) => {
      throw unavailable(path, error);
    });
    const kind = kindOfSigned(head.subarray(0, bytesRead));
    if (content !== undefined && kind !== 'detached') throw new FileUnavailable('content-not-wanted', path);
    if (kind === 'detached' && file.before.size > longestDetached) throw new FileUnavailable('too-large', path);
    const beside = content === undefined ? undefined : await take(content, constants.O_NOFOLLOW);
    const more = beside === undefined ? {} : { content: { ...openFile(beside), name: basename(beside.path) } };
    const used = await use({ kind, file: openFile(file), ...more });
    for (const one of opened) await mustBeSame(one);
    return used;
  } finally {
    for (const { handle } of opened) await handle.close();
  }
}
