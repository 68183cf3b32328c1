/**
 * The inbox folder: what clerks put in to be signed. It is looked at again and again rather than watched, because file events are lost on network
 * and USB file systems. A file counts once its size and time stood still between two looks, so that a half-copied one is not refused.
 */
import { createHash } from 'node:crypto';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DocumentRefusal } from '../contract/problems.ts';
import { readDocument, type IntakeLimits } from './intake.ts';

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
}

export interface InboxRefusal {
  readonly fileName: string;
  readonly refusal: DocumentRefusal;
}

export interface InboxContents {
  readonly documents: readonly InboxDocument[];
  readonly refused: readonly InboxRefusal[];
}

/** Most files that are looked at; a folder with more shows the first ones by name. */
const mostFiles = 200;

interface Seen {
  readonly fingerprint: string;
  readonly result: { readonly document: InboxDocument } | { readonly refusal: InboxRefusal } | undefined;
}

export class Inbox {
  readonly directory: string;
  readonly #limits: IntakeLimits;
  #seen = new Map<string, Seen>();

  constructor(directory: string, limits: IntakeLimits) {
    this.directory = directory;
    this.#limits = limits;
  }

  /** Looks once. Files that changed since the last look are read; the others are remembered. Throws when the folder itself cannot be read. */
  async scan(): Promise<InboxContents> {
    const names = (await readdir(this.directory)).filter((name) => !isTemporary(name)).sort();
    const next = new Map<string, Seen>();
    for (const name of names.slice(0, mostFiles)) {
      const seen = await this.#look(name);
      if (seen !== undefined) next.set(name, seen);
    }
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
  }

  path(fileName: string): string {
    return join(this.directory, fileName);
  }

  async #look(name: string): Promise<Seen | undefined> {
    const fingerprint = await fingerprintOf(this.path(name));
    if (fingerprint === undefined) return undefined;
    const before = this.#seen.get(name);
    if (before?.fingerprint !== fingerprint) return { fingerprint, result: undefined };
    if (before.result !== undefined) return before;
    const read = await readDocument(this.path(name), this.#limits);
    if (!read.ok) return { fingerprint, result: { refusal: { fileName: name, refusal: read.refusal } } };
    const { digest, size, pages, signatures } = read.document;
    return { fingerprint, result: { document: { id: documentId(name, digest), fileName: name, digest, size, pages, signatures } } };
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

/** The same file under the same name keeps its id over a restart. */
function documentId(fileName: string, digest: string): string {
  return createHash('sha256').update(`${fileName}\0${digest}`).digest('hex').slice(0, 32);
}
