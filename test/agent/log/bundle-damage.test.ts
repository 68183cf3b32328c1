import { cp, mkdir, readFile, readdir, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tarHeader } from '../../../agent/log/bundle/tar.ts';
import { findBundle } from '../../../agent/log/verify/bundle-folder.ts';
import { flip, forgeContents, judge, judged } from '../../support/log/bundle-forger.ts';
import { type BundleStation, makeBundleStation } from '../../support/log/bundle-station.ts';

let station: BundleStation;
let other: BundleStation;
/** Parts so small that a log of a few entries has several. */
const limit = 3700;
const [first, second] = ['E1-00001-0001.AGE', 'E1-00001-0002.AGE'] as const;
const manifest = 'E1-00001.MANIFEST';

async function swap(folder: string, one: string, other: string): Promise<void> {
  await rename(join(folder, one), join(folder, 'x'));
  await rename(join(folder, other), join(folder, one));
  await rename(join(folder, 'x'), join(folder, other));
}

beforeAll(async () => {
  [station, other] = await Promise.all([makeBundleStation(), makeBundleStation()]);
  await station.grow(12);
  await other.grow(12);
  await station.export({ limit });
  await other.export({ limit });
});
afterAll(async () => {
  await station.remove();
  await other.remove();
});

test('a bundle that nobody has touched is intact', async () => {
  const [folder = ''] = await readdir(join(station.drive, 'COUNTSGN'));
  expect((await readdir(join(station.drive, 'COUNTSGN', folder))).length).toBeGreaterThan(3);
  expect(await judged(station, () => Promise.resolve())).toBe('intact');
  expect(await judged(station, () => Promise.resolve(), { withoutIdentity: true })).toBe('whole');
});

/** Swaps two parts that have one size, so that only their hashes tell them apart. */
async function swapTwins(folder: string): Promise<void> {
  const bySize = new Map<number, string>();
  for (const name of (await readdir(folder)).filter((one) => one.endsWith('.AGE')).sort()) {
    const { size } = await stat(join(folder, name));
    const twin = bySize.get(size);
    if (twin !== undefined) return swap(folder, twin, name);
    bySize.set(size, name);
  }
  throw new Error('no two parts have one size');
}

test('two parts of one size swapped are told apart by what is in them', async () => {
  const large = await makeBundleStation();
  try {
    await large.grow(600);
    await large.export({ limit });
    expect(await judged(large, swapTwins)).toMatch(/^E1-00001-\d{4}\.AGE holds the bytes of E1-00001-/);
    expect(await judged(large, swapTwins, { withoutIdentity: true })).toContain(' holds the bytes of E1-00001-');
  } finally {
    await large.remove();
  }
});

describe('files that were damaged, taken away or exchanged are named', () => {
  const cases: Record<string, readonly [(folder: string, copy: string) => Promise<unknown>, string]> = {
    'a part cut short': [(folder) => truncate(join(folder, second), 900), `${second} has 900 bytes`],
    'a part emptied': [(folder) => truncate(join(folder, first), 0), `${first} has 0 bytes`],
    'a part taken away': [(folder) => rm(join(folder, second)), `${second} is missing`],
    'two parts swapped': [(folder) => swap(folder, first, second), `${first} has `],
    'a part of another station': [
      (folder) => cp(join(other.drive, 'COUNTSGN', 'BRANCH-12.EXAMPLE.ORG', first), join(folder, first)),
      `${first} `,
    ],
    'no manifest': [(folder) => rm(join(folder, manifest)), 'there are parts in'],
    'a manifest cut short': [(folder) => truncate(join(folder, manifest), 300), `${manifest}: the manifest is not`],
    'a manifest under another name': [
      (folder) => rename(join(folder, manifest), join(folder, 'E1-00007.MANIFEST')),
      'E1-00007.MANIFEST is the manifest E1-00001 under another name',
    ],
    'a part that no manifest names': [
      (folder) => cp(join(folder, first), join(folder, 'E1-00001-0099.AGE')),
      'E1-00001-0099.AGE is not named',
    ],
    'a part that is a link': [
      async (folder) => {
        await rename(join(folder, first), join(folder, 'elsewhere'));
        await symlink('elsewhere', join(folder, first));
      },
      `${first} is a link to another file`,
    ],
    'a folder that is a link': [
      async (folder, copy) => {
        await rename(folder, join(copy, 'elsewhere'));
        await symlink(join(copy, 'elsewhere'), folder);
      },
      'is a link to another place, and links are not followed',
    ],
    'a part that is a folder': [(folder) => rm(join(folder, first)).then(() => mkdir(join(folder, first))), `${first} is not a file`],
    'the folder of another station': [
      (folder) => rename(folder, join(folder, '..', 'BRANCH-13.EXAMPLE.ORG')),
      `${manifest} is of BRANCH-12.EXAMPLE.ORG, and not of BRANCH-13.EXAMPLE.ORG`,
    ],
  };
  test.each(Object.entries(cases))('%s', async (_name, [change, sentence]) => {
    expect(await judged(station, change)).toContain(sentence);
    expect(await judged(station, change, { withoutIdentity: true })).toContain(sentence);
  });

  test('an older manifest that was put back beside newer parts', async () => {
    const grown = await makeBundleStation();
    try {
      await grown.export({ limit });
      await grown.grow(3);
      const { folder } = await grown.export({ limit });
      expect(await judged(grown, () => Promise.resolve())).toBe('intact');
      const put = await judged(grown, (copy) => rm(join(copy, 'E1-00002.MANIFEST')));
      expect(put).toContain(
        'is newer than the newest manifest, E1-00001.MANIFEST: a later export did not end, or its manifest was taken away',
      );
      const older = await readFile(join(folder, 'E1-00001.MANIFEST'));
      const over = await judged(grown, (copy) => writeFile(join(copy, 'E1-00002.MANIFEST'), older));
      expect(over).toBe('E1-00002.MANIFEST is the manifest E1-00001 under another name');
    } finally {
      await grown.remove();
    }
  });

  test('a bundle that was made anew with another key, once the key is known', async () => {
    const { manifest: own } = await findBundle(station.drive);
    await expect(findBundle(other.drive, own)).rejects.toThrow('the manifest is by another key than that of the log');
    await expect(findBundle(station.drive, { ...own, origin: 'branch-13.example.org/e1' })).rejects.toThrow('the manifest is of branch-12');
  });

  test('any byte of any file that was changed', async () => {
    const [folder = ''] = await readdir(join(station.drive, 'COUNTSGN'));
    const names = await readdir(join(station.drive, 'COUNTSGN', folder));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), fc.nat(), async (name, at) => {
        const said = await judged(station, (copy) => flip(join(copy, name), at), { withoutIdentity: true });
        expect(said).not.toBe('whole');
        expect(said).toContain(name);
      }),
      { numRuns: 60 },
    );
  });
});

