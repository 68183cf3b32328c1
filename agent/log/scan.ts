/**
 * Walks through the entries that fit a question, a stretch of numbers at a time, so that one statement never holds up the appends of the agent
 * for long and nobody holds more than a stretch. Only the number of an entry is indexed; all else is read from the bodies.
 */
import type { Database } from './database.ts';
import type { RawEntry } from './entry.ts';
import { findRows, type RowQuery } from './schema.ts';

/** Which entries: numbers are inclusive, and so are times (RFC 3339, UTC, milliseconds). */
export type ScanQuery = Omit<RowQuery, 'limit' | 'newestFirst'>;

/** Numbers that one statement looks through. */
const stretch = 2000;

/** The number of the last entry; undefined where there is none. Throws DatabaseError. */
export async function lastNumber(database: Database): Promise<number | undefined> {
  const [row] = await database.all('SELECT max(seq) AS last FROM entry');
  return typeof row?.['last'] === 'number' ? row['last'] : undefined;
}

/** Entries that fit, oldest first. Throws DatabaseError. */
export async function* scanRows(database: Database, query: ScanQuery): AsyncGenerator<RawEntry, void, undefined> {
  for (let from = query.from; from <= query.to; from += stretch)
    yield* await findRows(database, { ...query, from, to: Math.min(query.to, from + stretch - 1), limit: stretch, newestFirst: false });
}

/**
 * The number from which on the last `count` of the entries that fit stand: read from the end, and no further than it has to. Where there are
 * fewer it is the first number asked for; for none of them it lies behind the last. Throws DatabaseError.
 */
export async function tailStart(database: Database, query: ScanQuery, count: number): Promise<number> {
  let left = count;
  if (left === 0) return query.to + 1;
  for (let to = query.to; to >= query.from; to -= stretch) {
    const from = Math.max(query.from, to - stretch + 1);
    const rows = await findRows(database, { ...query, from, to, limit: Math.min(left, stretch), newestFirst: true });
    left -= rows.length;
    if (left === 0) return rows.at(-1)?.seq ?? from;
  }
  return query.from;
}
