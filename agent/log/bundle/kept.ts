/**
 * What a station keeps of its exports, in a folder of its own: the last manifest that was read back, which is an anchor of the log outside of it, and how far an
 * export that was interrupted had come. Every file is written whole or not at all.
 *
 * Encryption is random, so a part that is on the medium cannot be made again and compared. Kept is therefore, for each part that was written, the digest of what
 * went into it beside the digest of what came out: on a resume the contents are read again (which costs no encryption and no writing), and only when they are the
 * same and the file on the medium still has its digest is it left as it is. An erasure in between changes the contents, and so the part is written anew.
 */
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { KnownHead } from '../check-anchors.ts';
import { toHex } from '../entry.ts';
import { Wrong } from '../verify/canonical.ts';
import { readManifest } from '../verify/manifest.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const schema = z.strictObject({
  v: z.literal(1),
  origin: z.string(),
  number: z.int().positive(),
  recipient: z.string(),
  parts: z.array(z.strictObject({ plain: sha256, size: z.int().positive(), sha256 })),
  /** The manifest, base64, once it was signed: from then on this number is not used again for anything else. */
  manifest: z.base64().exactOptional(),
});
/** How far an export had come. */
export type Unfinished = z.infer<typeof schema>;

/** The folder in the data folder where a station keeps what it must know of its exports. */
export function exportsFolder(data: string): string {
  return join(data, 'exports');
}

const unfinished = 'unfinished.json';
const lastManifest = 'last.manifest';

/** The export that was interrupted. Without one, or with a file that says nothing, everything is written anew. */
export async function readUnfinished(folder: string): Promise<Unfinished | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(join(folder, unfinished), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Keeps how far an export has come. Throws I/O errors. */
export async function keepUnfinished(folder: string, state: Unfinished): Promise<void> {
  await replace(folder, unfinished, Buffer.from(JSON.stringify(state)));
}

/** Keeps the manifest of an export that was read back, and forgets how far it had come. Throws I/O errors. */
export async function keepManifest(folder: string, note: Uint8Array): Promise<void> {
  await replace(folder, lastManifest, note);
  await rm(join(folder, unfinished), { force: true });
}

/**
 * The head that was exported last, as its manifest states it: what the start of the agent holds the log against. Undefined where nothing was exported from this folder. The
 * manifest says its key itself; `known` is the log's own where it is known. Throws Wrong when the file is no manifest or cannot be read.
 */
export async function readExportedHead(
  folder: string,
  known?: { readonly origin: string; readonly publicKey: Uint8Array },
): Promise<KnownHead | undefined> {
  const file = join(folder, lastManifest);
  const note = await readFile(file).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new Wrong(`${file} cannot be read`);
  });
  if (note === undefined) return undefined;
  const { origin, size, root } = readManifest(note, known);
  const remedy =
    'Keep everything as it is for whoever examines this. What was exported is not lost: bring back the log that belongs here, or carry it on with countersign restore';
  return { name: `the manifest of the last export (${file})`, origin, size, root: toHex(root), remedy };
}

async function replace(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const draft = join(folder, `${name}.new`);
  await rm(draft, { force: true });
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, join(folder, name));
  const parent = await open(folder, 'r');
  await parent.sync().finally(() => parent.close());
}
