/** A log that was made before there was a tree is carried on: its entries stay as they are, and the tree over them is made. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openForReading, openForWriting } from '../../../agent/log/database.ts';
import { toHex } from '../../../agent/log/entry.ts';
import { checkTables, nodeReader, readRows } from '../../../agent/log/schema.ts';
import type { LogStore } from '../../../agent/log/store.ts';
import { appendLeaves, emptyFrontier, inclusionProof, rootOf } from '../../../agent/log/tree.ts';
import { verifyInclusion } from '../../../agent/log/proof.ts';
import { makeStationLog, numbered, type StationLog } from '../../support/log/station-log.ts';

const documents = 37;
let log: StationLog;
let store: LogStore | undefined;

beforeEach(async () => {
  log = await makeStationLog();
  store = await log.open();
  for (let index = 0; index < documents; index += 1) await store.append(numbered(index));
  await store.close();
});
afterEach(async () => {
  await store?.close().catch(() => undefined);
  await log.remove();
});

async function change(sql: string): Promise<void> {
  const database = await openForWriting(log.file);
  await database.exec(sql);
  await database.close();
}

const vault = 'DROP TABLE blind_index; DROP TABLE sealed; DROP TABLE vault; DROP TABLE tier_grant; DROP TABLE tier_key';
/** As an agent of before sealed fields left it. */
const asBeforeVault = () => change(`${vault}; PRAGMA user_version=2`);
/** As an agent of before the tree left it. */
const asBefore = () => change(`${vault}; DROP VIEW appended; DROP TABLE node; DROP TABLE checkpoint; PRAGMA user_version=1`);

/** Every entry, and whether it is proven to stand under the root by the nodes that are stored. */
async function look() {
  const database = await openForReading(log.file);
  try {
    const { layout, origin } = await checkTables(database, log.file);
    const leaves: Uint8Array[] = [];
    for await (const { leaf } of readRows(database, log.file)) leaves.push(leaf);
    const root = rootOf(appendLeaves(emptyFrontier, leaves).frontier);
    const read = nodeReader(database);
    const proven = await Promise.all(
      leaves.map(async (leaf, seq) =>
        verifyInclusion(leaf, seq, leaves.length, await inclusionProof(seq, leaves.length, read).catch(() => []), root),
      ),
    );
    return { layout, origin, leaves: leaves.map(toHex), proven };
  } finally {
    await database.close();
  }
}

describe('a log of before', () => {
  it('can be read as it is, and is carried on by the next start with every entry proven', async () => {
    const made = await look();
    await asBefore();
    expect((await openedForReading()).layout).toBe(1);
    store = await log.open();
    await store.append(numbered(documents));
    await store.close();
    const now = await look();
    expect(now).toMatchObject({ layout: 3, origin: made.origin });
    expect(now.leaves.slice(0, made.leaves.length)).toEqual(made.leaves);
    expect(now.leaves).toHaveLength(made.leaves.length + 2);
    expect(now.proven).toEqual(now.leaves.map(() => true));
  });

  it('that has its tree already gets the tables of sealed fields, and its tree stays as it is', async () => {
    const made = await look();
    await asBeforeVault();
    expect((await openedForReading()).layout).toBe(2);
    store = await log.open();
    await store.close();
    const now = await look();
    expect(now).toMatchObject({ layout: 3, origin: made.origin });
    expect(now.leaves.slice(0, made.leaves.length)).toEqual(made.leaves);
    expect(now.proven).toEqual(now.leaves.map(() => true));
  });

  it('whose upgrade is cut off is what it was', async () => {
    await asBefore();
    const database = await openForWriting(log.file);
    await database.exec('BEGIN IMMEDIATE; CREATE TABLE node(level INTEGER)');
    await database.close();
    expect((await openedForReading()).layout).toBe(1);
    store = await log.open();
    await store.close();
    expect((await look()).proven).not.toContain(false);
  });
});

async function openedForReading() {
  const database = await openForReading(log.file);
  try {
    return await checkTables(database, log.file);
  } finally {
    await database.close();
  }
}

describe('a tree that is not that of the entries', () => {
  it.each([
    ['a node that was changed', `UPDATE node SET hash = zeroblob(32) WHERE level = 5`, 'node_unchanged'],
    ['a node that is gone', `DELETE FROM node WHERE level = 5`, 'node_kept'],
  ])('%s keeps the station from starting', async (_name, sql, trigger) => {
    const database = await openForReading(log.file);
    const [found] = await database.all('SELECT sql FROM sqlite_schema WHERE name = ?', [trigger]);
    await database.close();
    await expect(change(sql)).rejects.toThrow(/a node is never/);
    await change(`DROP TRIGGER ${trigger}; ${sql}; ${String(found?.['sql'])}`);
    await expect(log.open()).rejects.toThrow('the tree that is stored is not that of its entries');
  });

  it('the control: untouched, it starts', async () => {
    store = await log.open();
    expect(store.isOpen).toBe(true);
  });
});

it('a checkpoint is only of a larger tree than the one before, and of no larger one than there is', async () => {
  const insert = (size: number) => change(`INSERT INTO checkpoint(size, note) VALUES (${size}, x'00')`);
  await insert(5);
  await expect(insert(5)).rejects.toThrow(/larger tree/);
  await expect(insert(4)).rejects.toThrow(/larger tree/);
  await expect(insert(documents + 100)).rejects.toThrow(/larger tree/);
  await expect(change('UPDATE checkpoint SET size = 7')).rejects.toThrow(/never changed/);
  await expect(change('DELETE FROM checkpoint')).rejects.toThrow(/never deleted/);
});
