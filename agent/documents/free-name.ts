/** How a file that is whole gets a name in a folder that others use too: in one step, and never over another file. */
import { link, open, rename } from 'node:fs/promises';
import { join } from 'node:path';

/** Another file system, or one that knows no second names for a file; or a file that is not ours to name (protected_hardlinks, proc(5)). */
const noLinkHere: readonly string[] = ['EXDEV', 'EPERM', 'EMLINK', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'];

/**
 * Gives the file the first of `names` that is free in `folder`, and gives that name; its old name stays too. Undefined when a file cannot have a second
 * name there. Throws on I/O errors, and when no name is free.
 */
export async function linkUnderFreeName(file: string, folder: string, names: Iterable<string>): Promise<string | undefined> {
  // link() fails when the name is taken; rename() would write over what is there.
  return firstFree(names, (name) => link(file, join(folder, name))).catch((error: unknown) => {
    if (noLinkHere.includes(codeOf(error))) return undefined;
    throw error;
  });
}

/**
 * The same with rename(), for a file system without second names, such as that of most USB sticks: the name is reserved with an empty file, which ours then
 * replaces. Throws on I/O errors, and when no name is free.
 */
export async function renameUnderFreeName(file: string, folder: string, names: Iterable<string>): Promise<string> {
  const name = await firstFree(names, async (wanted) => (await open(join(folder, wanted), 'wx', 0o600)).close());
  await rename(file, join(folder, name));
  return name;
}

async function firstFree(names: Iterable<string>, take: (name: string) => Promise<void>): Promise<string> {
  for (const name of names) {
    const isFree = await take(name).then(
      () => true,
      (error: unknown) => {
        if (codeOf(error) === 'EEXIST') return false;
        throw error;
      },
    );
    if (isFree) return name;
  }
  throw new Error('no free name in the outbox');
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
