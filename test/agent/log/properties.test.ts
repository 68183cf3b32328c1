/** What holds of every log, whatever is in it: real stores on the disk, and rows as they are given to somebody who verifies them. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { openCheckpoint, type OpenedCheckpoint } from '../../../agent/log/checkpoint.ts';
import { openForReading } from '../../../agent/log/database.ts';
import { compareCheckpoints, settle } from '../../../agent/log/fork.ts';
import { nodeReader } from '../../../agent/log/schema.ts';
import { databaseFile, logFolder, openStore } from '../../../agent/log/store.ts';
import { consistencyProof } from '../../../agent/log/tree.ts';
import { type Row, verify } from '../../../agent/log/verify.ts';
import { verdictOf } from '../../support/log/faults/judged.ts';
import { forge, stream } from '../../support/log/forged-log.ts';
import { station } from '../../support/log/log-keys.ts';
import { makeStationLog, numbered, options, origin, type StationLog } from '../../support/log/station-log.ts';

const made: StationLog[] = [];
afterEach(async () => {
  for (const log of made.splice(0)) await log.remove();
});
const makeLog = async (...given: Parameters<typeof makeStationLog>) => {
  const log = await makeStationLog(...given);
  made.push(log);
  return log;
};

/** The rows with something done to them, and the entry that has to be named for it. */
type Spoil = (rows: readonly Row[], at: number, other: number, bit: number) => { readonly spoiled: readonly Row[]; readonly named: number };

const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
  const other = Uint8Array.from(bytes);
  const place = Math.floor(bit / 8) % bytes.length;
  other[place] = (other[place] ?? 0) ^ (1 << (bit % 8));
  return other;
};
const changed = (rows: readonly Row[], at: number, change: (row: Row) => Partial<Row>) =>
  rows.map((row, place) => (place === at ? { ...row, ...change(row) } : row));

const spoils: Readonly<Record<string, Spoil>> = {
  'a bit of a body': (rows, at, _, bit) => ({ spoiled: changed(rows, at, ({ body }) => ({ body: flipped(body, bit) })), named: at }),
  'a bit of a leaf': (rows, at, _, bit) => ({ spoiled: changed(rows, at, ({ leaf }) => ({ leaf: flipped(leaf, bit) })), named: at }),
  'a bit of a hash before': (rows, at, _, bit) => ({ spoiled: changed(rows, at, ({ prev }) => ({ prev: flipped(prev, bit) })), named: at }),
  'a number': (rows, at, other) => ({ spoiled: changed(rows, at, () => ({ seq: at + 1 + other })), named: at }),
  'an entry that is gone': (rows, at) => ({ spoiled: rows.toSpliced(at, 1), named: at }),
  'an entry that stands twice': (rows, at) => ({ spoiled: rows.toSpliced(at, 0, ...rows.slice(at, at + 1)), named: at }),
  'two that changed places': (rows, at, other) => {
    const [low, high] = [Math.min(at, other), Math.max(at, other)];
    const [one, two] = [rows[low], rows[high]];
    if (one === undefined || two === undefined) throw new Error('no such rows');
    return { spoiled: rows.with(low, two).with(high, one), named: low };
  },
  'an end that was cut off': (rows, at) => ({ spoiled: rows.slice(0, at), named: at }),
  'an end that was written anew': (rows, at) => {
    const events = rows.slice(1).map((_, place) => numbered(place + 1 < at ? place : place + 1000));
    return { spoiled: forge(events), named: rows.length - 1 };
  },
};

it.each(Object.keys(spoils))(
  '%s is refused with the number of the entry, wherever it is',
  async (name) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), fc.nat(), fc.nat(), fc.nat(), async (count, first, second, bit) => {
        const rows = forge(Array.from({ length: count }, (_, size) => numbered(size)));
        const at = first % rows.length;
        const other = second % rows.length;
        fc.pre(name !== 'two that changed places' || at !== other);
        const { spoiled, named } = spoils[name]?.(rows, at, other, bit) ?? { spoiled: rows, named: -1 };
        const known = { seq: rows.length - 1, leaf: Buffer.from(rows.at(-1)?.leaf ?? []).toString('hex') };
        expect(await verify(stream(rows), known)).toMatchObject({ verdict: 'intact', entries: rows.length });
        expect(await verify(stream(spoiled), known)).toMatchObject({ verdict: 'broken', bad: { seq: named } });
      }),
      { numRuns: 60 },
    );
  },
  180_000,
);

it('what was appended in two parts is what was appended in one', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }), async (one, other) => {
      const events = Array.from({ length: one + other }, (_, size) => numbered(size));
      const append = async (...parts: readonly (typeof events)[]) => {
        // A clock that stands still: the entries of one append have one time, those of two have two.
        const clock = { wall: () => Date.parse('2026-05-01T10:00:00.000Z'), monotonic: () => 0 };
        const log = await makeLog({ clock });
        const store = await log.open({ clock });
        for (const part of parts) await store.appendAll(part);
        const entries = await store.entries();
        await store.close();
        expect(await verdictOf(log.data)).toBe('intact');
        // A start of the agent has a random name, which is in every hash that follows.
        return entries.map(({ seq, event, at: { time, mono }, origin: whose, station: by }) => ({ seq, event, time, mono, whose, by }));
      };
      const whole = await append(events);
      expect(await append(events.slice(0, one), events.slice(one))).toEqual(whole);
      expect(whole.slice(2).map(({ event }) => event)).toEqual(events);
    }),
    { numRuns: 12 },
  );
}, 180_000);

it('two copies of one log that both run always leave two notes that prove it; a copy that rests proves nothing', async () => {
  const trust = { origin, key: station.verifier };
  const joined = async (one: OpenedCheckpoint, other: OpenedCheckpoint, newerLog: string) => {
    const comparison = compareCheckpoints(one, other);
    if (comparison.kind !== 'needs-proof') return comparison;
    const reader = await openForReading(newerLog);
    const proof = await consistencyProof(comparison.older.size, comparison.newer.size, nodeReader(reader));
    await reader.close();
    return settle(comparison, proof);
  };
  await fc.assert(
    fc.asyncProperty(fc.nat(12), fc.nat(6), fc.nat(6), async (shared, own, others) => {
      const log = await makeLog();
      const run = async (data: string, count: number) => {
        const store = await openStore(logFolder(data), options);
        for (let size = 0; size < count; size += 1) await store.append(numbered(size));
        const checkpoint = await store.checkpoint(station);
        await store.close();
        return checkpoint;
      };
      const before = await run(log.data, shared);
      const copy = join(log.data, 'copy');
      await cp(log.directory, logFolder(copy), { recursive: true });
      const one = await run(log.data, own);
      expect((await joined(before, one, log.file)).kind).toBe('consistent');
      const other = await run(copy, others);
      const larger = one.size > other.size ? log.file : databaseFile(logFolder(copy));
      const found = await joined(one, other, larger);
      expect(found.kind).toBe(own === others ? 'fork' : 'unproven');
      if (!('evidence' in found)) throw new Error(found.kind);
      const notes = [found.evidence.older, found.evidence.newer].map(({ note }) => openCheckpoint(note, trust));
      expect(notes.map(({ root }) => Buffer.from(root).toString('hex')).toSorted()).toEqual(
        [one, other].map(({ root }) => Buffer.from(root).toString('hex')).toSorted(),
      );
    }),
    { numRuns: 12 },
  );
}, 180_000);
