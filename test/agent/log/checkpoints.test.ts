import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCheckpoint } from '../../../agent/log/checkpoint.ts';
import { openForWriting } from '../../../agent/log/database.ts';
import type { LogStore } from '../../../agent/log/store.ts';
import { nextEpoch, station, stranger } from '../../support/log/log-keys.ts';
import { plainRoot } from '../../support/log/plain-tree.ts';
import { makeStationLog, numbered, origin, type StationLog } from '../../support/log/station-log.ts';

let log: StationLog;
let store: LogStore;
beforeEach(async () => {
  log = await makeStationLog();
  store = await log.open();
});
afterEach(async () => {
  await store.close();
  await log.remove();
});

const leaves = async () => (await store.entries()).map(({ leaf }) => Buffer.from(leaf, 'hex'));
const sql = (text: string) => execFileSync('sqlite3', [log.file, text], { encoding: 'utf8' }).trim();
const stored = () => sql('SELECT group_concat(size) FROM checkpoint');
const again = async (change: string) => {
  await store.close();
  if (change !== '') sql(change);
  store = await log.open();
};

describe('a checkpoint', () => {
  it('says the size and the root of the log, is signed by its key, and is kept', async () => {
    const trust = { origin, key: station.verifier };
    for (const count of [0, 1, 5, 30]) {
      for (let more = 0; more < count; more += 1) await store.append(numbered(more));
      const { note } = await store.checkpoint(station);
      const opened = openCheckpoint(note, trust);
      expect({ size: opened.size, root: opened.root }).toEqual({ size: store.size, root: Buffer.from(plainRoot(await leaves())) });
      expect(sql(`SELECT hex(note) FROM checkpoint WHERE size = ${store.size}`)).toBe(Buffer.from(note).toString('hex').toUpperCase());
    }
    expect(stored()).toBe('2,3,8,38');
  });

  it('of a log that has not grown is the one that was signed before, also after a start', async () => {
    const first = await store.checkpoint(station);
    expect((await store.checkpoint(station)).note).toEqual(first.note);
    expect(stored()).toBe('2');
    await again('');
    expect((await store.checkpoint(station)).size).toBe(3);
    expect(stored()).toBe('2,3');
  });

  it('may be asked for many times at once, between appends: each is of entries that are on the disk, and none is signed twice', async () => {
    const asked = Array.from({ length: 20 }, async (_, index) => {
      const [entry, checkpoint] = await Promise.all([store.append(numbered(index)), store.checkpoint(station)]);
      const later = await store.checkpoint(station);
      expect(later.size).toBeGreaterThan(entry.seq);
      return [checkpoint, later];
    });
    const all = (await Promise.all(asked)).flat();
    const roots = new Map<number, string>();
    const bySize = await leaves();
    for (const { size, root } of all) {
      expect(root).toEqual(Buffer.from(plainRoot(bySize.slice(0, size))));
      roots.set(size, Buffer.from(root).toString('hex'));
    }
    expect(stored().split(',').map(Number)).toEqual([...roots.keys()].toSorted((a, b) => a - b));
  });

  it('is signed by O(log n) reads', async () => {
    for (let times = 0; times < 4; times += 1) await store.appendAll(Array.from({ length: 250 }, (_, size) => numbered(size)));
    await store.checkpoint(station);
    await store.append(numbered(1));
    const began = performance.now();
    await store.checkpoint(station);
    // Far above what it takes, and far below what reading all entries takes at the sizes that it is meant for.
    expect(performance.now() - began).toBeLessThan(1000);
  });
});

describe('no head is signed', () => {
  const forge = async (change: string) => {
    for (let size = 0; size < 9; size += 1) await store.append(numbered(size));
    await store.checkpoint(station);
    await store.append(numbered(9));
    await again(change);
  };
  const triggers = 'DROP TRIGGER node_unchanged; DROP TRIGGER checkpoint_unchanged; DROP TRIGGER checkpoint_grows;';
  const restored = (change: string) => {
    // The triggers are put back as they were, as somebody would who wants the agent to start.
    const names = ['node_unchanged', 'checkpoint_unchanged', 'checkpoint_grows'];
    const texts = names.map((name) => `${sql(`SELECT sql FROM sqlite_schema WHERE name = '${name}'`)};`);
    return `${triggers} ${change}; ${texts.join('\n')}`;
  };

  it('when nothing is wrong it is signed (control)', async () => {
    await forge('');
    await expect(store.checkpoint(station)).resolves.toMatchObject({ size: store.size });
  });

  it('when a stored node that the proof needs was changed', async () => {
    await forge(
      restored(
        'UPDATE node SET hash = zeroblob(32) WHERE level = 1 AND idx = 0; UPDATE node SET hash = zeroblob(32) WHERE level = 1 AND idx = 4',
      ),
    );
    await expect(store.checkpoint(station)).rejects.toMatchObject({ code: 'broken' });
    expect(stored()).toBe('11');
  });

  it('when the checkpoint before is of another history, or of more entries than there are', async () => {
    const other = await makeStationLog();
    const another = await other.open();
    for (let size = 0; size < 9; size += 1) await another.append(numbered(size + 100));
    const { note } = await another.checkpoint(station);
    for (let size = 0; size < 9; size += 1) await another.append(numbered(size));
    const longer = await another.checkpoint(station);
    await another.close();
    await other.remove();
    const put = (bytes: Uint8Array, size: number) =>
      `UPDATE checkpoint SET note = x'${Buffer.from(bytes).toString('hex')}', size = ${size}`;
    await forge(restored(put(note, 11)));
    await expect(store.checkpoint(station)).rejects.toMatchObject({ code: 'broken' });
    await again(restored(put(longer.note, longer.size)));
    await expect(store.checkpoint(station)).rejects.toMatchObject({ code: 'broken' });
    await again(restored(put(longer.note, 11)));
    await expect(store.checkpoint(station)).rejects.toMatchObject({ code: 'broken' });
  });

  it('with another key than the one before, or one of another name', async () => {
    await forge('');
    await expect(store.checkpoint(stranger)).rejects.toMatchObject({ code: 'broken' });
    await expect(store.checkpoint(nextEpoch)).rejects.toThrow();
    expect(stored()).toBe('11');
    await expect(store.checkpoint(station)).resolves.toBeDefined();
  });

  it('of a log that was closed', async () => {
    await store.close();
    await expect(store.checkpoint(station)).rejects.toMatchObject({ name: 'LogUnavailable' });
    store = await log.open();
  });

  it('that could not be kept; nothing more is appended then, and opened anew the log goes on', async () => {
    const holder = await openForWriting(log.file);
    await holder.exec('BEGIN IMMEDIATE');
    const waiting = store.checkpoint(station);
    await expect(waiting).rejects.toMatchObject({ name: 'LogUnavailable' });
    await holder.exec('ROLLBACK');
    await holder.close();
    await expect(store.append(numbered(1))).rejects.toMatchObject({ name: 'LogUnavailable' });
    await again('');
    await expect(store.append(numbered(1))).resolves.toBeDefined();
    await expect(store.checkpoint(station)).resolves.toMatchObject({ size: store.size });
  }, 20_000);
});
