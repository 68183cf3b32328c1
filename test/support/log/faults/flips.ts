/** Single bits of a file turned over, and whether what SQLite reads from a log is still what was written. */
import { open, stat } from 'node:fs/promises';
import { type Database, DatabaseError, openForReading } from '../../../../agent/log/database.ts';
import { LogRefusal } from '../../../../agent/log/errors.ts';

/** Turns over one bit of a file where it lies. */
export async function flip(file: string, bit: number): Promise<void> {
  const handle = await open(file, 'r+');
  const [place, byte] = [Math.floor(bit / 8), new Uint8Array(1)];
  await handle.read(byte, 0, 1, place);
  byte[0] = (byte[0] ?? 0) ^ (1 << (bit % 8));
  await handle.write(byte, 0, 1, place);
  await handle.close();
}

/** How many bits a file has. */
export async function bitsOf(file: string): Promise<number> {
  return (await stat(file)).size * 8;
}

type Tables = Readonly<Record<string, readonly string[]>>;

/** The tables of a log that are evidence, each with what finds one row of it. */
const evidence: Tables = { entry: ['seq'], node: ['level', 'idx'], checkpoint: ['size'], meta: ['key'] };
/** The same with those of sealed fields; what only finds a word again can be made anew. */
export const withSealed: Tables = {
  ...evidence,
  sealed: ['seq', 'tier'],
  vault: ['kid'],
  tier_key: ['tier'],
  tier_grant: ['staff', 'tier'],
};

/** What SQLite reads from a log that is sound, to hold other readings against. */
export class Reading {
  /** The keys of each table, as JSON. */
  readonly #keys = new Map<string, string>();
  readonly #tables: Tables;
  #rows = '';

  private constructor(tables: Tables) {
    this.#tables = tables;
  }

  static async of(file: string, tables: Tables = evidence): Promise<Reading> {
    const reading = new Reading(tables);
    await withReader(file, async (reader) => {
      for (const [table, key] of Object.entries(tables)) {
        const rows = await reader.all(`SELECT ${key.join(', ')} FROM ${table}`);
        reading.#keys.set(table, JSON.stringify(rows.map((row) => Object.values(row))));
      }
      reading.#rows = await reading.#read(reader);
    });
    return reading;
  }

  /** Whether every row reads as before, from the first to the last and each by its key; or SQLite itself finds that something is wrong. */
  async compare(file: string): Promise<'same' | 'other' | 'unreadable'> {
    try {
      return await withReader(file, async (reader) => ((await this.#read(reader)) === this.#rows ? 'same' : 'other'));
    } catch (error) {
      if (error instanceof DatabaseError || error instanceof LogRefusal) return 'unreadable';
      throw error;
    }
  }

  async #read(reader: Database): Promise<string> {
    const all: string[] = [];
    for (const [table, key] of Object.entries(this.#tables)) {
      all.push(...(await lines(reader, `SELECT * FROM ${table} ORDER BY ${key.join(', ')}`)));
      const found = key.map((name, place) => `t.${name} = wanted.value ->> ${place}`).join(' AND ');
      const byKey = `SELECT t.* FROM json_each(?) AS wanted LEFT JOIN ${table} AS t ON ${found} ORDER BY wanted.key`;
      all.push(...(await lines(reader, byKey, this.#keys.get(table) ?? '')));
    }
    return all.join('\n');
  }
}

/** What SQLite's own check says: `ok`, or what it found. */
export async function integrityOf(file: string): Promise<string> {
  try {
    return await withReader(file, async (reader) => (await lines(reader, 'PRAGMA integrity_check')).join('\n'));
  } catch (error) {
    if (error instanceof DatabaseError || error instanceof LogRefusal) return error.message;
    throw error;
  }
}

async function withReader<T>(file: string, read: (reader: Database) => Promise<T>): Promise<T> {
  const reader = await openForReading(file);
  try {
    return await read(reader);
  } finally {
    await reader.close();
  }
}

async function lines(reader: Database, sql: string, ...given: readonly string[]): Promise<readonly string[]> {
  const text = (value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value));
  return (await reader.all(sql, given)).map((row) => Object.values(row).map(text).join('|'));
}
