/**
 * Finds a bundle on a medium and holds its files against the manifest: what is damaged, cut short, gone, swapped, or of another bundle is named. Nothing is decrypted.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { must, Wrong } from './canonical.ts';
import type { KnownLog } from './checkpoint.ts';
import { type Manifest, type ManifestPart, readManifest } from './manifest.ts';

/** A file or folder that cannot be read: nothing is said about what is in it. The message has no full stop. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

export interface FoundBundle {
  readonly folder: string;
  /** The name of the manifest's file. */
  readonly name: string;
  readonly manifest: Manifest;
}

const manifestPattern = /^(E([1-9]\d{0,8})-(\d{5,16}))\.MANIFEST$/;
const partPattern = /^E([1-9]\d{0,8})-(\d{5,16})-\d{4,}\.AGE$/;

/**
 * Finds the bundle at a path: a manifest, the folder of a station (its newest export), or what holds `COUNTSGN` with one station in it. Throws Wrong when what is
 * there is no whole bundle, and Unreadable.
 */
export async function findBundle(place: string, known?: KnownLog): Promise<FoundBundle> {
  const path = resolve(place);
  const found = await look(path);
  if (!found.isDirectory()) return readFound(dirname(path), basename(path), known);
  let folder = path;
  const names = await list(folder);
  if (names.includes('COUNTSGN')) folder = await onlyStation(join(folder, 'COUNTSGN'));
  else if (basename(path) === 'COUNTSGN') folder = await onlyStation(folder);
  const files = folder === path ? names : await list(folder);
  const numbered = (pattern: RegExp, at: number) =>
    files.flatMap((name) => {
      const match = pattern.exec(name);
      return match === null ? [] : [{ name, epoch: Number(match[at]), number: Number(match[at + 1]) }];
    });
  const parts = numbered(partPattern, 1);
  const newest = numbered(manifestPattern, 2).sort((a, b) => b.epoch - a.epoch || b.number - a.number)[0];
  if (newest === undefined) {
    must(parts.length === 0, `there are parts in ${folder} and no manifest: the export did not end, or the manifest was taken away`);
    throw new Unreadable(`there is no bundle in ${folder}`);
  }
  const bundle = await readFound(folder, newest.name, known);
  const later = parts.find(({ epoch, number }) => epoch > newest.epoch || (epoch === newest.epoch && number > newest.number));
  must(
    later === undefined,
    `${later?.name ?? ''} is newer than the newest manifest, ${newest.name}: a later export did not end, or its manifest was taken away`,
  );
  const own = new Set(bundle.manifest.parts.map(({ name }) => name));
  const extra = parts.find((part) => part.epoch === newest.epoch && part.number === newest.number && !own.has(part.name));
  must(extra === undefined, `${extra?.name ?? ''} is not named by its manifest`);
  return bundle;
}

async function onlyStation(folder: string): Promise<string> {
  const [station, second] = await list(folder);
  if (station === undefined) throw new Unreadable(`there is no bundle in ${folder}`);
  if (second !== undefined) throw new Unreadable(`there are bundles of several stations in ${folder}; name the folder of one`);
  return join(folder, station);
}

async function readFound(folder: string, name: string, known: KnownLog | undefined): Promise<FoundBundle> {
  const stem = manifestPattern.exec(name)?.[1];
  if (stem === undefined) throw new Unreadable(`${join(folder, name)} is not the manifest of a bundle`);
  const file = await openFile(join(folder, name));
  try {
    const { size } = await file.stat();
    must(size <= 2 ** 20, `${name}: longer than a manifest may be`);
    const note = Buffer.alloc(size);
    await file.read(note, 0, size, 0);
    const manifest = named(name, () => readManifest(note, known));
    must(manifest.prefix === stem, `${name} is the manifest ${manifest.prefix} under another name`);
    const station = basename(folder);
    const own = manifest.origin.replace(/\/e\d+$/, '').toUpperCase();
    must(
      station === own || dirname(folder) === folder || basename(dirname(folder)) !== 'COUNTSGN',
      `${name} is of ${own}, and not of ${station}`,
    );
    return { folder, name, manifest };
  } finally {
    await file.close();
  }
}

/** Adds the name of a file to what is wrong with it. */
function named<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Wrong) throw new Wrong(`${name}: ${error.message}`);
    throw error;
  }
}

/** Reads every part and holds its size and hash against the manifest. Throws Wrong with the name of the first bad one, and Unreadable. */
export async function checkParts({ folder, manifest }: FoundBundle, onPart: (part: ManifestPart) => void = () => undefined): Promise<void> {
  for (const part of manifest.parts) {
    const hash = createHash('sha256');
    for await (const piece of readPart(folder, part)) hash.update(piece);
    const found = hash.digest('hex');
    const other = manifest.parts.find(({ sha256 }) => sha256 === found);
    if (other !== part && other !== undefined) throw new Wrong(`${part.name} holds the bytes of ${other.name}`);
    must(found === part.sha256, `${part.name} was changed or is of another bundle: it does not have the hash that the manifest names`);
    onPart(part);
  }
}

/** The bytes of a part. Throws Wrong when it is gone or has another size, and Unreadable. */
export async function* readPart(folder: string, part: ManifestPart): AsyncGenerator<Uint8Array, void, undefined> {
  const path = join(folder, part.name);
  const file = await openFile(path, `${part.name} is missing`);
  try {
    const { size } = await file.stat();
    must(size === part.size, `${part.name} has ${size} bytes, and the manifest names ${part.size}: it was cut short or changed`);
    for (let at = 0; at < size;) {
      const piece = Buffer.alloc(Math.min(64 * 1024, size - at));
      const { bytesRead } = await file.read(piece, 0, piece.byteLength, at).catch((cause: unknown) => {
        throw new Unreadable(`${path} cannot be read (${codeOf(cause)})`, { cause });
      });
      must(bytesRead > 0, `${part.name} was cut short while it was read`);
      at += bytesRead;
      yield piece.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function openFile(path: string, missing?: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((cause: unknown) => {
    if (codeOf(cause) === 'ENOENT' && missing !== undefined) throw new Wrong(missing);
    if (codeOf(cause) === 'ELOOP') throw new Wrong(`${basename(path)} is a link to another file, and a bundle has none`);
    throw new Unreadable(`${path} cannot be read (${codeOf(cause)})`, { cause });
  });
  const found = await file.stat();
  if (found.isFile()) return file;
  await file.close();
  throw new Wrong(`${basename(path)} is not a file`);
}

async function look(path: string) {
  const found = await lstat(path).catch((cause: unknown) => {
    const why = codeOf(cause) === 'ENOENT' ? `there is nothing at ${path}` : `${path} cannot be read (${codeOf(cause)})`;
    throw new Unreadable(why, { cause });
  });
  if (found.isSymbolicLink()) throw new Unreadable(`${path} is a link to another place, and links are not followed`);
  return found;
}

async function list(folder: string): Promise<readonly string[]> {
  if (!(await look(folder)).isDirectory()) throw new Unreadable(`${folder} is not a folder`);
  return readdir(folder).catch((cause: unknown) => {
    throw new Unreadable(`${folder} cannot be read (${codeOf(cause)})`, { cause });
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
