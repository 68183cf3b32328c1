import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { exportBundle, type ExportOptions } from '../../../agent/log/bundle/export.ts';
import type { Exported } from '../../../agent/log/bundle/finish.ts';
import { exportsFolder, readExportedHead } from '../../../agent/log/bundle/kept.ts';
import type { LogStore } from '../../../agent/log/store.ts';
import { findBundle } from '../../../agent/log/verify/bundle-folder.ts';
import { openStationKey } from '../../../agent/opening.ts';
import type { Disk } from '../../support/failing-disk.ts';
import { judge } from '../../support/log/bundle-forger.ts';
import { type BundleStation, makeBundleStation } from '../../support/log/bundle-station.ts';

const disk = vi.hoisted((): Disk => ({ fault: 'none', at: 0, calls: [], linkless: false, files: [] }));
vi.mock('node:fs/promises', async () => (await import('../../support/failing-disk.ts')).failingDisk(disk));

let station: BundleStation;
let log: LogStore;
let options: ExportOptions;

beforeEach(async () => {
  station = await makeBundleStation();
  await station.grow(5);
  const opened = await station.open();
  ({ log } = opened);
  const signer = await openStationKey(station.paths.logKey, opened, () => Promise.reject(new Error('not wrapped')));
  if (signer === undefined) throw new Error('the station has no key');
  const config = await readFile(station.paths.config);
  // So small that there are three parts.
  options = { log, data: station.data, signer, recipient: station.recipient, config, to: station.drive, limit: 3700 };
});
afterEach(async () => {
  disk.fault = 'none';
  await log.close();
  await station.remove();
});

/** An export that goes wrong at a call that changes the disk. False when there is no such call, and then it came to its end. */
async function interrupted(fault: Disk['fault'], at: number): Promise<boolean> {
  disk.files = [];
  Object.assign(disk, { fault, at, calls: [] });
  const running = exportBundle(options).then(
    () => false,
    () => true,
  );
  const stopped = (async () => {
    while (disk.calls.length < at) await sleep(1, undefined, { ref: false });
    return true;
  })();
  const is = fault === 'killed' ? await Promise.race([running, stopped]) : await running;
  disk.fault = 'none';
  // Whoever is killed closes nothing; the kernel does.
  for (const file of disk.files) await file.close().catch(() => undefined);
  return is;
}

const names = async () => (await readdir(join(station.drive, 'COUNTSGN', 'BRANCH-12.EXAMPLE.ORG'))).sort();

describe('an export that is interrupted anywhere', () => {
  // At every eleventh call that changes the disk the process ends; in between the disk fails.
  test.each([
    ['killed', 1, 11],
    ['EIO', 2, 29],
    ['ENOSPC', 3, 29],
  ] as const)(
    '%s: the next one ends it, and what is there is one whole bundle',
    async (fault, from, step) => {
      let at = from;
      for (; await interrupted(fault, at); at += step) {
        expect(log.isOpen).toBe(true);
        // Meanwhile nobody takes what is there for a bundle, or it is a whole one.
        expect(await judge(station.drive, station.identity)).toMatch(
          /^intact$|there are parts in|there is no bundle in|there is nothing at|is newer than the newest manifest|\.MANIFEST: the manifest is not/,
        );
        const made = await exportBundle(options);
        expect(await judge(station.drive, station.identity)).toBe('intact');
        const found = await findBundle(station.drive);
        expect(found.manifest.sha256).toBe(made.manifestSha256);
        expect((await names()).filter((name) => name.startsWith(found.manifest.prefix))).toEqual(
          [`${found.manifest.prefix}.MANIFEST`, ...made.parts.map(({ name }) => name)].sort(),
        );
        const done = await log.entries({ op: 'export.done' });
        expect(new Set(done.map(({ event }) => event.op === 'export.done' && event.number)).size).toBe(done.length);
        // Old exports are not what is tested: the drive is emptied, as head office does.
        for (const name of await names()) await rm(join(station.drive, 'COUNTSGN', 'BRANCH-12.EXAMPLE.ORG', name));
      }
      expect(at).toBeGreaterThan(20);
    },
    180_000,
  );
});

