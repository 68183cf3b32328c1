/**
 * The operation log of one station: what is appended here stays, in this order. The room never changes or removes an entry, never makes a log
 * where one should be, never says that an entry is in before the disk has it, and knows neither devices nor documents.
 */
import { join } from 'node:path';
import type { Appender, Unsealed } from './appender.ts';
import type { OpenedCheckpoint } from './checkpoint.ts';
import type { ProvenBody } from './checkpoints.ts';
import { DatabaseError, type Ownership } from './database.ts';
import { type LogEntry, readEntry } from './entry.ts';
import { LogRefusal, LogUnavailable } from './errors.ts';
import type { AppendableEvent, Op } from './events.ts';
import type { NoteSigner, VerifierKey } from './note-key.ts';
import { exists, own } from './log-folder.ts';
import { openLog, type OpenOptions, type Opened } from './opened-log.ts';
import { findRows } from './schema.ts';
import type { SideTables } from './side-tables.ts';

/** The folder of the log inside the data folder of a station. */
export function logFolder(data: string): string {
  return join(data, 'log');
}

/** The database in a log's folder. */
export function databaseFile(directory: string): string {
  return join(directory, 'log.sqlite');
}

export type StoreOptions = OpenOptions;

/** Which entries to read. Numbers are inclusive; without `limit` every entry that fits comes back. */
export interface EntryQuery {
  readonly from?: number;
  readonly to?: number;
  readonly op?: Op | readonly Op[];
  readonly operation?: string;
  readonly limit?: number;
  readonly newestFirst?: boolean;
}

export interface LogStore {
  readonly origin: string;
  /** Number of entries that are on the disk. */
  readonly size: number;
  /** False once the log was closed or has failed. */
  readonly isOpen: boolean;
  /** The newest entry; there is always one. */
  last(): LogEntry;
  /** The tables of sealed personal data. */
  readonly tables: SideTables;
  /** Resolves when the entry is on the disk. Throws as `appendAll`. */
  append(event: AppendableEvent, personal?: Unsealed): Promise<LogEntry>;
  /**
   * Appends 1 to 256 events, all in one commit or none; `personal` is sealed with the first of them. Throws NotInCatalogue or NotCanonical for an event that the log does not take (nothing
   * is written and the store goes on), and LogUnavailable when the outcome is unknown (the store has failed and takes nothing more).
   */
  appendAll(events: readonly AppendableEvent[], personal?: Unsealed): Promise<readonly LogEntry[]>;
  /** Entries that fit, oldest first unless asked otherwise. Throws LogUnavailable when the log is not open or cannot be read. */
  entries(query?: EntryQuery): Promise<readonly LogEntry[]>;
  /** The same a stretch at a time, oldest first, so that nobody has to hold them all. What is appended meanwhile is not among them. Throws as `entries`. */
  scan(query?: Omit<EntryQuery, 'limit' | 'newestFirst'>): AsyncIterable<LogEntry>;
  /**
   * Signs the size and the root of the log as it is on the disk and keeps the note; where nothing was appended since the last one, that one comes
   * back. Throws LogRefusal `broken` when the log did not grow out of the last one or that is not by this key (nothing is signed), LogUnavailable
   * when the log is not open or the note cannot be kept (the store has failed), RangeError for a signer of another name, and NotSigned when the key
   * did not sign (nothing is stored, and the store goes on).
   */
  checkpoint(signer: NoteSigner): Promise<OpenedCheckpoint>;
  /** Signs a checkpoint and proves an entry under it. Throws as `checkpoint`, and RangeError for a number that no entry has. */
  prove(seq: number, signer: NoteSigner): Promise<ProvenBody>;
  /** Checks, in O(log n), that the log grew out of the newest checkpoint that was kept, if one was. Throws as `checkpoint`. */
  checkGrowth(key: VerifierKey): Promise<void>;
  /** Hears when the store has failed and takes nothing more; gives the way to hear no more of it. */
  onFailure(listener: (failure: LogUnavailable) => void): () => void;
  /**
   * After an I/O error: lets the handle go, opens the file with a new one, checks all of it against the last entry that was acknowledged and against the
   * anchor, appends `boot`, and goes on. Gives the entries behind that last one: what was under way and is in the log after all, then the new `boot`. May be
   * tried again after it has thrown: LogRefusal as `openStore`, LogUnavailable, or RangeError where it was no I/O error.
   */
  reopen(): Promise<readonly LogEntry[]>;
  /** Waits for appends under way, then lets the log go. */
  close(): Promise<void>;
}

/**
 * Opens the log of a station for its agent, checks the whole chain of hashes and that the log grew out of every head that was kept elsewhere, and appends
 * `boot`. Never makes a log. Throws LogRefusal: `missing`, `unreadable`, `in-use` (another agent has it), `settings`, `broken` with the number of the first
 * bad entry, `anchor` or `no-anchor`.
 */
export async function openStore(directory: string, options: StoreOptions): Promise<LogStore> {
  const file = databaseFile(directory);
  if (!(await exists(file))) throw new LogRefusal('missing', `there is no operation log at ${file}`);
  const ownership = await own(directory);
  try {
    return await Store.open(file, options, ownership);
  } catch (error) {
    await options.anchor?.close();
    await ownership.release();
    throw error;
  }
}

