/** Makes the log of a new station. Opening one never does, so that a lost log is noticed. */
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { begun } from './anchor.ts';
import type { AnchoredHead } from './anchor-slot.ts';
import { appendLimit, grow, type Made, makeEntry, stationActor } from './appender.ts';
import { Timekeeper } from './clock.ts';
import { type Database, openForWriting } from './database.ts';
import { LogRefusal } from './errors.ts';
import { type AppendableEvent, type LogEvent, parseEvent } from './events.ts';
import { exists, makeEmpty, own, syncFolder } from './log-folder.ts';
import { headOf } from './opened-log.ts';
import { type EntryTime, noPrev } from './record.ts';
import { createTables, insertEntries } from './schema.ts';
import { databaseFile, type StoreOptions } from './store.ts';
import { emptyFrontier } from './tree.ts';

export interface NewStoreOptions extends Omit<StoreOptions, 'anchor' | 'known'> {
  /** Station and epoch, for example `branch-12.example.org/e1`. */
  readonly origin: string;
  readonly stationName: string;
  readonly demo: boolean;
  /** What stands behind the first entry from the beginning, in the same commit. */
  readonly then?: readonly AppendableEvent[];
  /** What stands in the tables beside the entries from the beginning. */
  readonly fill?: (database: Database) => Promise<void>;
  /** Keeps the first head in an anchor, before there is a log; the log says that it has one. */
  readonly keepHead?: (head: AnchoredHead) => Promise<void>;
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
      const made = firstEntries([genesis, ...(options.then ?? []), ...(options.keepHead === undefined ? [] : [begun])], at, options);
      const { grown, frontier } = grow(emptyFrontier, made);
      // Several statements where one cannot take all: until the file has its name, none of it is a log.
      for (let done = 0; done < grown.length; done += appendLimit) await insertEntries(database, grown.slice(done, done + appendLimit));
      await options.fill?.(database);
      const last = made.at(-1)?.entry;
      if (last !== undefined) await options.keepHead?.(headOf(last, frontier));
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

function firstEntries(events: readonly LogEvent[], at: EntryTime, options: NewStoreOptions): readonly Made[] {
  const station = { software: options.software, config: options.configDigest };
  const made: Made[] = [];
  for (const [seq, event] of events.entries()) {
    const prev = made.at(-1)?.entry.leaf ?? noPrev;
    made.push(makeEntry({ origin: options.origin, seq, prev, at, station }, parseEvent(event)));
  }
  return made;
}
