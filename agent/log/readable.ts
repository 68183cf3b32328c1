/** A log for whoever only reads it, also while the agent runs: what it says of itself, at one moment. */
import { type Database, openForReading } from './database.ts';
import { readEntry } from './entry.ts';
import type { LogKeyFields } from './events.ts';
import { checkTables, findRows } from './schema.ts';
import { type SealingFacts, sealingFacts } from './staff-grants.ts';
import { databaseFile, logFolder } from './store.ts';

/** What a log says of itself. */
export interface LogFacts {
  readonly origin: string;
  /** Absent in a station that was made before logs had keys. */
  readonly key: LogKeyFields | undefined;
  /** Whom personal fields are sealed to, and who may read them. */
  readonly sealing: SealingFacts;
  /** False for a log of the first layout, which has no nodes and no checkpoints yet. */
  readonly hasTree: boolean;
}

/** An open log and what it says of itself. */
export interface ReadableLog {
  readonly database: Database;
  readonly file: string;
  readonly facts: LogFacts;
}

/** Lends the log of a data folder, as it is at one moment. Throws LogRefusal, and NotCanonical or NotInCatalogue for bytes of another version. */
export async function readLog<T>(data: string, use: (log: ReadableLog) => Promise<T>): Promise<T> {
  const file = databaseFile(logFolder(data));
  const database = await openForReading(file);
  try {
    // One transaction: what the agent appends meanwhile is not seen.
    await database.exec('BEGIN');
    const { origin, layout } = await checkTables(database, file);
    const all = { from: 0, to: Number.MAX_SAFE_INTEGER, limit: Number.MAX_SAFE_INTEGER, newestFirst: false };
    const events = (await findRows(database, { ...all, ops: ['key'] })).map((row) => readEntry(row).event);
    const keys = events.flatMap((event) => (event.op === 'key' ? [event] : []));
    const key = keys.find((event): event is typeof event & LogKeyFields => event.purpose === 'log');
    return await use({ database, file, facts: { origin, key, sealing: sealingFacts(keys), hasTree: layout > 1 } });
  } finally {
    await database.close();
  }
}
