import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openForReading } from '../../../agent/log/database.ts';
import { readCheckpoints, readNodeRows } from '../../../agent/log/read-tree.ts';
import { readRows } from '../../../agent/log/schema.ts';
import { seal, type SealClock, startSealing } from '../../../agent/log/seal.ts';
import type { LogStore } from '../../../agent/log/store.ts';
import { verify } from '../../../agent/log/verify.ts';
import { station } from '../../support/log/log-keys.ts';
import { makeStationLog, numbered, type StationLog } from '../../support/log/station-log.ts';

const hourMs = 3_600_000;
const start = Date.parse('2026-03-01T08:00:00.000Z');

/** Time that passes when it is told to. */
class SimulatedClock implements SealClock {
  now = start;
  #waiting: { readonly at: number; readonly call: () => void } | undefined;

  wall = (): number => this.now;
  after = (ms: number, call: () => void): (() => void) => {
    this.#waiting = { at: this.now + ms, call };
    return () => (this.#waiting = undefined);
  };

  get due(): number | undefined {
    return this.#waiting && this.#waiting.at - this.now;
  }

  pass(ms: number): void {
    this.now += ms;
    const due = this.#waiting;
    if (due === undefined || due.at > this.now) return;
    this.#waiting = undefined;
    due.call();
  }
}

let log: StationLog;
let store: LogStore;
let clock: SimulatedClock;
const faults: unknown[] = [];
beforeEach(async () => {
  log = await makeStationLog();
  store = await log.open();
  await store.append({
    op: 'key',
    actor: { id: 'station', role: 'station' },
    purpose: 'log',
    action: 'made',
    public_key: Buffer.from(station.verifier.publicKey).toString('hex'),
    wrapping: 'none',
  });
  clock = new SimulatedClock();
  faults.length = 0;
});
afterEach(async () => {
  await store.close();
  await log.remove();
});

const begin = (sealedAt?: string) => startSealing(store, station, hourMs, sealedAt, (error) => faults.push(error), clock);
const seals = async () => (await store.entries({ op: 'seal' })).map(({ event }) => event);

async function judge() {
  const database = await openForReading(log.file);
  try {
    const beside = { nodes: readNodeRows(database, log.file), checkpoints: readCheckpoints(database, log.file) };
    return await verify(readRows(database, log.file), undefined, beside);
  } finally {
    await database.close();
  }
}

describe('a seal', () => {
  it('is an entry that names the checkpoint that was kept', async () => {
    await store.append(numbered(1));
    const { size, root, note } = await seal(store, station);
    const checkpoint_sha256 = createHash('sha256').update(note).digest('hex');
    expect(await seals()).toMatchObject([{ op: 'seal', size, root: Buffer.from(root).toString('hex'), checkpoint_sha256 }]);
    expect(await judge()).toMatchObject({ verdict: 'intact', checkpoints: 1 });
  });

  it('whose checkpoint is not stored, or another one, is found', async () => {
    await seal(store, station);
    await seal(store, station);
    const { size } = store;
    await store.close();
    execFileSync('sqlite3', [log.file, 'DROP TRIGGER checkpoint_kept; DELETE FROM checkpoint WHERE size = 4']);
    const found = await judge();
    store = await makeAgain();
    expect(found).toMatchObject({
      verdict: 'broken',
      bad: { seq: size - 1, sentence: `entry ${size - 1}: the checkpoint that it was sealed with is not stored` },
    });
  });

  /** The trigger is put back, so that the agent starts. */
  function makeAgain(): Promise<LogStore> {
    execFileSync('sqlite3', [
      log.file,
      "CREATE TRIGGER checkpoint_kept BEFORE DELETE ON checkpoint\nBEGIN SELECT RAISE(ABORT, 'a checkpoint is never deleted'); END",
    ]);
    return log.open();
  }
});

describe('the log is sealed', () => {
  it('every hour, also when nothing happens, until it is stopped', async () => {
    const stop = begin(new Date(start).toISOString());
    for (let hour = 1; hour <= 3; hour += 1) {
      clock.pass(hourMs - 1);
      await expect.poll(() => clock.due).toBe(1);
      expect(await seals()).toHaveLength(hour - 1);
      clock.pass(1);
      await expect.poll(() => clock.due).toBe(hourMs);
      expect(await seals()).toHaveLength(hour);
    }
    await stop();
    expect(clock.due).toBeUndefined();
    clock.pass(2 * hourMs);
    expect(await seals()).toHaveLength(3);
    expect(await judge()).toMatchObject({ verdict: 'intact', checkpoints: 3 });
    expect(faults).toEqual([]);
  });

  it.each([
    ['an hour after the last seal', start - 600_000, hourMs - 600_000],
    ['at once when that is longer ago', start - 5 * hourMs, 0],
    ['at once when the last seal lies ahead, because the clock was set', start + 1, 0],
  ])('for the first time %s', async (_, last, due) => {
    const stop = begin(new Date(last).toISOString());
    expect(clock.due).toBe(due);
    await stop();
  });

  it('and at once when it never was', async () => {
    const stop = begin();
    expect(clock.due).toBe(0);
    clock.pass(0);
    // Stopping waits for the seal that was begun.
    await stop();
    expect(await seals()).toHaveLength(1);
    expect(clock.due).toBeUndefined();
  });

  it('until that fails: it is told once, and nothing is sealed after it', async () => {
    const stop = begin();
    await store.close();
    clock.pass(0);
    await expect.poll(() => faults).toMatchObject([{ name: 'LogUnavailable' }]);
    expect(clock.due).toBeUndefined();
    await stop();
    store = await log.open();
  });
});
