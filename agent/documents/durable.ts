/** Files and folders that the disk really has when a call returns. */
import { randomUUID } from 'node:crypto';
import { link, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Writes a file, for its owner alone, and returns when the disk has it. */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Returns when the disk has what was done in a folder: names that were added, changed or removed. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * Makes a file that is not there yet, whole or not at all, and returns when the disk has it. Throws with the code EEXIST when the name is taken: nothing
 * is ever written over.
 */
export async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.countersign-${randomUUID()}.tmp`);
  try {
    await writeDurably(temporary, bytes);
    // link() fails when the name is taken.
    await link(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  await syncFolder(folder);
}
