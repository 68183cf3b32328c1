/**
 * Opens bundles for head office: a tree of tiles that any reader of tlog-tiles takes, the entries as lines of JSON, and what stands beside them. Everything is written into a
 * draft while it is verified, and the draft gets its name only when all of it was found good. No name from a bundle is followed: each was compared with the one that has to
 * come, or is made of digits here.
 */
import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { Verification } from '../verify.ts';
import type { BundleItem } from '../verify/bundle.ts';
import type { FoundBundle } from '../verify/bundle-folder.ts';
import { verifyBundles } from '../verify-bundles.ts';

/** Where a bundle may not be opened into. The message has no full stop. */
export class NotOpened extends Error {
  override readonly name = 'NotOpened';
}

/**
 * Opens bundles of one log into a folder that is new or empty. Anything but `intact` leaves nothing behind. Throws NotOpened, Wrong, Unreadable, and I/O errors.
 */
export async function openBundles(bundles: readonly FoundBundle[], identities: readonly Uint8Array[], to: string): Promise<Verification> {
  await mustBeEmpty(to);
  const draft = join(dirname(to), `.opening-${randomUUID()}`);
  await mkdir(draft, { mode: 0o700 });
  try {
    const entries = await open(join(draft, 'entries.jsonl'), 'wx', 0o600);
    let result: Verification;
    try {
      const write = async (item: BundleItem): Promise<void> => {
        if (item.kind === 'file') await writeInto(draft, item.name, item.bytes);
        else await entries.writeFile(Buffer.concat([item.row.body, Buffer.from('\n')]));
      };
      result = await verifyBundles(bundles, identities, { use: write });
    } finally {
      await entries.close();
    }
    if (result.verdict !== 'intact') return result;
    // It gets its name only when the disk has all of it, and the caller hears of it only when the disk has the name.
    await syncAll(draft);
    await rename(draft, to);
    await syncPath(dirname(to)).catch(async (error: unknown) => {
      await rm(to, { recursive: true, force: true });
      throw error;
    });
    return result;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function mustBeEmpty(folder: string): Promise<void> {
  const names = await readdir(folder).catch((cause: unknown) => {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT') return [];
    throw new NotOpened(code === 'ENOTDIR' ? `${folder} is not a folder` : `${folder} cannot be read (${String(code)})`, { cause });
  });
  if (names.length > 0) throw new NotOpened(`${folder} is not empty, and nothing is written over`);
}

/** Pieces of a file lie one after the other in one file, as they came; a file that a later bundle has anew takes the place of the older one. */
async function writeInto(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const [, stem, piece] = /^((?:attachments|sealed|seals|tables)\/.+)\/(\d{3,})$/.exec(name) ?? [];
  const path = join(folder, stem === undefined ? name : stem.startsWith('attachments/') ? stem : `${stem}.jsonl`);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, bytes, { mode: 0o600, flag: piece === undefined || Number(piece) === 0 ? 'w' : 'a' });
}

/** Returns when the disk has every file and every name in a folder, and the folder. Throws on I/O errors. */
async function syncAll(folder: string): Promise<void> {
  for (const found of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, found.name);
    await (found.isDirectory() ? syncAll(path) : syncPath(path));
  }
  await syncPath(folder);
}

async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
