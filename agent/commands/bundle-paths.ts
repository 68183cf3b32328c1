/** Bundles and identities as a person names them. */
import { readFile } from 'node:fs/promises';
import { readIdentity } from '../log/verify/age.ts';
import { findBundle, type FoundBundle, Unreadable } from '../log/verify/bundle-folder.ts';
import { Wrong } from '../log/verify/canonical.ts';
import type { KnownLog } from '../log/verify/checkpoint.ts';
import { StartRefused } from '../refusals.ts';

/** The bundles at some paths. Throws Wrong and Unreadable. */
export async function findBundles(paths: readonly string[], known?: KnownLog): Promise<readonly FoundBundle[]> {
  const found: FoundBundle[] = [];
  for (const path of paths) found.push(await findBundle(path, known));
  return found;
}

/** Lends the identities in some files, which are wiped afterwards. Throws StartRefused. */
export async function withIdentities<T>(files: readonly string[], use: (identities: readonly Uint8Array[]) => Promise<T>): Promise<T> {
  const identities: Uint8Array[] = [];
  try {
    for (const file of files) identities.push(await read(file));
    return await use(identities);
  } finally {
    for (const identity of identities) identity.fill(0);
  }
}

async function read(file: string): Promise<Uint8Array> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    throw new StartRefused(code === 'ENOENT' ? `There is no file ${file}.` : `${file} cannot be read (${code}).`, 2, cause);
  });
  try {
    return readIdentity(bytes);
  } catch (cause) {
    if (!(cause instanceof Wrong)) throw cause;
    throw new StartRefused(`${file} is not an identity of head office: ${cause.message}.`, 2, cause);
  } finally {
    bytes.fill(0);
  }
}

/** What is wrong with a bundle as a refusal: exit code 1 when it is damaged or not what it should be, 2 when it cannot be read. */
export async function inWords<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Wrong) throw new StartRefused(`The bundle is broken: ${error.message}.`, 1, error);
    if (error instanceof Unreadable) throw new StartRefused(`The bundle cannot be read: ${error.message}.`, 2, error);
    throw error;
  }
}
