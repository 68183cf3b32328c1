/** A bundle that is opened: when the call returns the disk has all of it, and where the disk fails nothing is left. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openBundles } from '../../../agent/log/bundle/open.ts';
import { findBundle } from '../../../agent/log/verify/bundle-folder.ts';
import type { Disk } from '../../support/failing-disk.ts';
import { type BundleStation, makeBundleStation } from '../../support/log/bundle-station.ts';

const disk = vi.hoisted((): Disk => ({ fault: 'none', at: 0, calls: [], linkless: false, files: [] }));
vi.mock('node:fs/promises', async () => (await import('../../support/failing-disk.ts')).failingDisk(disk));

let station: BundleStation;
let folder: string;
beforeAll(async () => {
  station = await makeBundleStation();
  await station.grow(300);
  await station.export();
  folder = await mkdtemp(join(tmpdir(), 'opened-'));
});
afterAll(async () => {
  disk.fault = 'none';
  await station.remove();
  await rm(folder, { recursive: true, force: true });
});

const open = async (fault: Disk['fault'], at: number) => {
  const found = await findBundle(station.drive);
  Object.assign(disk, { fault, at, calls: [] });
  return openBundles([found], [station.identity], join(folder, 'to')).finally(() => (disk.fault = 'none'));
};

/** Files and folders, with this one. */
async function countIn(path: string): Promise<number> {
  const found = await readdir(path, { withFileTypes: true });
  let count = 1;
  for (const one of found) count += one.isDirectory() ? await countIn(join(path, one.name)) : 1;
  return count;
}

test('every file, every folder and its own name are synced, and before that it has no name', async () => {
  expect(await open('none', 0)).toMatchObject({ verdict: 'intact' });
  const named = disk.calls.indexOf('rename');
  const [before, after] = [disk.calls.slice(0, named), disk.calls.slice(named + 1)];
  expect(before.filter((name) => name === 'sync')).toHaveLength(await countIn(join(folder, 'to')));
  expect(before.findLastIndex((name) => name === 'writeFile')).toBeLessThan(before.indexOf('sync'));
  expect(after.filter((name) => name === 'sync')).toHaveLength(1);
  await rm(join(folder, 'to'), { recursive: true });
});

test('a disk that fails at any call leaves nothing, and the call does not say that it was opened', async () => {
  for (let at = 1; ; at += 1) {
    const result = await open('EIO', at).catch((error: unknown) => error as Error);
    if (!(result instanceof Error) && result.verdict === 'intact') {
      expect(at).toBeGreaterThan(20);
      return;
    }
    // While it is read and written at once, it is the reading that does not come to its end.
    const why = result instanceof Error ? result : result.cause;
    expect(why).toMatchObject({ message: expect.stringContaining('EIO') as string });
    // The last call takes away what was left of the draft, and here the disk failed at that.
    if (disk.calls.at(-1) === 'rm' && disk.calls.length === at) await rm(join(folder, 'to'), { recursive: true });
    expect((await readdir(folder)).filter((name) => !name.startsWith('.opening-'))).toEqual([]);
  }
});