describe('who holds the keys and signs something else is found out too', () => {
  const file = (name: string, text = 'x') => ({ name, bytes: Buffer.from(text) });
  const link = Buffer.from(tarHeader('station.json', 0));
  link.write('2', 156);
  link.write('/etc/passwd', 157);
  const cases: Record<string, readonly [Parameters<typeof forgeContents>[2], string]> = {
    'a name that leads out of the folder': [
      (files) => [file('../../outside'), ...files],
      '"../../outside" stands where tile/entries/000.p/17 must stand',
    ],
    'an absolute name': [(files) => [...files, file('/etc/passwd')], '/etc/passwd stands behind the end of the bundle'],
    'a link': [
      ([, ...files]) => [{ ...file('station.json', ''), header: link }, ...files],
      'station.json is not written as a plain file of a bundle',
    ],
    'a file too many': [(files) => [...files, file('tile/9/000')], 'tile/9/000 stands behind the end of the bundle'],
    'a file too few': [(files) => files.slice(0, -1), 'the bundle ends before add-checkpoint'],
    'files in another order': [
      ([one, two, ...files]) => [two, one, ...files].flatMap((each) => each ?? []),
      '"tile/0/000.p/17" stands where tile/entries/000.p/17 must stand',
    ],
    'an attachment that no entry names': [
      (files) => files.flatMap((each) => (each.name === 'station.json' ? [file(`attachments/${'f'.repeat(64)}/000`), each] : [each])),
      'is named by no entry beside it',
    ],
    'an entry that was changed': [
      (files) =>
        files.map((each) =>
          each.name.startsWith('tile/entries/') ? { ...each, bytes: replaced(each.bytes, 'token-out', 'token-OUT') } : each,
        ),
      'was changed: its bytes do not have the hash that stands beside them',
    ],
    'an entry that was cut off': [
      (files) => files.map((each) => (each.name.startsWith('tile/entries/') ? { ...each, bytes: each.bytes.subarray(0, -5) } : each)),
      'entry 16 is cut off',
    ],
    'a checkpoint of another log': [
      (files) => files.map((each) => (each.name === 'checkpoint' ? { ...each, bytes: replaced(each.bytes, 'e1\n', 'e2\n') } : each)),
      'the signature of the checkpoint is not by the key of its log',
    ],
    'a proof from somewhere': [
      (files) => files.map((each) => (each.name === 'add-checkpoint' ? { ...each, bytes: replaced(each.bytes, 'old 0', 'old 5') } : each)),
      'the proof is not from the export before',
    ],
  };
  test.each(Object.entries(cases))('%s', async (_name, [change, sentence]) => {
    expect(await judged(station, (folder) => forgeContents(station, folder, change))).toContain(sentence);
  });

  test('the forger alone changes nothing: the same files signed anew are intact', async () => {
    expect(await judged(station, (folder) => forgeContents(station, folder, (files) => files))).toBe('intact');
  });

  const replaced = (bytes: Uint8Array, from: string, to: string) =>
    Buffer.from(Buffer.from(bytes).toString('latin1').replace(from, to), 'latin1');
});

test('what is no bundle is said to be none', async () => {
  expect(await judge(station.paths.inbox, station.identity)).toContain('unreadable: there is no bundle in');
  expect(await judge(join(station.data, 'nowhere'), station.identity)).toContain('unreadable: there is nothing at');
  expect(await judge(station.drive, other.identity)).toContain('and that identity was not given');
});