test('a resumed export leaves parts alone that are right, and writes anew what is not', async () => {
  const folder = join(station.drive, 'COUNTSGN', 'BRANCH-12.EXAMPLE.ORG');
  const whole = await exportBundle(options);
  const events = Array.from({ length: 150 }, () => ({ op: 'token-out', actor: { id: 'terminal', role: 'clerk' } }) as const);
  for (let times = 0; times < 2; times += 1) await log.appendAll(events);
  const all = { ...options, limit: 200_000 };
  const stopAfter = async (part: string, more: Partial<ExportOptions> = {}): Promise<void> => {
    const onProgress = (sentence: string) => {
      if (sentence.startsWith(part)) throw new Error('the plug was pulled');
    };
    await expect(exportBundle({ ...all, ...more, onProgress })).rejects.toThrow('the plug was pulled');
  };
  const names = ['E1-00002-0001.AGE', 'E1-00002-0002.AGE'] as const;
  await stopAfter(names[1], { limit: 130_000 });
  const kept = await Promise.all(names.map((name) => readFile(join(folder, name))));
  const said: string[] = [];
  const resumed = await exportBundle({ ...all, limit: 130_000, onProgress: (sentence) => void said.push(sentence) });
  // The first holds nothing but full tiles, and is the same although the log has grown; the second ends where the log ends.
  expect(resumed).toMatchObject({ number: whole.number + 1, resumed: 1 });
  expect(said[1]).toBe(`${names[0]} is there from before (${kept[0]?.byteLength} bytes).`);
  expect(await readFile(join(folder, names[0]))).toEqual(kept[0]);
  expect(await judge(station.drive, station.identity)).toBe('intact');

  await stopAfter('E1-00003-0001.AGE', { limit: 130_000 });
  await writeFile(join(folder, 'E1-00003-0001.AGE'), 'changed meanwhile');
  expect(await exportBundle({ ...all, limit: 130_000 })).toMatchObject({ number: 3, resumed: 0 });
  expect(await judge(station.drive, station.identity)).toBe('intact');
});

test('an export that was interrupted behind its manifest is ended under its number, and on another drive gets a new one', async () => {
  const stop = (sentence: string) => {
    if (sentence.startsWith('Everything')) throw new Error('the plug was pulled');
  };
  await expect(exportBundle({ ...options, onProgress: stop })).rejects.toThrow('the plug was pulled');
  const [first] = await Promise.all([findBundle(station.drive)]);
  const ended: Exported = await exportBundle(options);
  expect(ended).toMatchObject({ number: 1, manifestSha256: first.manifest.sha256, resumed: first.manifest.parts.length });
  await expect(exportBundle({ ...options, onProgress: stop })).rejects.toThrow('the plug was pulled');
  const other = await makeBundleStation();
  try {
    expect(await exportBundle({ ...options, to: other.drive })).toMatchObject({ number: 3, resumed: 0 });
    expect(await judge(other.drive, station.identity)).toBe('intact');
    // The one that was not ended is whole all the same, and of the same log.
    expect(await judge(station.drive, station.identity)).toBe('intact');
  } finally {
    await other.remove();
  }
});

test('the head of the last manifest is kept as an anchor outside of the log', async () => {
  const kept = exportsFolder(station.data);
  expect(await readExportedHead(kept)).toBeUndefined();
  const made = await exportBundle(options);
  const { root } = (await findBundle(station.drive)).manifest;
  expect(await readExportedHead(kept)).toMatchObject({ origin: log.origin, size: made.size, root: Buffer.from(root).toString('hex') });
  await writeFile(join(kept, 'last.manifest'), 'x');
  await expect(readExportedHead(kept)).rejects.toThrow('the manifest is not a signed note');
});

test('a medium that takes nothing, or that is a link, is refused before anything is written', async () => {
  await expect(exportBundle({ ...options, to: join(station.drive, 'nowhere') })).rejects.toThrow('there is no folder');
  await writeFile(join(station.drive, 'COUNTSGN'), '');
  await expect(exportBundle(options)).rejects.toThrow('COUNTSGN is not a folder');
  expect(await log.entries({ op: 'export.begin' })).toEqual([]);
});
