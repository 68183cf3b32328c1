/**
 * Where signed documents go. First `stage`: the bytes are on disk, durably, where nobody looks. Then the log says `sign.done`. Only then `publish`: the
 * file appears in the outbox under its name, whole or not at all, and never over another file. What was published is marked until `discard` says that
 * nothing is left to do for the operation. A crash between any two of these is mended at start.
 *
 * The staged file itself goes out where the file system can give it a name there: its bytes are on disk already, and are not written again. From then on
 * it belongs to whoever reads the outbox, so the station gives up its own name for it and never looks into it again.
 */
import { lstat, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { copyDurably, digestOfBytes, digestOfFile, syncFolder, writeDurably } from './durable.ts';
import { linkUnderFreeName, renameUnderFreeName } from './free-name.ts';

/** Something that was staged and not discarded yet. */
export interface Pending {
  readonly operation: string;
  readonly fileName: string;
  /** SHA-256 of the bytes, hex; undefined once they are published. */
  readonly digest: string | undefined;
}

/** An empty file of this name with this ending takes the place of a staged file when that is in the outbox. */
const publishedMark = '.published';
/** The mark before it counts. It is made together with the staged file: on a disk that is full since, it only has to be renamed. */
const markInWaiting = '.published.tmp';

/** In the place of an operation's id: what is put beside a document. One at a time is written, and what a crash left is removed at start. */
const beside = 'beside';

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
   * Writes the bytes durably under the operation's id and gives their SHA-256, hex; where that is known already it is given as `known`. Throws on any I/O
   * error (disk full, no permission); nothing half-written stays.
   */
  async stage(operation: string, fileName: string, bytes: Uint8Array, known?: string): Promise<string> {
    const folder = join(this.#staging, operation);
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeDurably(join(folder, `.${operation}.tmp`), bytes);
      await writeFile(join(folder, markInWaiting), '', { mode: 0o600 });
      await rename(join(folder, `.${operation}.tmp`), join(folder, fileName));
      await syncFolder(folder);
      await syncFolder(this.#staging);
      return known ?? (await digestOfBytes(bytes));
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
    await rm(this.#temporary(operation), { force: true });
    const name = (await this.#alreadyThere(fileName, staged)) ?? (await this.#letOut(operation, fileName, staged));
    await this.#mark(folder, fileName);
    return name;
  }

  /** Puts a small file beside a document that is out, under the document's name with this ending, and gives the name it got. Throws on I/O errors. */
  async putBeside(name: string, ending: string, bytes: Uint8Array): Promise<string> {
    const temporary = this.#temporary(beside);
    const names = () => freeNames(`${name}${ending}`);
    try {
      await writeDurably(temporary, bytes);
      const linked = await linkUnderFreeName(temporary, this.#directory, names());
      const given = linked ?? (await renameUnderFreeName(temporary, this.#directory, names()));
      await syncFolder(this.#directory);
      return given;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** Everything that is staged or marked as published. */
  async pending(): Promise<readonly Pending[]> {
    await mkdir(this.#staging, { recursive: true, mode: 0o700 });
    await rm(this.#temporary(beside), { force: true });
    const found: Pending[] = [];
    for (const operation of await readdir(this.#staging)) {
      const folder = join(this.#staging, operation);
      const names = await wholeFiles(folder).catch(() => []);
      const mark = names.find((name) => name.endsWith(publishedMark));
      const [fileName = mark?.slice(0, -publishedMark.length)] = names.filter((name) => name !== mark);
      if (fileName === undefined) {
        await rm(folder, { recursive: true, force: true });
        continue;
      }
      if (mark !== undefined) await rm(join(folder, fileName), { force: true });
      // Whatever a person made of a document that is out already, it is not looked into: it was published.
      const isOut = mark !== undefined || (await this.#isOut(join(folder, fileName)));
      if (isOut && mark === undefined) await this.#mark(folder, fileName);
      found.push({ operation, fileName, digest: isOut ? undefined : await digestOfFile(join(folder, fileName)) });
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

  /** The staged file itself is in the outbox, under whatever name a person gave it there since: an agent ended between the two names. */
  async #isOut(staged: string): Promise<boolean> {
    const { dev, ino, nlink } = await lstat(staged);
    if (nlink === 1) return false;
    for (const name of await readdir(this.#directory).catch(() => [])) {
      const there = await lstat(join(this.#directory, name)).catch(() => undefined);
      if (there?.ino === ino && there.dev === dev) return true;
    }
    return false;
  }

  async #letOut(operation: string, fileName: string, staged: string): Promise<string> {
    // A file that somebody else has a name for, such as a backup made of links, goes out as a copy: what is in the outbox has one name.
    const isOurs = (await lstat(staged)).nlink === 1;
    const linked = isOurs ? await linkUnderFreeName(staged, this.#directory, this.#names(fileName)) : undefined;
    return linked ?? this.#copyOut(this.#temporary(operation), fileName, staged);
  }

  async #copyOut(temporary: string, fileName: string, staged: string): Promise<string> {
    try {
      await copyDurably(staged, temporary);
      const linked = await linkUnderFreeName(temporary, this.#directory, this.#names(fileName));
      return linked ?? (await renameUnderFreeName(temporary, this.#directory, this.#names(fileName)));
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** Only when the disk has the name in the outbox does the mark count, and only when it has the mark does the staged file lose its own name. */
  async #mark(folder: string, fileName: string): Promise<void> {
    await syncFolder(this.#directory);
    const mark = join(folder, `${fileName}${publishedMark}`);
    // An older agent made none in advance.
    await rename(join(folder, markInWaiting), mark).catch(() => writeFile(mark, '', { mode: 0o600 }));
    await syncFolder(folder);
    await rm(join(folder, fileName), { force: true });
  }

  #temporary(operation: string): string {
    return join(this.#directory, `.countersign-${operation}.tmp`);
  }

  *#names(fileName: string): Generator<string> {
    if (this.#exactName !== undefined) {
      yield this.#exactName;
      return;
    }
    yield* freeNames(fileName);
  }
}

/** The name itself, and then with a number before its ending. */
function* freeNames(fileName: string): Generator<string> {
  const stem = fileName.slice(0, fileName.length - extname(fileName).length);
  yield fileName;
  for (let n = 2; n < 1000; n += 1) yield `${stem}-${n}${extname(fileName)}`;
}

async function stagedName(folder: string): Promise<string> {
  const [name] = (await wholeFiles(folder)).filter((file) => !file.endsWith(publishedMark));
  if (name === undefined) throw new Error('nothing is staged');
  return name;
}

async function wholeFiles(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => !name.endsWith('.tmp'));
}

async function isSameSize(one: string, other: string): Promise<boolean> {
  const [left, right] = await Promise.all([one, other].map((path) => lstat(path).catch(() => undefined)));
  return left?.isFile() === true && right?.isFile() === true && left.size === right.size;
}
