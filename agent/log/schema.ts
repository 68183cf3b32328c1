/**
 * The tables of the log and the triggers that keep entries from being changed. Triggers stop bugs, not attackers: what stops those is the
 * chain of hashes, and checkpoints kept elsewhere. `node`, `sealed`, `vault` and `checkpoint` will stand beside `entry`.
 */
import { unreadable, DatabaseError, type Database } from './database.ts';
import type { RawEntry } from './entry.ts';
import { LogRefusal } from './errors.ts';
import { bodyLimit } from './record.ts';

/** "CSLG": marks the file as an operation log. */
const applicationId = 0x43534c47;
const layout = 1;

/** The SQL of every object, which `sqlite_schema` keeps word for word. */
const objects = [
  `CREATE TABLE entry(
  seq INTEGER PRIMARY KEY,
  body BLOB NOT NULL CHECK (length(body) BETWEEN 2 AND ${bodyLimit}),
  leaf BLOB NOT NULL CHECK (length(leaf) = 32),
  prev BLOB NOT NULL CHECK (length(prev) = 32)
) STRICT`,
  `CREATE TRIGGER entry_follows BEFORE INSERT ON entry
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq) + 1, 0) FROM entry)
  OR NEW.prev IS NOT coalesce((SELECT leaf FROM entry ORDER BY seq DESC LIMIT 1), zeroblob(32))
BEGIN SELECT RAISE(ABORT, 'an entry must follow the last one'); END`,
  `CREATE TRIGGER entry_unchanged BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'an entry is never changed'); END`,
  `CREATE TRIGGER entry_kept BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'an entry is never deleted'); END`,
  `CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID`,
  `CREATE TRIGGER meta_new BEFORE INSERT ON meta WHEN EXISTS (SELECT 1 FROM meta WHERE key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'a fact of the log is never changed'); END`,
  `CREATE TRIGGER meta_unchanged BEFORE UPDATE ON meta
BEGIN SELECT RAISE(ABORT, 'a fact of the log is never changed'); END`,
  `CREATE TRIGGER meta_kept BEFORE DELETE ON meta
BEGIN SELECT RAISE(ABORT, 'a fact of the log is never deleted'); END`,
] as const;

/** Makes the tables in an empty database. Throws DatabaseError. */
export async function createTables(database: Database, origin: string): Promise<void> {
  await database.exec(`BEGIN; ${objects.join(';\n')}; PRAGMA application_id=${applicationId}; PRAGMA user_version=${layout}; COMMIT`);
  await database.all('INSERT INTO meta(key, value) VALUES (?, ?)', ['origin', origin]);
}

/** Checks that the tables and triggers are exactly those of this version, and returns the origin. Throws LogRefusal `unreadable`. */
export async function checkTables(database: Database, file: string): Promise<string> {
  try {
    const [id] = await database.all('PRAGMA application_id');
    const [version] = await database.all('PRAGMA user_version');
    if (id?.['application_id'] !== applicationId) throw new LogRefusal('unreadable', `${file} is a database, but not an operation log`);
    if (version?.['user_version'] !== layout)
      throw new LogRefusal('unreadable', `the operation log at ${file} has layout ${String(version?.['user_version'])}, not ${layout}`);
    const found = new Set((await database.all('SELECT sql FROM sqlite_schema')).map((row) => row['sql']));
    if (found.size !== objects.length || objects.some((sql) => !found.has(sql)))
      throw new LogRefusal('unreadable', `the tables or triggers of the operation log at ${file} were changed`);
    const [origin] = await database.all("SELECT value FROM meta WHERE key = 'origin'");
    if (typeof origin?.['value'] !== 'string') throw new LogRefusal('unreadable', `the operation log at ${file} does not say whose it is`);
    return origin['value'];
  } catch (error) {
    throw error instanceof DatabaseError ? unreadable(file, error) : error;
  }
}

/** Writes entries that follow the last one, in one statement and so in one commit. Throws DatabaseError. */
export async function insertEntries(database: Database, entries: readonly RawEntry[]): Promise<void> {
  const places = entries.map(() => '(?, ?, ?, ?)').join(', ');
  const values = entries.flatMap(({ seq, body, leaf, prev }) => [seq, body, leaf, prev]);
  await database.all(`INSERT INTO entry(seq, body, leaf, prev) VALUES ${places}`, values);
}

/** Rows that are fetched at once: at most 16 MiB of bodies. */
const pageSize = 256;

/** Every row from the first to the last that is there when reading begins, in order, a page at a time. Throws LogRefusal `unreadable`. */
export async function* readRows(database: Database, file: string): AsyncGenerator<RawEntry, void, undefined> {
  try {
    const [tip] = await database.all('SELECT max(seq) AS tip FROM entry');
    if (typeof tip?.['tip'] !== 'number') return;
    const last = tip['tip'];
    const fetch = (after: number) => {
      const page = database.all('SELECT seq, body, leaf, prev FROM entry WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?', [
        after,
        last,
        pageSize,
      ]);
      // It is awaited only after the page before it was used; until then a failure waits too.
      page.catch(() => undefined);
      return page;
    };
    let page = fetch(Number.MIN_SAFE_INTEGER);
    for (;;) {
      const rows = (await page).map(rawEntry);
      const end = rows.at(-1)?.seq;
      // The next page is read while this one is used.
      if (end !== undefined && end < last) page = fetch(end);
      yield* rows;
      if (end === undefined || end >= last) return;
    }
  } catch (error) {
    throw error instanceof DatabaseError ? unreadable(file, error) : error;
  }
}

/** Which entries to read; see `LogStore.entries`. */
export interface RowQuery {
  readonly from: number;
  readonly to: number;
  readonly ops?: readonly string[];
  readonly operation?: string;
  readonly limit: number;
  readonly newestFirst: boolean;
}

/** Rows that fit a query. It reads bodies: an index over them would be a projection, and is not here yet. Throws DatabaseError. */
export async function findRows(database: Database, query: RowQuery): Promise<readonly RawEntry[]> {
  const { from, to, ops, operation, limit, newestFirst } = query;
  const field = (key: string) => `CAST(body AS TEXT) ->> '$.${key}'`;
  const conditions = ['seq BETWEEN ? AND ?'];
  if (ops !== undefined) conditions.push(`${field('op')} IN (SELECT value FROM json_each(?))`);
  if (operation !== undefined) conditions.push(`${field('operation')} = ?`);
  const rows = await database.all(
    `SELECT seq, body, leaf, prev FROM entry WHERE ${conditions.join(' AND ')} ORDER BY seq ${newestFirst ? 'DESC' : 'ASC'} LIMIT ?`,
    [from, to, ...(ops === undefined ? [] : [JSON.stringify(ops)]), ...(operation === undefined ? [] : [operation]), limit],
  );
  return rows.map(rawEntry);
}

function rawEntry(row: Readonly<Record<string, unknown>>): RawEntry {
  const { seq, body, leaf, prev } = row;
  if (typeof seq === 'number' && body instanceof Uint8Array && leaf instanceof Uint8Array && prev instanceof Uint8Array)
    return { seq, body, leaf, prev };
  throw new LogRefusal('unreadable', `entry ${String(seq)} is not stored as bytes`);
}
