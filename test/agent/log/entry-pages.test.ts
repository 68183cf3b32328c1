import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openForReading } from '../../../agent/log/database.ts';
import { pageSize } from '../../../agent/log/entry-pages.ts';
import { readNodeRows } from '../../../agent/log/read-tree.ts';
import { readRows } from '../../../agent/log/schema.ts';
import { makeStationLog, numbered, type StationLog } from '../../support/log/station-log.ts';

let log: StationLog;
beforeEach(async () => {
  log = await makeStationLog();
  const store = await log.open();
  for (let count = 0; count < 4; count += 1) await store.appendAll(Array.from({ length: pageSize / 2 }, () => numbered(count)));
  await store.close();
});
afterEach(() => log.remove());

const sqlite = (...sql: string[]): string => execFileSync('sqlite3', [log.file, ...sql], { encoding: 'utf8' });
const free = 'DROP TRIGGER entry_unchanged; DROP TRIGGER entry_kept; DROP TRIGGER node_unchanged; DROP TRIGGER node_kept;';
/** Takes the types away, as whoever owns the disk can. */
const untyped = `${free} PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = 'CREATE TABLE entry(seq INTEGER PRIMARY KEY, body, leaf, prev)' WHERE name = 'entry';
UPDATE sqlite_schema SET sql = 'CREATE TABLE node(level, idx, hash, PRIMARY KEY (level, idx)) WITHOUT ROWID' WHERE name = 'node';`;

async function all<T>(read: (database: Awaited<ReturnType<typeof openForReading>>, file: string) => AsyncIterable<T>): Promise<T[]> {
  const database = await openForReading(log.file);
  try {
    const rows: T[] = [];
    for await (const row of read(database, log.file)) rows.push(row);
    return rows;
  } finally {
    await database.close();
  }
}
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();

it('are the rows as they are stored, whatever bytes stand in them, over several pages', async () => {
  sqlite(
    `${free} UPDATE entry SET body = x'0000ff00c328fffe2c207b' WHERE seq = 3; UPDATE entry SET body = randomblob(65535) WHERE seq = 300;
UPDATE entry SET leaf = zeroblob(32), prev = randomblob(32) WHERE seq IN (5, ${pageSize}); DELETE FROM entry WHERE seq IN (7, ${pageSize + 9})`,
  );
  const stored = sqlite('SELECT seq, hex(body), hex(leaf), hex(prev) FROM entry ORDER BY seq').trim().split('\n');
  expect(stored.length).toBeGreaterThan(2 * pageSize - 2);
  const rows = await all(readRows);
  expect(rows.map(({ seq, body, leaf, prev }) => [seq, hex(body), hex(leaf), hex(prev)].join('|'))).toEqual(stored);
  const nodes = sqlite('SELECT level, idx, hex(hash) FROM node ORDER BY (idx + 1) << level, level').trim().split('\n');
  expect((await all(readNodeRows)).map(({ level, idx, hash }) => [level, idx, hex(hash)].join('|'))).toEqual(nodes);
});

it.each(['body', 'leaf', 'prev'])('say which entry has a %s that is not stored as bytes', async (column) => {
  sqlite(untyped);
  for (const value of ['NULL', "'text'", '7', `CAST(${column} AS TEXT)`]) {
    sqlite(`UPDATE entry SET ${column} = ${value} WHERE seq = 300`);
    await expect(all(readRows)).rejects.toMatchObject({ code: 'unreadable', message: 'entry 300 is not stored as bytes' });
  }
});

it('say of which level a node is not stored as 32 bytes', async () => {
  sqlite(untyped);
  for (const value of ['NULL', 'CAST(hash AS TEXT)', 'zeroblob(31)', 'zeroblob(33)', "hash || x'00'"]) {
    sqlite(`UPDATE node SET hash = ${value} WHERE level = 2 AND idx = 60`);
    await expect(all(readNodeRows)).rejects.toMatchObject({ code: 'unreadable', message: 'a node of level 2 is not stored as bytes' });
  }
});
