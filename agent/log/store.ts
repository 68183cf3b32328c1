/**
 * The operation log of one station: what is appended here stays, in this order. The room never changes or removes an entry, never makes a log
 * where one should be, never says that an entry is in before the disk has it, and knows neither devices nor documents.
 */
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkChain, checkTree } from './check-chain.ts';
import { Appender, grow, type Made, makeEntry, stationActor, type Unsealed } from './appender.ts';
import type { OpenedCheckpoint } from './checkpoint.ts';
import { Checkpoints } from './checkpoints.ts';
import { type Clock, Timekeeper } from './clock.ts';
import { type Database, DatabaseError, openForWriting, type Ownership, unreadable } from './database.ts';
import { type LogEntry, readEntry } from './entry.ts';
import { LogRefusal, LogUnavailable } from './errors.ts';
import { type AppendableEvent, type LogEvent, type Op, parseEvent } from './events.ts';
import type { NoteSigner, VerifierKey } from './note-key.ts';
import { type EntryStation, type EntryTime, noPrev } from './record.ts';
import { layout } from './layout.ts';
import { exists, makeEmpty, own, syncFolder } from './log-folder.ts';
import { SideTables } from './side-tables.ts';
import { checkTables, createTables, findRows, insertEntries, readRows } from './schema.ts';
import { emptyFrontier } from './tree.ts';
import { upgrade } from './upgrade.ts';

/** The folder of the log inside the data folder of a station. */
export function logFolder(data: string): string {
  return join(data, 'log');
}

/** The database in a log's folder. */
export function databaseFile(directory: string): string {
  return join(directory, 'log.sqlite');
}

export interface StoreOptions {
  /** Name and version of the software, for every entry. */
  readonly software: string;
  /** SHA-256 of the configuration, hex, for every entry. */
  readonly configDigest: string;
  readonly clock?: Clock;
}

export interface NewStoreOptions extends StoreOptions {
  /** Station and epoch, for example `branch-12.example.org/e1`. */
  readonly origin: string;
  readonly stationName: string;
  readonly demo: boolean;
  /** What stands behind the first entry from the beginning, in the same commit. */
  readonly then?: readonly AppendableEvent[];
  /** What stands in the tables beside the entries from the beginning. */
  readonly fill?: (database: Database) => Promise<void>;
}

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
  /**
   * Signs the size and the root of the log as it is on the disk and keeps the note; where nothing was appended since the last one, that one comes
   * back. Throws LogRefusal `broken` when the log did not grow out of the last one or that is not by this key (nothing is signed), LogUnavailable
   * when the log is not open or the note cannot be kept (the store has failed), and RangeError for a signer of another name.
   */
  checkpoint(signer: NoteSigner): Promise<OpenedCheckpoint>;
  /** Checks, in O(log n), that the log grew out of the newest checkpoint that was kept, if one was. Throws as `checkpoint`. */
  checkGrowth(key: VerifierKey): Promise<void>;
  /** Waits for appends under way, then lets the log go. */
  close(): Promise<void>;
}

const originPattern = /^[a-z0-9][a-z0-9.-]{0,99}\/e[1-9]\d{0,8}$/;

/**
 * Makes the log of a new station: the folder (0700), the database (0600), the first entry. Throws LogRefusal `exists` where one is,
 * `in-use`, or `settings`; RangeError for an origin that is not `station/e<number>`. A crash half-way leaves no log.
 */
