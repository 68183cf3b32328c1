/** Seals in a bundle and the checkpoints that came with it: each is held against the other, and both against the entries. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stationActor } from '../../../agent/log/appender.ts';
import { signCheckpointWith, type TreeHead } from '../../../agent/log/checkpoint.ts';
import { openForWriting } from '../../../agent/log/database.ts';
import { toHex } from '../../../agent/log/entry.ts';
import type { NoteSigner } from '../../../agent/log/note-key.ts';
import { seal } from '../../../agent/log/seal.ts';
import { databaseFile, type LogStore } from '../../../agent/log/store.ts';
import type { ArchivedFile } from '../../../agent/log/verify/tar.ts';
import { openStationKey } from '../../../agent/opening.ts';
import { forgeContents, judge, judged } from '../../support/log/bundle-forger.ts';
import { type BundleStation, makeBundleStation } from '../../support/log/bundle-station.ts';
import { plainRoot } from '../../support/log/plain-tree.ts';

/** Lends the log of a station, and what signs for it. */
async function withLog<T>(station: BundleStation, use: (log: LogStore, signer: NoteSigner) => Promise<T>): Promise<T> {
  const opened = await station.open();
  try {
    const signer = await openStationKey(station.paths.logKey, opened, () => Promise.reject(new Error('not wrapped')));
    if (signer === undefined) throw new Error('the station has no key');
    return await use(opened.log, signer);
  } finally {
    await opened.log.close();
  }
}

/** A checkpoint of a size that the log did not have, put where the log keeps its own. */
async function store(station: BundleStation, signer: NoteSigner, head: TreeHead): Promise<string> {
  const { note } = await signCheckpointWith(head, signer, 'none');
  const database = await openForWriting(databaseFile(station.paths.log));
  await database.all('INSERT INTO checkpoint(size, note) VALUES (?, ?)', [head.size, note]);
  await database.close();
  return createHash('sha256').update(note).digest('hex');
}

describe('of a station that seals its log', () => {
  let station: BundleStation;
  beforeAll(async () => {
    station = await makeBundleStation();
    await station.grow(5);
    await withLog(station, (log, signer) => seal(log, signer));
    // Two tiles, so that a seal names a checkpoint in the tile before its own.
    await station.grow(280);
    await withLog(station, (log, signer) => seal(log, signer));
    await station.export();
  });
  afterAll(() => station.remove());

  const seals = (files: readonly ArchivedFile[]) => files.filter(({ name }) => name.startsWith('seals/'));
  const changed = (change: (seal: ArchivedFile) => ArchivedFile | undefined) => (files: ArchivedFile[]) =>
    files.flatMap((file) => (file.name.startsWith('seals/') ? (change(file) ?? []) : file));
  const text = (file: ArchivedFile, from: string | RegExp, to: string) => ({
    ...file,
    bytes: Buffer.from(Buffer.from(file.bytes).toString().replace(from, to)),
  });

  test('is intact as it is, and so with the same files signed anew (control)', async () => {
    let count = 0;
    const unchanged = (files: ArchivedFile[]) => ((count = seals(files).length), files);
    expect(await judged(station, () => Promise.resolve())).toBe('intact');
    expect(await judged(station, (folder) => forgeContents(station, folder, unchanged))).toBe('intact');
    expect(count).toBe(2);
  });

  test.each<readonly [string, (files: ArchivedFile[]) => ArchivedFile[], RegExp]>([
    ['whose checkpoint was left out', changed(() => undefined), /entry \d+: the checkpoint that it was sealed with did not come$/],
    [
      'whose checkpoint has another size',
      changed((file) => text(file, /"size":(\d+)/, '"size":3')),
      /a checkpoint of 3 entries came, and no seal beside it names that, or it came twice$/,
    ],
    [
      'whose checkpoint came twice',
      changed((file) => ({ ...file, bytes: Buffer.concat([file.bytes, file.bytes]) })),
      /came, and no seal beside it names that, or it came twice$/,
    ],
    [
      'whose checkpoint is that of another seal',
      (files) => {
        const [one, other] = seals(files).map(
          ({ bytes }) => (JSON.parse(Buffer.from(bytes).toString()) as { readonly note: { readonly base64: string } }).note.base64,
        );
        return changed((file) => text(file, one ?? '', other ?? ''))(files);
      },
      /the checkpoint that came as one of \d+ entries is of \d+$/,
    ],
    [
      'whose checkpoint nobody signed',
      changed((file) => text(file, /"base64":"(.+?)"/, `"base64":"${Buffer.from('x\n\n').toString('base64')}"`)),
      /the checkpoint is not a signed note$/,
    ],
    [
      'whose checkpoint is no text',
      changed((file) => text(file, /"base64":/, '"base65":')),
      /holds a checkpoint that is not written as bytes$/,
    ],
  ])('a seal %s is found', async (_name, change, sentence) => {
    expect(await judged(station, (folder) => forgeContents(station, folder, change))).toMatch(sentence);
  });
});

describe('of whoever writes the log and has its key', () => {
  const says = async (forge: (log: LogStore, signer: NoteSigner, station: BundleStation) => Promise<void>): Promise<string> => {
    const station = await makeBundleStation();
    try {
      await station.grow(5);
      await withLog(station, (log, signer) => forge(log, signer, station));
      await station.grow(5);
      await station.export();
      return await judge(station.drive, station.identity);
    } finally {
      await station.remove();
    }
  };
  const sealed = (size: number, root: string, checkpoint_sha256: string) =>
    ({ op: 'seal', actor: stationActor, size, root, checkpoint_sha256 }) as const;

  test('a seal that states another root than its checkpoint', async () => {
    const said = await says(async (log, signer) => {
      const { size, note } = await log.checkpoint(signer);
      await log.append(sealed(size, '0'.repeat(64), createHash('sha256').update(note).digest('hex')));
    });
    expect(said).toMatch(/entry \d+: the checkpoint that it was sealed with is not the one that came$/);
  });

  test('a seal that names another note than its checkpoint', async () => {
    const said = await says(async (log, signer) => {
      const { size, root } = await log.checkpoint(signer);
      await log.append(sealed(size, toHex(root), '0'.repeat(64)));
    });
    expect(said).toMatch(/entry \d+: the checkpoint that it was sealed with is not the one that came$/);
  });

  test('a checkpoint of entries that the log never had, and a seal that names it', async () => {
    const said = await says(async (log, signer, station) => {
      const root = new Uint8Array(32).fill(7);
      const digest = await store(station, signer, { origin: log.origin, size: log.size, root });
      await log.append(sealed(log.size, toHex(root), digest));
      // Behind it a true one, so that the station itself goes on.
      const leaves = (await log.entries()).map(({ leaf }) => Buffer.from(leaf, 'hex'));
      await store(station, signer, { origin: log.origin, size: log.size, root: plainRoot(leaves) });
    });
    expect(said).toMatch(/the checkpoint of \d+ entries is not of these entries$/);
  });

  test('a seal of entries that come behind it', async () => {
    const said = await says(async (log) => {
      await log.append(sealed(log.size + 3, '0'.repeat(64), '0'.repeat(64)));
    });
    expect(said).toMatch(/entry \d+: the checkpoint that it was sealed with did not come$/);
  });
});
