import { createHash, randomBytes } from 'node:crypto';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tilesAbove, edgeTiles, leafTiles, tilePath } from '../../../agent/log/bundle/tile.ts';
import { DataKeys } from '../../../agent/log/data-keys.ts';
import type { EventOf } from '../../../agent/log/events.ts';
import { giveTiers, makeSealing } from '../../../agent/log/staff-grants.ts';
import { readTiers } from '../../../agent/log/vault.ts';
import { type BundleItem, readBundle } from '../../../agent/log/verify/bundle.ts';
import { findBundle } from '../../../agent/log/verify/bundle-folder.ts';
import { expectedFiles } from '../../../agent/log/verify/tile.ts';
import { forgeContents } from '../../support/log/bundle-forger.ts';
import { type BundleStation, makeBundleStation } from '../../support/log/bundle-station.ts';

let station: BundleStation;
beforeEach(async () => {
  station = await makeBundleStation();
});
afterEach(() => station.remove());

async function files(): Promise<ReadonlyMap<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  for await (const item of readBundle(await findBundle(station.drive), [station.identity]))
    if (item.kind === 'file') found.set(item.name, item.bytes);
  return found;
}

function late(sha256: string, size: number): EventOf<'supplement'> {
  const signer = {
    certificate_sha256: '0a'.repeat(32),
    public_key: '0b',
    scheme: 'ecdsa',
    hash: 'sha256',
    signature: '0c',
    seen: { entry: 0, leaf: '0d'.repeat(32) },
  } as const;
  const time = '2026-01-01T00:00:00.000Z';
  const actor = { id: 'terminal', role: 'clerk' } as const;
  return {
    op: 'supplement',
    actor,
    kind: 'paper',
    occurred: { from: time, to: time },
    attachments: [{ sha256, size }],
    until: time,
    ...signer,
  };
}

test('attachments go out in pieces, whole and unchanged; one that is not there is passed over, one that was changed is refused', async () => {
  const large = randomBytes(9 * 1024 * 1024);
  const sha256 = createHash('sha256').update(large).digest('hex');
  const folder = join(station.data, 'attachments');
  await mkdir(folder);
  await writeFile(join(folder, sha256), large);
  const { log } = await station.open();
  await log.append(late(sha256, large.byteLength));
  await log.append(late('f'.repeat(64), 1));
  await log.close();
  await station.export();
  const found = await files();
  const pieces = [...found].filter(([name]) => name.startsWith('attachments/'));
  expect(pieces.map(([name]) => name)).toEqual([`attachments/${sha256}/000`, `attachments/${sha256}/001`]);
  expect(Buffer.concat(pieces.map(([, bytes]) => bytes)).equals(large)).toBe(true);
  await writeFile(join(folder, sha256), 'something else');
  await expect(station.export()).rejects.toThrow(`the attachment ${sha256} was changed`);
});

test('sealed fields go out as ciphertext with their keys wrapped; whoever changes, drops or moves them is found out', async () => {
  const { log } = await station.open();
  await giveTiers(log.tables, await makeSealing([]));
  const keys = await DataKeys.make('ab'.repeat(16), await log.tables.use(readTiers));
  const name = 'Ada Lovelace, of 12 St James Square';
  const { seq } = await log.append(
    { op: 'token-out', actor: { id: 'terminal', role: 'clerk' } },
    { keys, fields: { operations: { name } } },
  );
  keys.wipe();
  await log.close();
  await station.export();
  const found = await files();
  expect([...found.keys()].filter((one) => !one.startsWith('tile/'))).toEqual([
    'sealed/000/000',
    'tables/vault/000',
    'tables/tier_key/000',
    'station.json',
    'checkpoint',
    'add-checkpoint',
  ]);
  for (const bytes of found.values()) expect(Buffer.from(bytes).includes('Ada Lovelace')).toBe(false);

  const changed = async (change: (name: string, text: string) => string | undefined): Promise<string> => {
    const copy = { ...station, drive: `${station.drive}-changed` };
    await cp(station.drive, copy.drive, { recursive: true });
    try {
      await forgeContents(station, (await findBundle(copy.drive)).folder, (all) =>
        all.flatMap((file) => {
          const text = change(file.name, Buffer.from(file.bytes).toString('latin1'));
          return text === undefined ? [] : [{ ...file, bytes: Buffer.from(text, 'latin1') }];
        }),
      );
      const items: BundleItem[] = [];
      for await (const item of readBundle(await findBundle(copy.drive), [station.identity])) items.push(item);
      return 'taken';
    } catch (error) {
      return error instanceof Error ? error.message : '';
    } finally {
      await rm(copy.drive, { recursive: true });
    }
  };
  const isSealed = (file: string) => file.startsWith('sealed/');
  expect(await changed((_, text) => text)).toBe('taken');
  expect(await changed((file, text) => (isSealed(file) ? undefined : text))).toContain(`the sealed fields of entry ${seq} are missing`);
  const other = (text: string) => text.replace(/"ciphertext":{"base64":"(..)/, '"ciphertext":{"base64":"AA');
  expect(await changed((file, text) => (isSealed(file) ? other(text) : text))).toContain(`the sealed fields of entry ${seq} were changed`);
  expect(await changed((file, text) => (isSealed(file) ? text.replace(`"seq":${seq}`, `"seq":${seq - 1}`) : text))).toContain(
    `the sealed fields of entry ${seq - 1} are not those that the entry names`,
  );
  // A person who was erased: the ciphertext is blank, and the entry stays.
  const blank = (text: string) => text.replaceAll(/"base64":"[^"]*"/g, '"base64":""');
  expect(await changed((file, text) => (isSealed(file) ? blank(text) : text))).toBe('taken');
});

test('both implementations name the same files, at every size and from every place', () => {
  // 65,536 leaves fill a tile of level 1.
  const sizes = [1, 255, 256, 257, 511, 512, 70_000, 65_535, 65_536, 65_537, 131_072, 131_500];
  for (const size of sizes)
    for (const from of [0, 1, 255, 256, 300, 65_535, 65_536, 65_800].filter((one) => one < size)) {
      const writer = [
        ...edgeTiles(from).map((tile) => tilePath(tile.level, tile)),
        ...leafTiles(from, size).flatMap((tile) => [
          tilePath('entries', tile),
          tilePath(0, tile),
          ...tilesAbove(tile).map((above) => tilePath(above.level, above)),
        ]),
        ...edgeTiles(size).map((tile) => tilePath(tile.level, tile)),
      ];
      const reader = [...expectedFiles(from, size)].flatMap((file) =>
        file.kind === 'entries' || file.kind === 'hashes' ? [file.name] : [],
      );
      expect(reader).toEqual(writer);
    }
  expect(tilePath(3, { index: 1_234_067, width: 8 })).toBe('tile/3/x001/x234/067.p/8');
});
