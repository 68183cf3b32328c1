/** Reads what is stored beside the entries, for whoever checks it against them: nodes in the order in which they became complete, and checkpoints. */
import { type Database, DatabaseError, unreadable } from './database.ts';
import { LogRefusal } from './errors.ts';

/** Nodes of one level that are fetched at once. */
const pageSize = 512;

interface NodeRow {
  readonly level: number;
  readonly idx: number;
  readonly hash: Uint8Array;
}

/** Every node, by the number of entries behind which it is complete, then by level; a page of each level is held. Throws LogRefusal `unreadable`. */
export async function* readNodeRows(database: Database, file: string): AsyncGenerator<NodeRow, void, undefined> {
  try {
    const levels = (await database.all('SELECT level FROM node GROUP BY level ORDER BY level')).map((row) =>
      levelRows(database, Number(row['level'])),
    );
    const heads = await Promise.all(levels.map((rows) => rows.next()));
    for (;;) {
      let first: { readonly at: number; readonly row: NodeRow; readonly end: number } | undefined;
      for (const [at, head] of heads.entries()) {
        if (head.done === true) continue;
        const end = (head.value.idx + 1) * 2 ** head.value.level;
        // Lower levels come first, so an equal one stays behind.
        if (first === undefined || end < first.end) first = { at, row: head.value, end };
      }
      const rows = first === undefined ? undefined : levels[first.at];
      if (first === undefined || rows === undefined) return;
      yield first.row;
      heads[first.at] = await rows.next();
    }
  } catch (error) {
    throw error instanceof DatabaseError ? unreadable(file, error) : error;
  }
}

async function* levelRows(database: Database, level: number): AsyncGenerator<NodeRow, void, undefined> {
  for (let after = -1; ;) {
    const rows = await database.all('SELECT idx, hash FROM node WHERE level = ? AND idx > ? ORDER BY idx LIMIT ?', [
      level,
      after,
      pageSize,
    ]);
    for (const { idx, hash } of rows) {
      if (typeof idx !== 'number' || !(hash instanceof Uint8Array))
        throw new LogRefusal('unreadable', `a node of level ${level} is not stored as bytes`);
      yield { level, idx, hash };
      after = idx;
    }
    if (rows.length < pageSize) return;
  }
}

/** Every checkpoint, the smallest first. Throws LogRefusal `unreadable`. */
export async function readCheckpoints(
  database: Database,
  file: string,
): Promise<readonly { readonly size: number; readonly note: Uint8Array }[]> {
  const rows = await database.all('SELECT size, note FROM checkpoint ORDER BY size').catch((error: unknown) => {
    throw error instanceof DatabaseError ? unreadable(file, error) : error;
  });
  return rows.map(({ size, note }) => {
    if (typeof size === 'number' && note instanceof Uint8Array) return { size, note };
    throw new LogRefusal('unreadable', 'a checkpoint is not stored as bytes');
  });
}
