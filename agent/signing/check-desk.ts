/**
 * The desk for files that are signed already: lists what a clerk put into the folder for it, has the signatures of one judged, and records each judgement.
 * It changes nothing in that folder. Only what lies there is named on a screen without a card, because somebody put it there for that.
 */
import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SignedFileView, FileVerdictView } from '../contract/verification.ts';
import { ContentRefused, digestFile } from '../documents/content-digest.ts';
import { FileUnavailable } from '../documents/verifier.ts';
import { printable } from '../documents/printable.ts';
import type { Trust } from '../documents/trust.ts';
import type { AppendableEvent } from '../log/events.ts';
import { type FileReport, fileVerdict } from './file-verdict.ts';
import type { SignedFiles } from './model.ts';

/** Most files that are listed. */
export const mostListed = 100;
/** What is put after the name of a file for the signature that stands beside it (RFC 5751 section 3.2.1). */
const detachedEnding = '.p7s';

export interface CheckDeskParts {
  readonly folder: string;
  /** Judges the signatures of a file. `content` is what a detached signature signs. Throws FileUnavailable, and nothing else on bad input. */
  readonly judge: (file: { readonly path: string; readonly content?: string }, trust: Trust, signal: AbortSignal) => Promise<FileReport>;
  /** Which issuers count now, and what they revoked. */
  readonly trust: () => Promise<Trust>;
  /** Appends to the log; gives the number of the entry. */
  readonly record: (event: AppendableEvent) => Promise<{ readonly seq: number }>;
}

const station = { id: 'station', role: 'station' } as const;
const unreadable: Omit<FileVerdictView, 'entry'> = { outcome: 'UNREADABLE', refusal: 'unreadable', signatures: [], unsigned: [] };

export class CheckDesk {
  readonly #parts: CheckDeskParts;

  constructor(parts: CheckDeskParts) {
    this.#parts = parts;
  }

  /** What lies there now, by name. Never throws. */
  async list(): Promise<SignedFiles> {
    const names = await this.#names();
    if (names === undefined) return { files: [], more: 0, unreachable: true };
    const listed = names.slice(0, mostListed);
    const files = await Promise.all(listed.map((name) => this.#view(name)));
    return { files: files.filter((file) => file !== undefined), more: names.length - listed.length };
  }

  /**
   * Has one of the files judged and records what came of it. A file that is gone, or changes meanwhile, is one that cannot be read. Throws what `record`
   * throws; records nothing once `signal` is aborted.
   */
  async judge(fileId: string, signal: AbortSignal): Promise<FileVerdictView> {
    const name = (await this.#names())?.find((one) => idOf(one) === fileId);
    const { facts, digest, size } = name === undefined ? { facts: unreadable, digest: undefined, size: 0 } : await this.#look(name, signal);
    signal.throwIfAborted();
    const { outcome, refusal, signatures } = facts;
    const { seq } = await this.#parts.record({
      op: 'document-checked',
      actor: station,
      size,
      outcome,
      signatures: signatures.length,
      ...(digest === undefined ? {} : { document_sha256: digest }),
      ...(refusal === undefined ? {} : { refusal }),
    });
    return { ...facts, entry: seq };
  }

  async #look(name: string, signal: AbortSignal) {
    const { folder, judge, trust } = this.#parts;
    const path = join(folder, name);
    try {
      const before = await digestOf(path);
      const content = await this.#contentOf(name);
      const trusted = await trust();
      const report = await judge({ path, ...(content === undefined ? {} : { content }) }, trusted, signal).catch((error: unknown) => {
        // Named like a signature that stands beside a file, and none.
        if (error instanceof FileUnavailable && error.problem === 'content-not-wanted') return judge({ path }, trusted, signal);
        throw error;
      });
      const { digest, size } = await digestOf(path);
      // What was judged is what the entry names.
      return digest === before.digest ? { facts: fileVerdict(report), digest, size } : { facts: unreadable, digest: undefined, size };
    } catch (error) {
      if (!(error instanceof ContentRefused || error instanceof FileUnavailable) && !isFileError(error)) throw error;
      return { facts: unreadable, digest: undefined, size: 0 };
    }
  }

  /** The file that a signature beside it signs: it has the same name without the ending. */
  async #contentOf(name: string): Promise<string | undefined> {
    if (!name.toLowerCase().endsWith(detachedEnding)) return undefined;
    const content = name.slice(0, -detachedEnding.length);
    return (await this.#names())?.includes(content) === true ? join(this.#parts.folder, content) : undefined;
  }

  async #names(): Promise<readonly string[] | undefined> {
    try {
      const found = await readdir(this.#parts.folder, { withFileTypes: true });
      return found
        .filter((file) => file.isFile() && !file.name.startsWith('.'))
        .map(({ name }) => name)
        .sort((one, other) => one.localeCompare(other, 'en'));
    } catch {
      return undefined;
    }
  }

  async #view(name: string): Promise<SignedFileView | undefined> {
    const size = await stat(join(this.#parts.folder, name)).then(
      (found) => found.size,
      () => undefined,
    );
    return size === undefined ? undefined : { id: idOf(name), name: printable(name, 120), size };
  }
}

async function digestOf(path: string): Promise<{ readonly digest: string; readonly size: number }> {
  const digests = await digestFile(path, ['sha256']);
  return { digest: Buffer.from(digests.of('sha256')).toString('hex'), size: digests.size };
}

function idOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}

function isFileError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
