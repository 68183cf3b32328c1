/** Files and locks in the folder of a log. Nothing here is ever made in the place of something that is there. */
import { open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Database, openForWriting, type Ownership, takeOwnership } from './database.ts';
import { LogRefusal } from './errors.ts';

/** Takes the right to write the log of a folder. Throws LogRefusal `in-use`. */
export async function own(directory: string): Promise<Ownership> {
  const file = join(directory, 'log.lock');
  if (!(await exists(file))) await makeEmpty(file);
  return takeOwnership(file);
}

/**
 * Opens the database of a log for its writer. It is opened only when the disk has the name of its WAL: SQLite syncs that too, but goes on when that fails,
 * and a name that is lost takes every entry of this start with it. Throws as `openForWriting`.
 */
export async function openWithWal(file: string): Promise<Database> {
  const database = await openForWriting(file);
  try {
    await syncFolder(dirname(file));
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Makes an empty file, 0600, unless there is one: a file that is there is not opened, which would drop the locks of this process on it. */
export async function makeEmpty(file: string): Promise<void> {
  try {
    await (await open(file, 'wx', 0o600)).close();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/** True when there is anything of this name. */
export async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

/** Returns when the disk has the names of a folder. Throws LogRefusal `unreadable` when it does not take them. */
export async function syncFolder(directory: string): Promise<void> {
  try {
    const handle = await open(directory, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw new LogRefusal('unreadable', `the disk does not take the names in the folder ${directory}`, { cause });
  }
}
