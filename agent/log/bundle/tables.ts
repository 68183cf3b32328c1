/**
 * Rows of the tables beside the entries as lines of canonical JSON, for a bundle: bytes are `{"base64":...}`. Which columns a table has is
 * asked of the database, and a table that is not there gives nothing, so that a log of an older layout goes out too.
 */
import type { Database, Row, Value } from '../database.ts';
import { LogRefusal } from '../errors.ts';
import { serialise, type Json } from '../record.ts';

/** Tables that go into a bundle whole, each with the column that orders it. */
export const wholeTables = [
  ['vault', 'id'],
  ['tier_key', 'tier'],
  ['tier_grant', 'id'],
] as const;

/** Most bytes of lines in one file of a bundle. */
const pieceBytes = 4 * 1024 * 1024;
/** Rows of a whole table that are fetched at once. */
const pageSize = 256;
/** Entries whose sealed fields are fetched at once: at most 6 MiB. */
const entriesAtOnce = 32;

/** True when the database has a table of this name. Throws DatabaseError. */
export async function hasTable(database: Database, table: string): Promise<boolean> {
  return (await database.all("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", [table])).length > 0;
}

/** The rows of a whole table, in pieces of lines. Throws DatabaseError, and LogRefusal for a row that is not stored as the log stores it. */
export async function* tableLines(database: Database, table: (typeof wholeTables)[number]): AsyncGenerator<Uint8Array, void, undefined> {
  const [name, key] = table;
  const first: Value = key === 'id' ? Number.MIN_SAFE_INTEGER : '';
  yield* pieces(
    pages(first, (after) => database.all(`SELECT * FROM ${name} WHERE ${key} > ? ORDER BY ${key} LIMIT ${pageSize}`, [after]), key),
  );
}

/** The sealed fields of the entries from `first` to before `end`, in pieces of lines. Throws as `tableLines`. */
export function sealedLines(database: Database, first: number, end: number): AsyncGenerator<Uint8Array, void, undefined> {
  return pieces(sealedPages(database, first, end));
}

/** The checkpoints of these sizes that are stored, in pieces of lines. Throws as `tableLines`. */
export function checkpointLines(database: Database, sizes: readonly number[]): AsyncGenerator<Uint8Array, void, undefined> {
  return pieces(checkpointPages(database, sizes));
}

async function* checkpointPages(database: Database, sizes: readonly number[]): AsyncGenerator<readonly Row[], void, undefined> {
  for (const size of sizes) yield await database.all('SELECT size, note FROM checkpoint WHERE size = ?', [size]);
}

async function* sealedPages(database: Database, first: number, end: number): AsyncGenerator<readonly Row[], void, undefined> {
  for (let at = first; at < end; at += entriesAtOnce) {
    const last = Math.min(at + entriesAtOnce, end) - 1;
    yield await database.all('SELECT * FROM sealed WHERE seq BETWEEN ? AND ? ORDER BY seq, tier', [at, last]);
  }
}

async function* pages(
  first: Value,
  fetch: (after: Value) => Promise<readonly Row[]>,
  key: string,
): AsyncGenerator<readonly Row[], void, undefined> {
  for (let after = first; ;) {
    const rows = await fetch(after);
    const last = rows.at(-1)?.[key];
    if (typeof last !== 'number' && typeof last !== 'string') return;
    yield rows;
    after = last;
  }
}

async function* pieces(paged: AsyncIterable<readonly Row[]>): AsyncGenerator<Uint8Array, void, undefined> {
  let lines: Buffer[] = [];
  let length = 0;
  for await (const rows of paged) {
    for (const row of rows) {
      const line = Buffer.from(`${serialise(toJson(row))}\n`);
      if (length > 0 && length + line.byteLength > pieceBytes) {
        yield Buffer.concat(lines);
        [lines, length] = [[], 0];
      }
      lines.push(line);
      length += line.byteLength;
    }
  }
  if (length > 0) yield Buffer.concat(lines);
}

function toJson(row: Row): Json {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]): [string, Json] => {
      if (value instanceof Uint8Array) return [column, { base64: Buffer.from(value).toString('base64') }];
      if (typeof value === 'string' || typeof value === 'number') return [column, value];
      throw new LogRefusal('unreadable', `a row beside the entries has no value in ${column}`);
    }),
  );
}
