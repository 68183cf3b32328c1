/**
 * Where signed documents go. First `stage`: the bytes are on disk, durably, where nobody looks. Then the log says `sign.done`. Only then `publish`: the
 * file appears in the outbox under its name, whole or not at all, and never over another file. What was published is marked until `discard` says that
 * nothing is left to do for the operation. A crash between any two of these is mended at start.
 */
import { link, lstat, mkdir, readdir, rename, rm, truncate } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { copyDurably, digestOfFile, syncFolder, writeDurably } from './durable.ts';

/** Something that was staged and not discarded yet. */
export interface Pending {
  readonly operation: string;
  readonly fileName: string;
  /** SHA-256 of the bytes, hex; undefined once they are published. */
  readonly digest: string | undefined;
}

/** A staged file gets this ending, and loses its bytes, when it is in the outbox. */
const publishedMark = '.published';

export class Outbox {
  readonly #staging: string;
  readonly #directory: string;
  readonly #exactName: string | undefined;

  /**
   * `staging` is a folder of the station's own. `target` is the outbox folder, or, with `exact`, the one file that the next document becomes.
   */
  constructor(staging: string, target: string, exact = false) {
    this.#staging = staging;
    this.#directory = exact ? dirname(target) : target;
    this.#exactName = exact ? basename(target) : undefined;
  }

  /**
   * Writes the bytes durably under the operation's id and gives their SHA-256, hex. Throws on any I/O error (disk full, no permission); nothing
   * half-written stays.
   */
  async stage(operation: string, fileName: string, bytes: Uint8Array): Promise<string> {
    const folder = join(this.#staging, operation);
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const digest = await writeDurably(join(folder, `.${operation}.tmp`), bytes);
      await rename(join(folder, `.${operation}.tmp`), join(folder, fileName));
      await syncFolder(folder);
      await syncFolder(this.#staging);
      return digest;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Puts the staged document into the outbox, marks it, and gives the name it got there. Throws on I/O errors; the staged copy then stays. */
  async publish(operation: string): Promise<string> {
    const folder = join(this.#staging, operation);
    const fileName = await stagedName(folder);
    const staged = join(folder, fileName);
    const temporary = join(this.#directory, `.countersign-${operation}.tmp`);
    const published = await this.#alreadyThere(fileName, staged);
    await rm(temporary, { force: true });
    const name = published ?? (await this.#write(temporary, fileName, staged));
    const mark = join(folder, `${fileName}${publishedMark}`);
    await rename(staged, mark);
    await truncate(mark);
    await syncFolder(folder);
    return name;
  }

  /** Everything that is staged or marked as published. */
  async pending(): Promise<readonly Pending[]> {
    await mkdir(this.#staging, { recursive: true, mode: 0o700 });
    const found: Pending[] = [];
    for (const operation of await readdir(this.#staging)) {
      const folder = join(this.#staging, operation);
      const [name] = await wholeFiles(folder).catch(() => []);
      if (name === undefined) await rm(folder, { recursive: true, force: true });
      else if (name.endsWith(publishedMark)) found.push({ operation, fileName: name.slice(0, -publishedMark.length), digest: undefined });
      else found.push({ operation, fileName: name, digest: await digestOfFile(join(folder, name)) });
    }
    return found;
  }

  /** Throws away what is kept for an operation: it ended without a signature, or its document is published and nothing else is left to do. */
  async discard(operation: string): Promise<void> {
    await rm(join(this.#staging, operation), { recursive: true, force: true });
  }

  /** A crash after publishing and before tidying up must not publish twice. */
  async #alreadyThere(fileName: string, staged: string): Promise<string | undefined> {
    const there = new Set(await readdir(this.#directory));
    let digest: string | undefined;
    for (const name of this.#names(fileName)) {
      if (!there.has(name) || !(await isSameSize(staged, join(this.#directory, name)))) continue;
      digest ??= await digestOfFile(staged);
      if ((await digestOfFile(join(this.#directory, name)).catch(() => undefined)) === digest) return name;
    }
    return undefined;
  }

  async #write(temporary: string, fileName: string, staged: string): Promise<string> {
    try {
      await copyDurably(staged, temporary);
      for (const name of this.#names(fileName)) {
        // link() fails when the name is taken, so that nothing is ever written over.
        const free = await link(temporary, join(this.#directory, name)).then(
          () => true,
          (error: unknown) => {
            if (isTaken(error)) return false;
            throw error;
          },
        );
        if (free) return name;
      }
      throw new Error('no free name in the outbox');
    } finally {
      await rm(temporary, { force: true });
      await syncFolder(this.#directory);
    }
  }

  *#names(fileName: string): Generator<string> {
    if (this.#exactName !== undefined) {
      yield this.#exactName;
      return;
    }
    const stem = fileName.slice(0, fileName.length - extname(fileName).length);
    yield fileName;
    for (let n = 2; n < 1000; n += 1) yield `${stem}-${n}${extname(fileName)}`;
  }
}

async function stagedName(folder: string): Promise<string> {
  const [name] = (await wholeFiles(folder)).filter((file) => !file.endsWith(publishedMark));
  if (name === undefined) throw new Error('nothing is staged');
  return name;
}

async function wholeFiles(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => !name.endsWith('.tmp'));
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}

async function isSameSize(one: string, other: string): Promise<boolean> {
  const [left, right] = await Promise.all([one, other].map((path) => lstat(path).catch(() => undefined)));
  return left?.isFile() === true && right?.isFile() === true && left.size === right.size;
}
