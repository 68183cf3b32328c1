/**
 * Single bits that turn over in the database of a log with sealed fields, their data keys, and the keys of staff. Without a key most are found; what only the
 * key can tell (a salt, the key of the index) opens as what was sealed, or is refused.
 */
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AgeRefusal, makeIdentity, recipientOf, x25519Identity, x25519Recipient } from '../../../agent/log/age-keys.ts';
import { type Database, DatabaseError, openForReading } from '../../../agent/log/database.ts';
import { appendPersonal } from '../../../agent/log/personal.ts';
import { readSealed } from '../../../agent/log/sealed-reading.ts';
import { SealRefusal } from '../../../agent/log/sealing.ts';
import { giveTiers, makeSealing, readSealing } from '../../../agent/log/staff-grants.ts';
import { type OpenTiers, unlockTiers } from '../../../agent/log/tier-keys.ts';
import { findGrants, readTiers } from '../../../agent/log/vault.ts';
import { bitsOf, flip, Reading, withSealed } from '../../support/log/faults/flips.ts';
import { verdictOf } from '../../support/log/faults/judged.ts';
import { subjectOf } from '../../support/log/sealed-log.ts';
import { makeStationLog, numbered, origin, type StationLog } from '../../support/log/station-log.ts';
import { seeded } from '../../support/seeded.ts';

const identity = makeIdentity();
const auditor = { id: 's-9', role: 'auditor', recipient: x25519Recipient(recipientOf(identity)) } as const;
const tiers = ['operations', 'supervision', 'audit'] as const;
let log: StationLog;
let open: OpenTiers;
/** Numbers of the entries that have sealed fields. */
const numbers: number[] = [];
/** What all of them say to the auditor. */
let plain: string;

beforeAll(async () => {
  log = await makeStationLog();
  const store = await log.open();
  await giveTiers(store.tables, await makeSealing([auditor]));
  const sealing = await readSealing(store);
  for (const digit of 'abcdefabcdef') {
    const fields = { operations: { holder: `Holder ${digit}` }, supervision: { case: digit }, audit: { note: 'seen' } };
    const [entry] = await appendPersonal(store, sealing.tiers, [numbered(numbers.length)], { subject: subjectOf(digit), fields });
    numbers.push(entry?.seq ?? 0);
  }
  const grants = await store.tables.use((inside) => findGrants(inside, auditor.id));
  open = await unlockTiers({ staff: auditor.id, role: auditor.role, identity: x25519Identity(identity) }, grants, sealing.tiers);
  await store.close();
  plain = await read(openAll);
});
afterAll(() => log.remove());

async function read<T>(use: (database: Database) => Promise<T>): Promise<T> {
  const database = await openForReading(log.file);
  return use(database).finally(() => database.close());
}

/** What is sealed, opened with the auditor's keys, and the keys of the index. Throws where anything is refused. */
async function openAll(database: Database): Promise<string> {
  const opened: unknown[] = [];
  for (const seq of numbers) for (const tier of tiers) opened.push((await readSealed({ database, origin, tiers: open }, seq, tier)).value);
  for (const { tier, indexKey } of await readTiers(database))
    opened.push(Buffer.from(await open.unwrapKey(tier, indexKey)).toString('hex'));
  return JSON.stringify(opened);
}

/** Whether whoever has the keys is refused. Throws when something else opens than what was sealed. */
async function isRefused(): Promise<boolean> {
  try {
    if ((await read(openAll)) === plain) return false;
  } catch (error) {
    if (error instanceof SealRefusal || error instanceof AgeRefusal || error instanceof DatabaseError) return true;
    throw error;
  }
  throw new Error('something else opened than what was sealed');
}

/** Turns over bits one after the other: how many were found without a key, how many with it, and those that nobody noticed though something reads otherwise. */
async function flipMany(seed: number, times: number, withoutKey: () => Promise<string>, withKey: () => Promise<boolean>) {
  const before = await Reading.of(log.file, withSealed);
  const [random, bits] = [seeded(seed), await bitsOf(log.file)];
  const counts = { found: 0, refused: 0 };
  const silent: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const bit = random(bits);
    await flip(log.file, bit);
    await rm(`${log.file}-shm`, { force: true });
    if ((await withoutKey()) !== 'intact') counts.found += 1;
    else if ((await before.compare(log.file)) !== 'same') {
      if (await withKey()) counts.refused += 1;
      else silent.push(bit);
    }
    await flip(log.file, bit);
  }
  expect(await before.compare(log.file)).toBe('same');
  return { counts, silent };
}

it.each([11, 12])(
  'five hundred (seed %i of two): each is found, or refuses to open, or every row reads as before',
  async (seed) => {
    const { counts, silent } = await flipMany(seed, 500, () => verdictOf(log.data), isRefused);
    expect(silent, `bits of seed ${seed}`).toEqual([]);
    expect(counts.found).toBeGreaterThan(100);
  },
  180_000,
);

it('the control: whoever asks nobody finds nothing', async () => {
  const { silent } = await flipMany(
    11,
    60,
    () => Promise.resolve('intact'),
    () => Promise.resolve(false),
  );
  expect(silent.length).toBeGreaterThan(5);
}, 60_000);
