/**
 * The inbox folder: what clerks put in to be signed. It is looked at again and again rather than watched, because file events are lost on network
 * and USB file systems. A file counts once its size and time stood still between two looks, so that a half-copied one is not refused.
 */
import { createHash } from 'node:crypto';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DocumentRefusal } from '../contract/problems.ts';
import type { OtherView } from '../contract/state.ts';
import { stampOfFile } from './document-file.ts';
import { digestOfFile } from './durable.ts';
import { lookAtDocument, type Examining } from './intake.ts';
import type { Remark } from './intake-findings.ts';

/** A document that may be signed, without its bytes: they are read anew when it is opened. */
export interface InboxDocument {
  readonly id: string;
  /** File name as it stands in the folder. */
  readonly fileName: string;
  /** SHA-256, hex. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly pages: number;
  readonly signatures: number;
  readonly remarks: readonly Remark[];
  /** Set for a file that is no PDF. */
  readonly other?: OtherView;
}

export interface InboxRefusal {
  readonly fileName: string;
  readonly refusal: DocumentRefusal;
  /** Which part of the document it is about, made safe to show. */
  readonly subject?: string;
}

export interface InboxContents {
  readonly documents: readonly InboxDocument[];
  readonly refused: readonly InboxRefusal[];
}

/** What a file must hold to be a certain document: SHA-256 (hex), and bytes where that is known, which spares reading files of other sizes. */
export interface Content {
  readonly digest: string;
  readonly size: number | undefined;
}

/** Most files that are looked at; a folder with more shows the first ones by name. */
const mostFiles = 200;

interface Seen {
  readonly fingerprint: string;
  readonly result: { readonly document: InboxDocument } | { readonly refusal: InboxRefusal } | undefined;
}

export class Inbox {
  readonly directory: string;
  readonly #examiner: Examining;
  #seen = new Map<string, Seen>();
  /** What was forgotten since the look that is going on began: it may have seen the file before that. */
  readonly #forgotten = new Set<string>();
  /** By file name: what was read to its end, and the stamp of the file then. */
  readonly #read = new Map<string, { readonly digest: string; readonly stamp: string }>();

  constructor(directory: string, examiner: Examining) {
    this.directory = directory;
    this.#examiner = examiner;
  }

  /** Looks once. Files that changed since the last look are read; the others are remembered. Throws when the folder itself cannot be read. */
  async scan(): Promise<InboxContents> {
    const names = await this.#names();
    this.#forgotten.clear();
    const next = new Map<string, Seen>();
    for (const name of names.slice(0, mostFiles)) {
      const seen = await this.#look(name);
      if (seen !== undefined) next.set(name, seen);
    }
    for (const name of this.#forgotten) next.delete(name);
    for (const name of this.#read.keys()) if (!next.has(name)) this.#read.delete(name);
    this.#seen = next;
    return this.contents();
  }

  /** What the last look found. */
  contents(): InboxContents {
    const results = [...this.#seen.values()].flatMap(({ result }) => (result === undefined ? [] : [result]));
    return {
      documents: results.flatMap((result) => ('document' in result ? [result.document] : [])),
      refused: results.flatMap((result) => ('refusal' in result ? [result.refusal] : [])),
    };
  }

  /** Forgets a file, so that the next look reads it again. */
  forget(fileName: string): void {
    this.#seen.delete(fileName);
    this.#read.delete(fileName);
    this.#forgotten.add(fileName);
  }

  path(fileName: string): string {
    return join(this.directory, fileName);
  }

  /** The file was read to its end and is the document with this digest; `stamp` is that of the file before it was read (`file-stamp.ts`). */
  remember(fileName: string, digest: string, stamp: string | undefined): void {
    if (stamp === undefined) this.#read.delete(fileName);
    else this.#read.set(fileName, { digest, stamp });
  }

  /** Whether the file is there now, can be read, and is the document with this digest. A file that nobody has touched since it was read is not read again. */
  async holds(fileName: string, digest: string): Promise<boolean> {
    const read = this.#read.get(fileName);
    if (read?.digest === digest && read.stamp === (await stampOfFile(this.path(fileName)))) return true;
    return hasContent(this.path(fileName), { digest, size: undefined }).catch(() => false);
  }

  /**
   * Name of a file with this content, also beyond the files that are shown; one that `prefers` names if there is one. Throws when none is found and
   * the folder or a file that may be it cannot be read.
   */
  async find(content: Content, prefers: (fileName: string) => boolean): Promise<string | undefined> {
    const names = await this.#names();
    const unreadable: unknown[] = [];
    for (const name of [...names.filter(prefers), ...names.filter((other) => !prefers(other))]) {
      const fits = await hasContent(this.path(name), content).catch((error: unknown) => {
        unreadable.push(error);
        return false;
      });
      if (fits) return name;
    }
    if (unreadable.length > 0) throw unreadable[0];
    return undefined;
  }

  async #names(): Promise<readonly string[]> {
    return (await readdir(this.directory)).filter((name) => !isTemporary(name)).sort();
  }

  async #look(name: string): Promise<Seen | undefined> {
    const fingerprint = await fingerprintOf(this.path(name));
    if (fingerprint === undefined) return undefined;
    const before = this.#seen.get(name);
    if (before?.fingerprint !== fingerprint) return { fingerprint, result: undefined };
    if (before.result !== undefined) return before;
    const read = await lookAtDocument(this.path(name), this.#examiner);
    if (!read.ok) {
      const { refusal, subject } = read;
      return { fingerprint, result: { refusal: { fileName: name, refusal, ...(subject === undefined ? {} : { subject }) } } };
    }
    const { digest, size, pages, signatures, remarks, other } = read.document;
    const kind = other === undefined ? {} : { other };
    const document = { id: documentId(name, digest), fileName: name, digest, size, pages, signatures, remarks, ...kind };
    return { fingerprint, result: { document } };
  }
}

/** Names that a copying program uses while it is not done. */
function isTemporary(name: string): boolean {
  return name.startsWith('.') || name.startsWith('~$') || /\.(part|partial|tmp|crdownload)$/i.test(name);
}

/** Changes whenever the file may have changed; undefined when it is gone. */
async function fingerprintOf(path: string): Promise<string | undefined> {
  try {
    const { ino, size, mtimeMs, mode } = await lstat(path);
    return `${ino} ${size} ${mtimeMs} ${mode}`;
  } catch {
    return undefined;
  }
}

/** Reads a file of the right size to its end; links, folders and devices are passed over, and so is a file that is gone. Throws on I/O errors. */
async function hasContent(path: string, { digest, size }: Content): Promise<boolean> {
  const there = await lstat(path).catch(() => undefined);
  if (there?.isFile() !== true || (size !== undefined && there.size !== size)) return false;
  return (await digestOfFile(path)) === digest;
}

/** The same file under the same name keeps its id over a restart. */
export function documentId(fileName: string, digest: string): string {
  return createHash('sha256').update(`${fileName}\0${digest}`).digest('hex').slice(0, 32);
}
