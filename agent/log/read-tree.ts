/** Reads what is stored beside the entries, for whoever checks it against them: nodes in the order in which they became complete, and checkpoints. */
import { type Database, DatabaseError, type Row, unreadable } from './database.ts';
import { LogRefusal } from './errors.ts';
import type { StoredCheckpoint } from './schema.ts';

/** Nodes of one level, or checkpoints, that are fetched at once. */
const pageSize = 512;

interface NodeRow {
  readonly level: number;
  readonly idx: number;
  readonly hash: Uint8Array;
}

/** Every node, by the number of entries behind which it is complete, then by level; a page of each level is held. Throws LogRefusal `unreadable`. */
export async function* readNodeRows(database: Database, file: string): AsyncGenerator<NodeRow, void, undefined> {
  try {
    const levels = (await database.all('SELECT level FROM node GROUP BY level ORDER BY level')).map(
      (row) => new Level(database, Number(row['level'])),
    );
    for (const level of levels) await level.fetch();
    for (;;) {
      let first: Level | undefined;
      // Lower levels come first, so an equal one stays behind.
      for (const level of levels) if (level.end < (first?.end ?? Infinity)) first = level;
      const row = first?.row;
      if (first === undefined || row === undefined) return;
      yield row;
      if (first.step()) await first.fetch();
    }
  } catch (error) {
    throw error instanceof DatabaseError ? unreadable(file, error) : error;
  }
}

/** The nodes of one level, in order: one at a time, and no promise where a page is there. */
class Level {
  readonly #database: Database;
  readonly #level: number;
  readonly #width: number;
  #page: readonly NodeRow[] = [];
  #at = 0;
  /** The page behind this one: it is read while this one is used. */
  #coming: Promise<readonly Row[]>;
  /** Entries behind which the node that is next is complete; Infinity behind the last node. */
  end = Infinity;

  constructor(database: Database, level: number) {
    this.#database = database;
    this.#level = level;
    this.#width = 2 ** level;
    this.#coming = this.#ask(-1);
  }

  /** The node that is next. */
  get row(): NodeRow | undefined {
    return this.#page[this.#at];
  }

  /** Goes on to the next node. True when the page is used up, and `fetch` has to bring another. */
  step(): boolean {
    this.#at += 1;
    return this.#show();
  }

  /** Brings the next page. Throws DatabaseError, and LogRefusal `unreadable`. */
  async fetch(): Promise<void> {
    const [page] = await this.#coming;
    this.#page = this.#unpack(page ?? {});
    this.#at = 0;
    const last = this.#page.at(-1);
    if (this.#page.length === pageSize && last !== undefined) this.#coming = this.#ask(last.idx);
    else this.#coming = Promise.resolve([]);
    this.#show();
  }

  #ask(after: number): Promise<readonly Row[]> {
    const page = this.#database.all(pageOfLevel, [this.#level, after]);
    // It is awaited only when the page before it is used up; until then a failure waits too.
    page.catch(() => undefined);
    return page;
  }

  #show(): boolean {
    const row = this.row;
    this.end = row === undefined ? Infinity : (row.idx + 1) * this.#width;
    return row === undefined;
  }

  #unpack({ places, all, hashes }: Row): readonly NodeRow[] {
    if (typeof places !== 'string') return [];
    const level = this.#level;
    if (!Buffer.isBuffer(hashes) || all !== 1) throw new LogRefusal('unreadable', `a node of level ${level} is not stored as bytes`);
    return places.split(',').map((idx, place) => ({ level, idx: Number(idx), hash: hashes.subarray(32 * place, 32 * place + 32) }));
  }
}

/** A page as one piece of bytes, as in `entry-pages.ts`; `all` is 1 when each hash in it is 32 bytes. */
const pageOfLevel = `SELECT group_concat(idx) AS places, min(typeof(hash) = 'blob' AND length(hash) = 32) AS "all",
  CAST(group_concat(hash, '') AS BLOB) AS hashes
FROM (SELECT idx, hash FROM node WHERE level = ? AND idx > ? ORDER BY idx LIMIT ${pageSize})`;

/** Every checkpoint, the smallest first; a page of them is held. Throws LogRefusal `unreadable`. */
export async function* readCheckpoints(database: Database, file: string): AsyncGenerator<StoredCheckpoint, void, undefined> {
  try {
    const ask = (after: unknown) => {
      const page = database.all('SELECT size, note FROM checkpoint WHERE size > ? ORDER BY size LIMIT ?', [Number(after), pageSize]);
      // As with nodes: it is read while the page before it is used.
      page.catch(() => undefined);
      return page;
    };
    for (let coming = ask(Number.MIN_SAFE_INTEGER); ;) {
      const rows = await coming;
      if (rows.length === pageSize) coming = ask(rows.at(-1)?.['size']);
      for (const { size, note } of rows) {
        if (typeof size !== 'number' || !(note instanceof Uint8Array))
          throw new LogRefusal('unreadable', 'a checkpoint is not stored as bytes');
        yield { size, note };
      }
      if (rows.length < pageSize) return;
    }
  } catch (error) {
    throw error instanceof DatabaseError ? unreadable(file, error) : error;
  }
}
