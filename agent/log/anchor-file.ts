/**
 * The anchor of a log: a small file outside of its database, best on another disk, that says how far the log has come. It has two slots of 512 bytes, which are
 * written in turn, so that a write that was cut off leaves the one before. It is written after a commit and never before one: a log that is behind its anchor
 * has lost something. Whoever can write both the disks can make both agree; this finds the rest.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type AnchoredHead, readSlot, slotSize, writeSlot } from './anchor-slot.ts';
import { syncFolder } from './log-folder.ts';

/** What an anchor file says. */
export interface AnchorReading {
  /** Of the slots that can be read, the newest first. */
  readonly heads: readonly AnchoredHead[];
  /** How many of the two slots cannot be read. */
  readonly damaged: number;
  /** The slot that is to be written next: not the newest that can be read. */
  readonly next: 0 | 1;
}

/** The anchor file cannot be read or written. `code` is that of the operating system in small letters, for example `enospc`. */
export class AnchorFault extends Error {
  override readonly name = 'AnchorFault';
  readonly code: string;

  constructor(what: 'read' | 'written', file: string, cause: unknown) {
    const code = codeOf(cause);
    super(`the anchor ${file} cannot be ${what} (${code})`, { cause });
    this.code = code.toLowerCase();
  }
}

/** Reads an anchor file; undefined where there is none. Throws AnchorFault. */
export async function readAnchor(file: string): Promise<AnchorReading | undefined> {
  try {
    const handle = await open(file, 'r');
    try {
      const bytes = Buffer.alloc(2 * slotSize + 1);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
      // Whatever is longer or shorter was not written here; what is whole in it still speaks.
      const slots = [0, 1].map((slot) => readSlot(bytes.subarray(slot * slotSize, Math.min(bytesRead, (slot + 1) * slotSize))));
      const [first, second] = slots;
      const heads = slots.filter((head) => head !== undefined).sort((one, other) => other.size - one.size);
      return { heads, damaged: 2 - heads.length, next: first === undefined || (second !== undefined && first.size < second.size) ? 0 : 1 };
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw new AnchorFault('read', file, cause);
  }
}

/** Makes an anchor file, 0600, with a head in both slots; `instead` puts it in the place of one that is there. Durable when it resolves. Throws AnchorFault. */
export async function makeAnchor(file: string, head: AnchoredHead, instead = false): Promise<void> {
  const made = instead ? `${file}.new` : file;
  let isOurs = false;
  try {
    if (instead) await rm(made, { force: true });
    const handle = await open(made, 'wx', 0o600);
    isOurs = true;
    try {
      const slot = writeSlot(head);
      await writeWhole(handle, Buffer.concat([slot, slot]), 0);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (instead) await rename(made, file);
    await syncFolder(dirname(file));
  } catch (cause) {
    if (isOurs) await rm(made, { force: true }).catch(() => undefined);
    throw new AnchorFault('written', file, cause);
  }
}

/** Writes heads into an anchor file that is there. What is told while a write is under way waits, and only the newest of it is written. */
export class AnchorWriter {
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #onFault: (fault: AnchorFault) => void;
  #slot: 0 | 1;
  #newest: (() => AnchoredHead) | undefined;
  #writing: Promise<void> | undefined;
  #fault: AnchorFault | undefined;

  private constructor(file: string, handle: FileHandle, slot: 0 | 1, onFault: (fault: AnchorFault) => void) {
    this.#file = file;
    this.#handle = handle;
    this.#slot = slot;
    this.#onFault = onFault;
  }

  /** `slot` is the one that is written first. `onFault` is told once, when a write has failed; nothing is written after that. Throws AnchorFault. */
  static async open(file: string, slot: 0 | 1, onFault: (fault: AnchorFault) => void): Promise<AnchorWriter> {
    const handle = await open(file, 'r+').catch((cause: unknown) => {
      throw new AnchorFault('written', file, cause);
    });
    return new AnchorWriter(file, handle, slot, onFault);
  }

  /** Takes the head of the log as it is on the disk; does not wait until it is written. */
  told(head: () => AnchoredHead): void {
    this.#newest = head;
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when the newest head that was told is on the disk. Throws AnchorFault, which `onFault` was told too. */
  async sync(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    if (this.#fault === undefined) await this.#handle.datasync().catch((cause: unknown) => this.#fail(cause));
    if (this.#fault !== undefined) throw this.#fault;
  }

  /** Makes the newest head durable and lets the file go. A fault was told, and is not thrown. */
  async close(): Promise<void> {
    await this.sync().catch(() => undefined);
    await this.#handle.close().catch(() => undefined);
  }

  async #writeAll(): Promise<void> {
    // Begins in a later turn, so that a commit of many appends is told of once.
    await Promise.resolve();
    while (this.#newest !== undefined && this.#fault === undefined) {
      const head = this.#newest;
      this.#newest = undefined;
      try {
        await writeWhole(this.#handle, writeSlot(head()), this.#slot * slotSize);
        this.#slot = this.#slot === 0 ? 1 : 0;
      } catch (cause) {
        this.#fail(cause);
      }
    }
    this.#writing = undefined;
  }

  #fail(cause: unknown): void {
    if (this.#fault !== undefined) return;
    this.#fault = new AnchorFault('written', this.#file, cause);
    this.#onFault(this.#fault);
  }
}

/** A write may be short. */
async function writeWhole(handle: FileHandle, bytes: Uint8Array, place: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, place + done);
    if (bytesWritten === 0) throw Object.assign(new Error('nothing more was written'), { code: 'ENOSPC' });
    done += bytesWritten;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'FAULT';
}
