/**
 * Where the originals of signed documents go: out of the inbox, into a folder for each operation. A document is moved there or is still in the inbox,
 * never neither; whatever was cut off half-way is carried on by `fetch` at the next start.
 */
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { copyDurably, syncFolder, writeDurably } from './durable.ts';
import { documentId, type Content, type Inbox } from './inbox.ts';

/** A document that was read, with the bytes that were signed. */
export interface Original {
  readonly id: string;
  readonly fileName: string;
  readonly digest: string;
  readonly bytes: Uint8Array;
}

export class Originals {
  readonly #directory: string;
  readonly #inbox: Inbox;
  /** Ids of documents that are signed and whose files may still be in the inbox. */
  readonly #signed = new Set<string>();

  constructor(directory: string, inbox: Inbox) {
    this.#directory = directory;
    this.#inbox = inbox;
  }

  /** A signed document is not offered again, even when its file cannot be moved out of the inbox. */
  isSigned(id: string): boolean {
    return this.#signed.has(id);
  }

  /** From now on the document counts as signed. */
  signed(id: string): void {
    this.#signed.add(id);
  }

  /**
   * Moves the file out of the inbox. A file that took its name since it was read is another document and stays; then the bytes that were signed are
   * written. False when neither is possible: `fetch` does it at the next start.
   */
  async keep(operation: string, { id, fileName, digest, bytes }: Original): Promise<boolean> {
    try {
      if (await this.#inbox.holds(fileName, digest)) {
        await this.#move(operation, fileName, id);
      } else {
        await this.#write(operation, fileName, (draft) => writeDurably(draft, bytes));
        this.#hasLeft(fileName, id);
      }
      return true;
    } catch {
      return false;
    }
  }

  /**
   * What `keep` does, by an agent that knows only what was signed: one file of the inbox with this content is moved, by choice one that `prefers`
   * names; when there is none, nothing is done. False when it is not possible now.
   */
  async fetch(operation: string, content: Content, prefers: (fileName: string) => boolean): Promise<boolean> {
    try {
      if (await this.#carryOn(operation)) return true;
      if ((await filesIn(join(this.#directory, operation))).length > 0) return true;
      const fileName = await this.#inbox.find(content, prefers);
      if (fileName === undefined) return true;
      const id = documentId(fileName, content.digest);
      this.signed(id);
      await this.#move(operation, fileName, id);
      return true;
    } catch {
      return false;
    }
  }

  async #move(operation: string, fileName: string, id: string): Promise<void> {
    const [from, folder] = [this.#inbox.path(fileName), join(this.#directory, operation)];
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const isMoved = await rename(from, join(folder, fileName)).then(
      () => true,
      (error: unknown) => {
        if (isError(error, 'EXDEV')) return false;
        throw error;
      },
    );
    if (!isMoved) {
      // To another file system: out of sight first, in one step, so that nothing that is put in meanwhile is taken for it.
      const hidden = this.#hidden(operation);
      await mkdir(hidden, { recursive: true, mode: 0o700 });
      await rename(from, join(hidden, fileName));
    }
    this.#hasLeft(fileName, id);
    if (isMoved) await syncFolder(folder);
    else await this.#carryOn(operation);
  }

  /** Whoever puts the same document in again wants it signed again. */
  #hasLeft(fileName: string, id: string): void {
    this.#inbox.forget(fileName);
    this.#signed.delete(id);
  }

  /** The second half of a move to another file system. False when none was begun. */
  async #carryOn(operation: string): Promise<boolean> {
    const hidden = this.#hidden(operation);
    const [fileName] = await filesIn(hidden);
    if (fileName === undefined) return false;
    await this.#write(operation, fileName, (draft) => copyDurably(join(hidden, fileName), draft));
    await rm(hidden, { recursive: true });
    return true;
  }

  async #write(operation: string, fileName: string, write: (draft: string) => Promise<unknown>): Promise<void> {
    const folder = join(this.#directory, operation);
    const draft = join(folder, `.${operation}.tmp`);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      await write(draft);
      await rename(draft, join(folder, fileName));
    } finally {
      await rm(draft, { force: true });
    }
    await syncFolder(folder);
    await syncFolder(dirname(folder));
  }

  /** A folder in the inbox that the inbox passes over. */
  #hidden(operation: string): string {
    return join(this.#inbox.directory, `.countersign-${operation}`);
  }
}

/** Whole files of a folder; none when there is no folder. */
async function filesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => !name.startsWith('.'));
  } catch (error) {
    if (isError(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

function isError(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
