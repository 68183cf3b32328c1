/** Single bits of a log's files that turn over, as on a disk or in memory that goes bad: none may leave a log that is taken for sound and reads otherwise. */
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toHex } from '../../../agent/log/entry.ts';
import { seal } from '../../../agent/log/seal.ts';
import { databaseFile, logFolder } from '../../../agent/log/store.ts';
import { bitsOf, flip, integrityOf, Reading } from '../../support/log/faults/flips.ts';
import { verdictOf } from '../../support/log/faults/judged.ts';
import { station } from '../../support/log/log-keys.ts';
import { holder, makeStationLog, numbered, signing, type StationLog } from '../../support/log/station-log.ts';
import { seeded } from '../../support/seeded.ts';

let log: StationLog;
/** A copy of the folder as a kill leaves it: all but the first entries are in the WAL alone. */
let killed: string;
/** The last entry, as somebody writes it down. */
let known: string;

beforeAll(async () => {
  // Numbers of equal length, so that the rows lie alike each time.
  let mono = 1_000_000;
  const clock = { wall: () => Date.parse('2026-05-01T10:00:00.000Z') + mono, monotonic: () => (mono += 1) };
  log = await makeStationLog({ clock });
  const store = await log.open({ clock });
  const public_key = toHex(station.verifier.publicKey);
  await store.append({ op: 'key', actor: holder, purpose: 'log', action: 'made', public_key, wrapping: 'none' });
  for (let size = 100; size < 112; size += 1) await store.append(numbered(size));
  await seal(store, station);
  for (const event of signing('op-2', 'a', store.size + 1)) await store.append(event);
  for (let size = 112; size < 117; size += 1) await store.append(numbered(size));
  await seal(store, station);
  // The last entry completes a node, which tells when it is gone; where it does not, only what is kept elsewhere tells.
  expect(store.size % 2).toBe(0);
  known = `${store.last().seq}:${store.last().leaf}`;
  killed = join(log.data, 'killed');
  await cp(log.directory, logFolder(killed), { recursive: true });
  await store.close();
});
afterAll(() => log.remove());

/** Turns over bits of a file one after the other: how many there were of each kind, and those that nobody noticed though something reads otherwise. */
async function flipMany(data: string, file: string, seed: number, times: number, judge: (data: string) => Promise<string>) {
  const database = databaseFile(logFolder(data));
  const before = await Reading.of(database);
  const [random, bits] = [seeded(seed), await bitsOf(file)];
  const counts = { found: 0, same: 0 };
  const silent: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const bit = random(bits);
    await flip(file, bit);
    // SQLite makes this one anew from the WAL.
    await rm(`${database}-shm`, { force: true });
    if (!/^(?:intact|ok)$/.test(await judge(data))) counts.found += 1;
    else if ((await before.compare(database)) === 'same') counts.same += 1;
    else silent.push(bit);
    await flip(file, bit);
  }
  expect(await before.compare(database)).toBe('same');
  return { counts, silent };
}

const verified = (data: string) => verdictOf(data);
const checkedBySqlite = (data: string) => integrityOf(databaseFile(logFolder(data)));

describe('of the database', () => {
  it.each([1, 2, 3, 4, 5, 6])(
    'five hundred (seed %i of six): each is found, or every row reads as before',
    async (seed) => {
      const { counts, silent } = await flipMany(log.data, log.file, seed, 500, verified);
      expect(silent, `bits of seed ${seed}`).toEqual([]);
      expect(counts.found).toBeGreaterThan(100);
    },
    180_000,
  );

  it('the control: by SQLite alone many are not found, and entries read otherwise', async () => {
    const { silent } = await flipMany(log.data, log.file, 7, 200, checkedBySqlite);
    expect(silent.length).toBeGreaterThan(20);
  }, 180_000);
});

describe('of a WAL that a kill left behind', () => {
  it('three hundred: each is found by an entry that was written down, or every row reads as before', async () => {
    const wal = `${databaseFile(logFolder(killed))}-wal`;
    const { counts, silent } = await flipMany(killed, wal, 8, 300, (data) => verdictOf(data, '--known', known));
    expect(silent).toEqual([]);
    expect(counts.found).toBeGreaterThan(100);
  }, 180_000);

  it('the control: without it, entries are gone that nobody misses', async () => {
    const wal = `${databaseFile(logFolder(killed))}-wal`;
    expect((await flipMany(killed, wal, 8, 60, verified)).silent).not.toEqual([]);
  }, 180_000);
});
