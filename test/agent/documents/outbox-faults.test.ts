/**
 * An outbox that is cut off, or whose disk fails, at every single step: after the next start the document is out once and whole, nobody else's file was touched,
 * and the file in the outbox is nobody's but its reader's. On one file system, to another one, and to one where a file has one name.
 */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { Outbox } from '../../../agent/documents/outbox.ts';
import type { Disk } from '../../support/failing-disk.ts';

const disk = vi.hoisted((): Disk => ({ fault: 'none', at: 0, calls: [], linkless: false, files: [] }));
vi.mock('node:fs/promises', async () => (await import('../../support/failing-disk.ts')).failingDisk(disk));

const name = 'contract-signed.pdf';
// More than one piece.
const bytes = new Uint8Array(5_000_000).fill(37);
const digest = createHash('sha256').update(bytes).digest('hex');
/** Writes of a copy of it, 1 MiB each. */
const pieces = Array.from({ length: 5 }, () => 'write');

let staging: string;
let target: string;
const folders: string[] = [];

function folder(parent: string): string {
  const made = fs.mkdtempSync(join(parent, 'countersign-faults-'));
  folders.push(made);
  return made;
}

afterEach(async () => {
  for (const file of disk.files.splice(0)) await file.close().catch(() => undefined);
  Object.assign(disk, { fault: 'none', linkless: false });
  for (const made of folders.splice(0)) fs.rmSync(made, { recursive: true, force: true });
});

/** Where the outbox is. */
const places = [
  { place: 'on the same file system', another: false, linkless: false },
  { place: 'on another file system', another: true, linkless: false },
  { place: 'on one where a file has one name', another: true, linkless: true },
] as const;
type Place = (typeof places)[number];

/** New folders, and in the outbox a document of somebody else that has our name. */
function prepare({ another, linkless }: Place): Outbox {
  staging = folder(tmpdir());
  target = folder(another ? '/dev/shm' : tmpdir());
  expect(fs.statSync(target).dev === fs.statSync(staging).dev).toBe(!another);
  disk.linkless = linkless;
  fs.writeFileSync(join(target, name), 'of somebody else');
  return new Outbox(staging, target);
}

/** Does it with a fault at the nth step. */
async function withFault(fault: Disk['fault'], at: number, act: () => Promise<unknown>): Promise<'done' | 'failed' | 'killed'> {
  Object.assign(disk, { fault, at, calls: [] });
  const settled = act().then(
    () => 'done' as const,
    () => 'failed' as const,
  );
  const killed = async (): Promise<'killed'> => {
    while (fault !== 'killed' || disk.calls.length < at) await sleep(5);
    return 'killed';
  };
  const outcome = await Promise.race([settled, killed()]);
  Object.assign(disk, { fault: 'none', at: 0 });
  return outcome;
}

/** What the next start does when the log says `sign.done` for what was staged. */
async function restart(): Promise<void> {
  const outbox = new Outbox(staging, target);
  for (const { operation, digest: found } of await outbox.pending()) {
    if (found !== undefined) {
      expect(found).toBe(digest);
      await outbox.publish(operation);
    }
    expect(fs.readdirSync(join(staging, operation)).filter((file) => !file.endsWith('.tmp'))).toEqual([`${name}.published`]);
  }
}

/** Ours is there once, whole, with one name, for its owner alone; a name that was reserved and not used is an empty file. */
function mustBeOut(mayBeReserved: boolean): void {
  const files = fs.readdirSync(target).map((file) => join(target, file));
  const reserved = files.filter((file) => fs.statSync(file).size === 0);
  expect(reserved.length).toBeLessThanOrEqual(mayBeReserved ? 1 : 0);
  const [other, ours, ...more] = files
    .filter((file) => !reserved.includes(file))
    .sort((one, two) => fs.statSync(one).size - fs.statSync(two).size);
  expect([fs.readFileSync(other ?? '', 'utf8'), more]).toEqual(['of somebody else', []]);
  expect(
    createHash('sha256')
      .update(fs.readFileSync(ours ?? ''))
      .digest('hex'),
  ).toBe(digest);
  const { nlink, mode } = fs.statSync(ours ?? '');
  expect([nlink, mode & 0o777]).toEqual([1, 0o600]);
}

/** How many names the staged file has; 0 when it is gone. */
function namesOfStaged(): number {
  return fs.statSync(join(staging, 'op-1', name), { throwIfNoEntry: false })?.nlink ?? 0;
}

for (const place of places) {
  it(`cut off at every step of publishing, outbox ${place.place}: it comes out once, whole, and has one name`, async () => {
    const seen = new Set<string>();
    for (let at = 1, outcome = ''; outcome !== 'done'; at++) {
      const outbox = prepare(place);
      await outbox.stage('op-1', name, bytes);
      outcome = await withFault('killed', at, () => outbox.publish('op-1'));
      seen.add(`${outcome} with ${namesOfStaged()}`);
      await restart();
      mustBeOut(place.linkless);
      await outbox.discard('op-1');
      expect(fs.readdirSync(staging)).toEqual([]);
    }
    // The moments that matter were met, or this proves nothing: before it was out, out under both names, and marked.
    const both = place.another ? [] : ['killed with 2'];
    expect([...seen].sort()).toEqual(['done with 0', 'killed with 1', ...both]);
  }, 60_000);

  for (const fault of ['ENOSPC', 'EIO'] as const) {
    it(`${fault} at every step of publishing, outbox ${place.place}: nothing is lost, and the next start puts it right`, async () => {
      let failed = 0;
      for (let at = 1, wasReached = true; wasReached; at++) {
        const outbox = prepare(place);
        await outbox.stage('op-1', name, bytes);
        const outcome = await withFault(fault, at, () => outbox.publish('op-1'));
        wasReached = disk.calls.length >= at;
        if (outcome === 'failed') failed += 1;
        await restart();
        mustBeOut(place.linkless);
      }
      // All but the one that has another way: a mark that was not made in advance is made now.
      expect(failed).toBeGreaterThanOrEqual(place.another ? 10 : 5);
    }, 60_000);
  }
}

