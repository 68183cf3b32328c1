/** Bundles on a drive that somebody has changed: the files as they are, and forgers who hold the keys of head office and of the log. */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { x25519Recipient } from '../../../agent/log/age-keys.ts';
import { signManifest } from '../../../agent/log/bundle/manifest.ts';
import { encrypt } from '../../../agent/log/bundle/part.ts';
import { tarEnd, tarHeader, tarPadding } from '../../../agent/log/bundle/tar.ts';
import { openLogKey } from '../../../agent/log/log-key.ts';
import { openAge } from '../../../agent/log/verify/age.ts';
import { checkParts, findBundle, readPart, Unreadable } from '../../../agent/log/verify/bundle-folder.ts';
import { Wrong } from '../../../agent/log/verify/canonical.ts';
import { type ArchivedFile, readTar } from '../../../agent/log/verify/tar.ts';
import { verifyBundles } from '../../../agent/log/verify-bundles.ts';
import type { BundleStation } from './bundle-station.ts';

/** Copies a drive, changes the copy, and gives what the verifier says of it: `intact`, or why not. `change` gets the folder of the station. */
export async function judged(
  { drive, identity }: Pick<BundleStation, 'drive' | 'identity'>,
  change: (folder: string, copy: string) => Promise<unknown>,
  options: { readonly withoutIdentity?: true; readonly path?: string } = {},
): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'changed-'));
  try {
    await cp(drive, copy, { recursive: true });
    const [station = ''] = await readdir(join(copy, 'COUNTSGN'));
    await change(join(copy, 'COUNTSGN', station), copy);
    return await judge(join(copy, options.path ?? ''), options.withoutIdentity === true ? undefined : identity);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** What the verifier says of the bundle at a path. */
export async function judge(path: string, identity: Uint8Array | undefined): Promise<string> {
  try {
    const found = await findBundle(path);
    await checkParts(found);
    if (identity === undefined) return 'whole';
    const { verdict, bad, cause } = await verifyBundles([found], [identity]);
    if (verdict === 'unreadable') return `unreadable: ${cause instanceof Error ? cause.message : ''}`;
    return verdict === 'intact' ? verdict : `${bad?.seq === undefined ? '' : `entry ${bad.seq}: `}${bad?.sentence ?? ''}`;
  } catch (error) {
    if (error instanceof Unreadable) return `unreadable: ${error.message}`;
    if (error instanceof Wrong) return error.message;
    throw error;
  }
}

/** Who holds the identity of head office and the key of the log makes the newest bundle anew from other files; every signature and hash is right. */
export async function forgeContents(
  station: BundleStation,
  folder: string,
  change: (
    files: ArchivedFile[],
    header: (name: string, size: number) => Uint8Array,
  ) => readonly (ArchivedFile & { readonly header?: Uint8Array })[],
): Promise<void> {
  const { manifest, name } = await findBundle(folder);
  const files: ArchivedFile[] = [];
  for (const part of manifest.parts) {
    for await (const file of readTar(openAge(station.identity, readPart(folder, part)))) files.push(file);
    await rm(join(folder, part.name));
  }
  const archive = change(files, tarHeader).flatMap(({ name: file, bytes, header }) => [
    header ?? tarHeader(file, bytes.byteLength),
    bytes,
    tarPadding(bytes.byteLength),
  ]);
  const pieces: Uint8Array[] = [];
  for await (const piece of encrypt(x25519Recipient(station.recipient), stream([...archive, tarEnd]))) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  const part = { name: manifest.parts[0]?.name ?? '', size: bytes.byteLength, sha256: createHash('sha256').update(bytes).digest('hex') };
  const first = Math.floor(manifest.from / 256) * 256;
  const { signer } = await openLogKey(station.paths.logKey, manifest.origin, () => Promise.reject(new Error('not wrapped')));
  await writeFile(join(folder, part.name), bytes);
  await writeFile(join(folder, name), await signManifest({ ...manifest, parts: [{ ...part, first, end: manifest.size }] }, signer));
}

async function* stream(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const piece of pieces) yield await Promise.resolve(piece);
}

/** Turns one bit of a file. */
export async function flip(file: string, at: number): Promise<void> {
  const bytes = await readFile(file);
  const place = at % bytes.byteLength;
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  await writeFile(file, bytes);
}
