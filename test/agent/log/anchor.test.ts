/** A log and its anchor while entries are appended: what the anchor is told, and what comes of one that cannot be written. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LogAnchor, StationAnchor } from '../../../agent/log/anchor.ts';
import { AnchorWriter, readAnchor } from '../../../agent/log/anchor-file.ts';
import { checkAnchors, type HeldLog } from '../../../agent/log/check-anchors.ts';
import type { LogUnavailable } from '../../../agent/log/errors.ts';
import { openStore } from '../../../agent/log/store.ts';
import { rootOf } from '../../../agent/log/tree.ts';
import { MemoryTree, someLeaves } from '../../support/log/plain-tree.ts';
import { station as key } from '../../support/log/log-keys.ts';
import { makeStationLog, numbered, options, origin, type StationLog } from '../../support/log/station-log.ts';

let log: StationLog;
let file: string;
beforeEach(async () => {
  log = await makeStationLog();
  file = join(log.data, 'log-anchor');
});
afterEach(() => log.remove());

const newest = async () => (await readAnchor(file))?.heads[0];

describe('the anchor of a log that is written', () => {
  it('says its newest entry once a seal or the end has made it durable', async () => {
    const store = await log.open({ anchor: new StationAnchor(file) });
    await Promise.all(Array.from({ length: 40 }, (_, size) => store.append(numbered(size))));
    await store.checkpoint(key);
    expect(await newest()).toMatchObject({ size: store.size, leaf: store.last().leaf, boot: store.last().at.boot });
    await store.append(numbered(40));
    await store.close();
    expect(await newest()).toMatchObject({ size: store.size, leaf: store.last().leaf });
  });

  it('is never ahead of it, whatever is read while it grows', async () => {
    const store = await log.open({ anchor: new StationAnchor(file) });
    const ahead: number[] = [];
    for (let size = 0; size < 30; size += 1) {
      const written = store.append(numbered(size));
      const said = (await newest())?.size ?? 0;
      if (said > store.size) ahead.push(said);
      await written;
    }
    await store.close();
    expect(ahead).toEqual([]);
  });

  it('that cannot be written any more stops the log: an entry says why, and nothing is taken after it', async () => {
    const told: LogUnavailable[] = [];
    const store = await log.open({ anchor: new FullAnchor() });
    store.onFailure((failure) => told.push(failure));
    await store.append(numbered(1));
    await expect.poll(() => store.isOpen).toBe(false);
    await expect(store.append(numbered(2))).rejects.toMatchObject({ name: 'LogUnavailable' });
    expect(told.map(({ message }) => message)).toEqual(['the anchor /dev/full cannot be written (ENOSPC)']);
    await expect(store.reopen()).rejects.toThrow(RangeError);
    await store.close();
    const after = await log.open();
    const entries = await after.entries({ op: ['anchor', 'document-in'] });
    expect(entries.at(-1)?.event).toMatchObject({ op: 'anchor', action: 'failed', problem: 'enospc' });
    await after.close();
  });

  it('that cannot be written at a start stops the start', async () => {
    const nowhere = new StationAnchor(join(log.data, 'nowhere', 'anchor'));
    await expect(openStore(log.directory, { ...options, anchor: nowhere })).rejects.toMatchObject({
      code: 'no-anchor',
      message: expect.stringContaining('cannot be written (ENOENT)') as string,
    });
    // Nobody holds the log after that.
    await (await log.open({ anchor: new StationAnchor(file) })).close();
    await rm(file);
    await expect(log.open({ anchor: new StationAnchor(file) })).rejects.toMatchObject({ code: 'no-anchor' });
  });
});

/** An anchor on a disk that became full: written by the real writer. */
class FullAnchor implements LogAnchor {
  #writer: AnchorWriter | undefined;
  check = () => Promise.resolve([{ op: 'anchor', actor: { id: 'station', role: 'station' }, action: 'begun' } as const]);
  async follow(...[, onFault]: Parameters<LogAnchor['follow']>) {
    this.#writer = await AnchorWriter.open('/dev/full', 0, onFault);
  }
  told(...[head]: Parameters<LogAnchor['told']>) {
    this.#writer?.told(head);
  }
  sync = () => this.#writer?.sync() ?? Promise.resolve();
  close = () => this.#writer?.close() ?? Promise.resolve();
}

describe('a log is held against heads that were kept elsewhere', () => {
  const tree = new MemoryTree(someLeaves(10));
  const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');
  const leaf = (size: number) => hex(tree.leaves[size - 1]);
  const root = (size: number) => hex(rootOf(new MemoryTree(tree.leaves.slice(0, size)).frontier));
  const held: HeldLog = { origin, size: 10, leaf: leaf(10), root: root(10), boot: 'b2', isAnchored: true, readNodes: tree.readNodes };
  const name = 'x';

  it('and has grown out of every head of its own, told by leaf, by root, or by both', async () => {
    for (let size = 1; size <= 10; size += 1)
      for (const known of [{ leaf: leaf(size) }, { root: root(size) }, { leaf: leaf(size), root: root(size) }])
        expect(await checkAnchors(held, [{ name, origin, size, ...known }]), String(size)).toBeUndefined();
    expect(await checkAnchors(held, [])).toBeUndefined();
    expect(await checkAnchors(held, [{ name, origin, size: 0 }])).toBeUndefined();
  });

  it.each([
    ['another leaf', { size: 5, leaf: leaf(6) }, { kind: 'changed' }],
    ['another root', { size: 5, root: root(6) }, { kind: 'changed' }],
    ['the right leaf and another root', { size: 5, leaf: leaf(5), root: root(6) }, { kind: 'changed' }],
    ['a head that says nothing but its size', { size: 5 }, { kind: 'changed' }],
    ['another log', { size: 5, origin: 'other/e1', leaf: leaf(5) }, { kind: 'other-log' }],
    ['more entries', { size: 12, leaf: leaf(5) }, { kind: 'behind', missing: 2, from: 10 }],
    ['more entries of the same start', { size: 12, leaf: leaf(5), boot: 'b2' }, { kind: 'behind', how: 'cut' }],
    ['more entries of a later start', { size: 12, leaf: leaf(5), boot: 'b3' }, { kind: 'behind', how: 'older-copy' }],
  ])('%s', async (_, known, finding) => {
    expect(await checkAnchors(held, [{ name, origin, ...known }])).toMatchObject(finding);
  });

  it('and of several findings the gravest is told', async () => {
    const less = { name: 'less', origin, size: 11, leaf: leaf(1) };
    const more = { ...less, name: 'more', size: 20 };
    const changed = { ...less, name: 'changed', size: 3 };
    const other = { ...less, name: 'other', origin: 'other/e1' };
    expect((await checkAnchors(held, [less, more]))?.known.name).toBe('more');
    expect((await checkAnchors(held, [less, more, changed]))?.known.name).toBe('changed');
    expect((await checkAnchors(held, [less, changed, other]))?.known.name).toBe('other');
  });

  it('in a constant number of reads', async () => {
    const large = new MemoryTree(someLeaves(1000));
    const own = { ...held, size: 1000, readNodes: large.readNodes };
    const known = {
      name,
      origin,
      size: 777,
      leaf: hex(large.leaves[776]),
      root: hex(rootOf(new MemoryTree(large.leaves.slice(0, 777)).frontier)),
    };
    expect(await checkAnchors(own, [known])).toBeUndefined();
    expect(large.reads).toHaveLength(2);
  });
});