const [here] = places;

it('cut off, or a disk that fails, at every step of staging: nothing is in the outbox, and what is staged is whole or not there', async () => {
  for (const fault of ['killed', 'ENOSPC', 'EIO'] as const) {
    const found = new Set<number>();
    for (let at = 1, outcome = ''; outcome !== 'done'; at++) {
      const outbox = prepare(here);
      outcome = await withFault(fault, at, () => outbox.stage('op-1', name, bytes));
      const pending = await new Outbox(staging, target).pending();
      expect(fs.readdirSync(target)).toEqual([name]);
      expect(pending.map((one) => one.digest)).toEqual(pending.map(() => digest));
      if (outcome === 'failed') expect([pending, fs.readdirSync(staging)]).toEqual([[], []]);
      if (outcome === 'done') expect(pending).toHaveLength(1);
      found.add(pending.length);
    }
    expect([...found].sort()).toEqual([0, 1]);
  }
}, 60_000);

it('the staged file itself goes out, and nothing of it stays; to another file system goes a copy', async () => {
  for (const place of places) {
    const outbox = prepare(place);
    await outbox.stage('op-1', name, bytes);
    const { ino } = fs.statSync(join(staging, 'op-1', name));
    Object.assign(disk, { calls: [] });
    const published = join(target, await outbox.publish('op-1'));
    expect(fs.statSync(published).ino === ino).toBe(!place.another);
    // The disk has the bytes before they get a name, the name before the mark, and the mark before the staged file is given up.
    // The first name is taken.
    const named = place.linkless ? ['link', 'open', 'open', 'rename'] : ['link', 'link'];
    const way = place.another ? [...(place.linkless ? ['link'] : ['link', 'link']), 'open', ...pieces, 'sync', ...named, 'rm'] : named;
    expect(disk.calls).toEqual(['rm', ...way, 'sync', 'rename', 'sync', 'rm']);
    expect(fs.readdirSync(join(staging, 'op-1'))).toEqual([`${name}.published`]);
    expect(fs.statSync(join(staging, 'op-1', `${name}.published`)).size).toBe(0);
    // Whatever its reader does with it now, the station takes nothing of it for its own.
    fs.writeFileSync(published, 'written over');
    expect(await new Outbox(staging, target).pending()).toEqual([{ operation: 'op-1', fileName: name, digest: undefined }]);
  }
});

it('cut off between the two names, and then written over, renamed or taken away in the outbox', async () => {
  for (const [does, isTold] of [
    [(file: string) => fs.writeFileSync(file, 'written over'), true],
    [(file: string) => fs.renameSync(file, join(target, 'put in order.pdf')), true],
    // Nobody can tell that it was there: it comes out again.
    [(file: string) => fs.rmSync(file), false],
  ] as const) {
    const outbox = prepare(here);
    await outbox.stage('op-1', name, bytes);
    fs.linkSync(join(staging, 'op-1', name), join(target, 'contract-signed-2.pdf'));
    does(join(target, 'contract-signed-2.pdf'));
    const before = fs.readdirSync(target);
    const [pending] = await new Outbox(staging, target).pending();
    expect(pending?.digest).toBe(isTold ? undefined : digest);
    expect(namesOfStaged()).toBe(isTold ? 0 : 1);
    expect(fs.readdirSync(target)).toEqual(before);
  }
});

it('a backup made of links has a name for the staged file: what goes out is a copy', async () => {
  const outbox = prepare(here);
  await outbox.stage('op-1', name, bytes);
  const backup = join(folder(tmpdir()), name);
  fs.linkSync(join(staging, 'op-1', name), backup);
  expect(await outbox.pending()).toMatchObject([{ digest }]);
  expect(await outbox.publish('op-1')).toBe('contract-signed-2.pdf');
  fs.writeFileSync(backup, 'written over');
  mustBeOut(false);
});

it('a staged file that is not ours to link (protected_hardlinks) goes out as a copy', async () => {
  expect(fs.readFileSync('/proc/sys/fs/protected_hardlinks', 'utf8').trim()).toBe('1');
  const outbox = prepare(here);
  await outbox.stage('op-1', name, bytes);
  const nobody = 65534;
  for (const made of [staging, join(staging, 'op-1'), target]) fs.chownSync(made, nobody, nobody);
  fs.chmodSync(join(staging, 'op-1', name), 0o644);
  const { ino } = fs.statSync(join(staging, 'op-1', name));
  process.seteuid?.(nobody);
  try {
    // The kernel refuses it, and not our own check.
    expect(() => fs.linkSync(join(staging, 'op-1', name), join(target, 'linked'))).toThrow('EPERM');
    expect(await outbox.publish('op-1')).toBe('contract-signed-2.pdf');
  } finally {
    process.seteuid?.(0);
  }
  expect(fs.statSync(join(target, 'contract-signed-2.pdf')).ino).not.toBe(ino);
  mustBeOut(false);
});
