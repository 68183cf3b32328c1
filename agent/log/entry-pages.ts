/**
 * Pages of entries, each read as one piece of bytes. sqlite3 hands over every column of every row by itself, which costs several times what
 * hashing the row does; a page joined inside SQLite costs that once.
 */
import type { Database } from './database.ts';
import type { RawEntry } from './entry.ts';
import { LogRefusal } from './errors.ts';

/** Rows that are fetched at once: at most 16 MiB of bodies. */
export const pageSize = 256;

const sizeOf = (column: string) => `iif(typeof(${column}) = 'blob', length(${column}), -1)`;
/** `||` and group_concat copy bytes as they are, zeros too (UTF-8 databases); they only call them text, and the cast takes that back. */
const sql = `SELECT group_concat(seq || ',' || ${['body', 'leaf', 'prev'].map(sizeOf).join(" || ',' || ")}) AS sizes,
  CAST(group_concat(body || leaf || prev, '') AS BLOB) AS bytes
FROM (SELECT seq, body, leaf, prev FROM entry WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ${pageSize})`;

/** The next rows behind number `after`, none above `last`, in order. Throws DatabaseError, and LogRefusal `unreadable`. */
export async function readEntryPage(database: Database, after: number, last: number): Promise<readonly RawEntry[]> {
  const [page] = await database.all(sql, [after, last]);
  const { sizes, bytes } = page ?? {};
  if (typeof sizes !== 'string') return [];
  let at = 0;
  const take = (length: number, seq: number): Uint8Array => {
    if (length < 0 || !Buffer.isBuffer(bytes)) throw new LogRefusal('unreadable', `entry ${seq} is not stored as bytes`);
    return bytes.subarray(at, (at += length));
  };
  // Nothing but numbers stands there, four for a row.
  const numbers = JSON.parse(`[${sizes}]`) as readonly number[];
  return Array.from({ length: numbers.length / 4 }, (_, row) => {
    const [seq = 0, body = -1, leaf = -1, prev = -1] = numbers.slice(4 * row, 4 * row + 4);
    return { seq, body: take(body, seq), leaf: take(leaf, seq), prev: take(prev, seq) };
  });
}