/** Entries that one query looks through before appends get their turn. */
const scanSize = 2000;

type Listeners = Set<(failure: LogUnavailable) => void>;

class Store implements LogStore {
  readonly #file: string;
  readonly #options: StoreOptions;
  readonly #ownership: Ownership;
  readonly #onFailure: Listeners;
  #opened: Opened;
  /** The handle was let go, after an I/O error or at the end. */
  #isLetGo = false;

  private constructor(file: string, options: StoreOptions, ownership: Ownership, onFailure: Listeners, opened: Opened) {
    this.#file = file;
    this.#options = options;
    this.#ownership = ownership;
    this.#onFailure = onFailure;
    this.#opened = opened;
  }

  static async open(file: string, options: StoreOptions, ownership: Ownership): Promise<Store> {
    const listeners: Listeners = new Set();
    const tell = (failure: LogUnavailable): void => listeners.forEach((listener) => listener(failure));
    return new Store(file, options, ownership, listeners, await openLog(file, options, tell));
  }

  get tables(): SideTables {
    return this.#opened.tables;
  }

  get #appender(): Appender {
    return this.#opened.appender;
  }

  get origin(): string {
    return this.#appender.tip.origin;
  }

  get size(): number {
    return this.#appender.tip.seq + 1;
  }

  get isOpen(): boolean {
    return this.#appender.failure === undefined;
  }

  last(): LogEntry {
    return this.#appender.tip;
  }

  async append(event: AppendableEvent, personal?: Unsealed): Promise<LogEntry> {
    const [entry] = await this.#appender.append([event], { personal });
    return entry ?? this.last();
  }

  appendAll(events: readonly AppendableEvent[], personal?: Unsealed): Promise<readonly LogEntry[]> {
    return this.#appender.append(events, { personal });
  }

  async entries(query: EntryQuery = {}): Promise<readonly LogEntry[]> {
    if (this.#appender.failure !== undefined) throw this.#appender.failure;
    const first = Math.max(0, query.from ?? 0);
    const last = Math.min(this.size - 1, query.to ?? this.size - 1);
    const limit = query.limit ?? Number.MAX_SAFE_INTEGER;
    const newestFirst = query.newestFirst ?? false;
    const ops = query.op === undefined ? {} : { ops: typeof query.op === 'string' ? [query.op] : query.op };
    const operation = query.operation === undefined ? {} : { operation: query.operation };
    const found: LogEntry[] = [];
    try {
      for (let done = 0; first + done <= last && found.length < limit; done += scanSize) {
        const from = newestFirst ? Math.max(first, last - done - scanSize + 1) : first + done;
        const to = newestFirst ? last - done : Math.min(last, from + scanSize - 1);
        const rows = await findRows(this.#opened.database, { from, to, ...ops, ...operation, limit: limit - found.length, newestFirst });
        for (const row of rows) found.push(readEntry(row));
      }
    } catch (cause) {
      throw new LogUnavailable('the operation log cannot be read', cause);
    }
    return found;
  }

  async *scan(query: Omit<EntryQuery, 'limit' | 'newestFirst'> = {}): AsyncGenerator<LogEntry, void, undefined> {
    const last = Math.min(this.size - 1, query.to ?? this.size - 1);
    for (let from = Math.max(0, query.from ?? 0); from <= last; from += scanSize)
      yield* await this.entries({ ...query, from, to: Math.min(last, from + scanSize - 1) });
  }

  async checkpoint(signer: NoteSigner): Promise<OpenedCheckpoint> {
    const signed = await this.#opened.checkpoints.sign(signer);
    await this.#options.anchor?.sync().catch((error: unknown) => {
      throw new LogUnavailable(error instanceof Error ? error.message : String(error), error);
    });
    return signed;
  }

  prove(seq: number, signer: NoteSigner): Promise<ProvenBody> {
    return this.#opened.checkpoints.prove(seq, signer);
  }

  checkGrowth(key: VerifierKey): Promise<void> {
    return this.#opened.checkpoints.check(key);
  }

  onFailure(listener: (failure: LogUnavailable) => void): () => void {
    this.#onFailure.add(listener);
    return () => this.#onFailure.delete(listener);
  }

  async reopen(): Promise<readonly LogEntry[]> {
    const before = this.last();
    if (!(this.#appender.failure?.cause instanceof DatabaseError))
      throw new RangeError('only a log that failed with an I/O error is opened again');
    await this.#letGo();
    this.#opened = await openLog(this.#file, this.#options, (failure) => this.#onFailure.forEach((listener) => listener(failure)), before);
    this.#isLetGo = false;
    return this.entries({ from: before.seq + 1 });
  }

  async close(): Promise<void> {
    try {
      await this.#letGo();
    } finally {
      await this.#options.anchor?.close();
      await this.#ownership.release();
    }
  }

  async #letGo(): Promise<void> {
    await this.#appender.stop();
    await this.#opened.checkpoints.idle();
    if (this.#isLetGo) return;
    this.#isLetGo = true;
    await this.#opened.database.close();
  }
}