export async function createStore(directory: string, options: NewStoreOptions): Promise<void> {
  if (!originPattern.test(options.origin)) throw new RangeError(`not an origin: ${options.origin}`);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  const ownership = await own(directory);
  const file = databaseFile(directory);
  const draft = `${file}.new`;
  try {
    if (await exists(file)) throw new LogRefusal('exists', `there is an operation log at ${file} already`);
    for (const rest of ['', '-wal', '-shm']) await rm(`${draft}${rest}`, { force: true });
    await makeEmpty(draft);
    const database = await openForWriting(draft, { create: true });
    try {
      await createTables(database, options.origin);
      const { at } = new Timekeeper(options.clock).now();
      const genesis: LogEvent = { op: 'genesis', actor: stationActor, station_name: options.stationName, demo: options.demo };
      await insertEntries(database, grow(emptyFrontier, firstEntries([genesis, ...(options.then ?? [])], at, options)).grown);
      await options.fill?.(database);
    } finally {
      await database.close();
    }
    await rename(draft, file);
    await syncFolder(directory);
    await syncFolder(dirname(directory));
  } finally {
    await ownership.release();
  }
}

/**
 * Opens the log of a station for its agent, checks the whole chain of hashes, and appends `boot`. Never makes a log. Throws LogRefusal:
 * `missing`, `unreadable`, `in-use` (another agent has it), `settings`, or `broken` with the number of the first bad entry.
 */
export async function openStore(directory: string, options: StoreOptions): Promise<LogStore> {
  const file = databaseFile(directory);
  if (!(await exists(file))) throw new LogRefusal('missing', `there is no operation log at ${file}`);
  const ownership = await own(directory);
  let database: Database | undefined;
  try {
    database = await openForWriting(file);
    // The WAL is there now. SQLite syncs its name too, but goes on when that fails, and a name that is lost takes every entry of this start with it.
    await syncFolder(directory);
    const tables = await checkTables(database, file);
    const { tip, boot, frontier } = await checkChain(readRows(database, file), tables.origin);
    if (tables.layout < layout) await upgrade(database, tables.layout);
    await checkTree(database, frontier);
    const appender = new Appender(database, tip, frontier, stationOf(options), options.clock);
    await appender.write([{ op: 'boot', actor: stationActor, ...(boot === undefined ? {} : { previous: boot }) }]);
    return new Store(database, ownership, appender);
  } catch (error) {
    await database?.close();
    await ownership.release();
    throw error instanceof DatabaseError ? unreadable(file, error) : error;
  }
}

/** Entries that one query looks through before appends get their turn. */
const scanSize = 2000;

class Store implements LogStore {
  readonly #database: Database;
  readonly #ownership: Ownership;
  readonly #appender: Appender;
  readonly #checkpoints: Checkpoints;
  readonly tables: SideTables;

  constructor(database: Database, ownership: Ownership, appender: Appender) {
    this.#database = database;
    this.#ownership = ownership;
    this.#appender = appender;
    this.#checkpoints = new Checkpoints(database, appender);
    this.tables = new SideTables(database, appender);
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
        const rows = await findRows(this.#database, { from, to, ...ops, ...operation, limit: limit - found.length, newestFirst });
        for (const row of rows) found.push(readEntry(row));
      }
    } catch (cause) {
      throw new LogUnavailable('the operation log cannot be read', cause);
    }
    return found;
  }

  checkpoint(signer: NoteSigner): Promise<OpenedCheckpoint> {
    return this.#checkpoints.sign(signer);
  }

  checkGrowth(key: VerifierKey): Promise<void> {
    return this.#checkpoints.check(key);
  }

  async close(): Promise<void> {
    await this.#appender.stop();
    await this.#checkpoints.idle();
    try {
      await this.#database.close();
    } finally {
      await this.#ownership.release();
    }
  }
}

function firstEntries(events: readonly LogEvent[], at: EntryTime, options: NewStoreOptions): readonly Made[] {
  const made: Made[] = [];
  for (const [seq, event] of events.entries()) {
    const prev = made.at(-1)?.entry.leaf ?? noPrev;
    made.push(makeEntry({ origin: options.origin, seq, prev, at, station: stationOf(options) }, parseEvent(event)));
  }
  return made;
}

function stationOf(options: StoreOptions): EntryStation {
  return { software: options.software, config: options.configDigest };
}
