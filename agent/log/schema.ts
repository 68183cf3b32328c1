/** Reading and writing of the tables of the log (`layout.ts`). */
import { unreadable, DatabaseError, type Database } from './database.ts';
import { readEntryPage } from './entry-pages.ts';
import { toHex, type RawEntry } from './entry.ts';
import { LogRefusal } from './errors.ts';
import { applicationId, layout, objectsOf } from './layout.ts';
import type { NodeId, ReadNodes, TreeNode } from './tree.ts';

/** Makes the tables in an empty database. Throws DatabaseError. */
export async function createTables(database: Database, origin: string): Promise<void> {
  const objects = objectsOf.get(layout) ?? [];
  await database.exec(`BEGIN; ${objects.join(';\n')}; PRAGMA application_id=${applicationId}; PRAGMA user_version=${layout}; COMMIT`);
  await database.all('INSERT INTO meta(key, value) VALUES (?, ?)', ['origin', origin]);
}

/** Whose log it is, and in which layout. */
export interface Tables {
  readonly origin: string;
  readonly layout: number;
}

/** Checks that the tables and triggers are exactly those of a layout that is known. Throws LogRefusal `unreadable`. */
export async function checkTables(database: Database, file: string): Promise<Tables> {
  try {
    const [id] = await database.all('PRAGMA application_id');
    const [version] = await database.all('PRAGMA user_version');
    if (id?.['application_id'] !== applicationId) throw new LogRefusal('unreadable', `${file} is a database, but not an operation log`);
    const found = Number(version?.['user_version']);
    const objects = objectsOf.get(found);
    if (objects === undefined)
      throw new LogRefusal('unreadable', `the operation log at ${file} has layout ${found}, and this version reads none above ${layout}`);
    const there = new Set((await database.all('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL')).map((row) => row['sql']));
    if (there.size !== objects.length || objects.some((sql) => !there.has(sql)))
      throw new LogRefusal('unreadable', `the tables or triggers of the operation log at ${file} were changed`);
    const [origin] = await database.all("SELECT value FROM meta WHERE key = 'origin'");
    if (typeof origin?.['value'] !== 'string') throw new LogRefusal('unreadable', `the operation log at ${file} does not say whose it is`);
    return { origin: origin['value'], layout: found };
  } catch (error) {
    throw error instanceof DatabaseError ? unreadable(file, error) : error;
  }
}

/** A row, and the complete nodes that came to be with it. */
export interface Grown {
  readonly raw: RawEntry;
  readonly nodes: readonly TreeNode[];
}

/** Nodes as the view takes them. */
export function nodesAsJson(nodes: readonly TreeNode[]): string {
  return JSON.stringify(nodes.map(({ level, index, hash }) => [level, index, toHex(hash)]));
}

/** Writes entries that follow the last one, with their nodes, in one statement and so in one commit. Throws DatabaseError. */
export async function insertEntries(database: Database, grown: readonly Grown[]): Promise<void> {
  const places = grown.map(() => '(?, ?, ?, ?, ?)').join(', ');
  const values = grown.flatMap(({ raw: { seq, body, leaf, prev }, nodes }) => [seq, body, leaf, prev, nodesAsJson(nodes)]);
  await database.all(`INSERT INTO appended(seq, body, leaf, prev, nodes) VALUES ${places}`, values);
}

/** Reads complete nodes, and leaves as those of level 0, in one statement. Throws DatabaseError. */
export function nodeReader(database: Database): ReadNodes {
  return async (wanted: readonly NodeId[]) => {
    const rows = await database.all(
      `SELECT key, iif(value ->> 0 = 0, (SELECT leaf FROM entry WHERE seq = value ->> 1),
        (SELECT hash FROM node WHERE level = value ->> 0 AND idx = value ->> 1)) AS hash FROM json_each(?)`,
      [JSON.stringify(wanted.map(({ level, index }) => [level, index]))],
    );
    const found = new Map(rows.map((row) => [row['key'], row['hash']]));
    return wanted.map((_, place) => {
      const hash = found.get(place);
      return hash instanceof Uint8Array ? hash : undefined;
    });
  };
}

/** A checkpoint as it is stored; nobody has looked at its signature. */
export interface StoredCheckpoint {
  readonly size: number;
  /** A signed note. */
  readonly note: Uint8Array;
}

/** The newest checkpoint that was kept, of those of at least so many entries. Throws DatabaseError. */
export async function newestCheckpoint(database: Database, atLeast = 1): Promise<StoredCheckpoint | undefined> {
  const [row] = await database.all('SELECT size, note FROM checkpoint WHERE size >= ? ORDER BY size DESC LIMIT 1', [atLeast]);
  const { size, note } = row ?? {};
  return typeof size === 'number' && note instanceof Uint8Array ? { size, note } : undefined;
}

/** Every row from the first to the last that is there when reading begins, in order, a page at a time. Throws LogRefusal `unreadable`. */
export async function* readRows(database: Database, file: string): AsyncGenerator<RawEntry, void, undefined> {
  try {
    const [tip] = await database.all('SELECT max(seq) AS tip FROM entry');
    if (typeof tip?.['tip'] !== 'number') return;
    const last = tip['tip'];
    const fetch = (after: number) => {
      const page = readEntryPage(database, after, last);
      // It is awaited only after the page before it was used; until then a failure waits too.
      page.catch(() => undefined);
      return page;
    };
    let page = fetch(Number.MIN_SAFE_INTEGER);
    for (;;) {
      const rows = await page;
      const end = rows.at(-1)?.seq;
      // The next page is read while this one is used.
      if (end !== undefined && end < last) page = fetch(end);
      // One by one: yield* would ask each of them whether it is a promise.
      for (const row of rows) yield row;
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
  /** RFC 3339, UTC, milliseconds, as entries have it; both are inclusive. */
  readonly since?: string;
  readonly until?: string;
  readonly limit: number;
  readonly newestFirst: boolean;
}

/** Rows that fit a query. It reads bodies: an index over them would be a projection, and is not here yet. Throws DatabaseError. */
export async function findRows(database: Database, query: RowQuery): Promise<readonly RawEntry[]> {
  const { from, to, ops, operation, since, until, limit, newestFirst } = query;
  const field = (key: string) => `CAST(body AS TEXT) ->> '$.${key}'`;
  const asked: readonly (readonly [string, string | undefined])[] = [
    [`${field('op')} IN (SELECT value FROM json_each(?))`, ops === undefined ? undefined : JSON.stringify(ops)],
    [`${field('operation')} = ?`, operation],
    [`${field('at.time')} >= ?`, since],
    [`${field('at.time')} <= ?`, until],
  ];
  const conditions = asked.flatMap(([condition, value]) => (value === undefined ? [] : [{ condition, value }]));
  const where = ['seq BETWEEN ? AND ?', ...conditions.map(({ condition }) => condition)].join(' AND ');
  const rows = await database.all(
    `SELECT seq, body, leaf, prev FROM entry WHERE ${where} ORDER BY seq ${newestFirst ? 'DESC' : 'ASC'} LIMIT ?`,
    [from, to, ...conditions.map(({ value }) => value), limit],
  );
  return rows.map(rawEntry);
}

function rawEntry(row: Readonly<Record<string, unknown>>): RawEntry {
  const { seq, body, leaf, prev } = row;
  if (typeof seq === 'number' && body instanceof Uint8Array && leaf instanceof Uint8Array && prev instanceof Uint8Array)
    return { seq, body, leaf, prev };
  throw new LogRefusal('unreadable', `entry ${String(seq)} is not stored as bytes`);
}
