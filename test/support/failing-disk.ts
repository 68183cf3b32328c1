/**
 * `node:fs/promises` for tests, on the real disk: at one call of those that change something it stops for ever, which is what a process leaves behind that is
 * killed there (nothing after it runs, no `finally` either), or it fails as a disk does. Use: `vi.mock('node:fs/promises', () => failingDisk(disk))`.
 */
import type * as promises from 'node:fs/promises';
import { vi } from 'vitest';

export interface Disk {
  /** What happens at the call in question. */
  fault: 'none' | 'killed' | 'ENOSPC' | 'EIO';
  /** Which call that is, from 1. */
  at: number;
  /** Calls until now, by name. */
  calls: string[];
  /** A file system on which a file has one name. */
  linkless: boolean;
  /** What was opened: whoever is killed closes nothing. */
  files: promises.FileHandle[];
}

const changing = ['link', 'mkdir', 'rename', 'rm', 'writeFile'] as const;
const ofFiles = ['sync', 'write'] as const;

export function failure(code: string): Error {
  return Object.assign(new Error(`${code}: made up`), { code, syscall: 'made up' });
}

/** The module in the place of the real one. */
export async function failingDisk(disk: Disk): Promise<typeof promises> {
  const real = await vi.importActual<typeof promises>('node:fs/promises');
  type Act = (...given: readonly unknown[]) => Promise<unknown>;
  const watched =
    (name: string, act: Act): Act =>
    async (...given) => {
      disk.calls.push(name);
      if (disk.fault !== 'none' && disk.calls.length === disk.at) {
        if (disk.fault === 'killed') return new Promise(() => undefined);
        throw failure(disk.fault);
      }
      if (name === 'link' && disk.linkless) throw failure('EPERM');
      return act(...given);
    };
  const made = { ...real } as unknown as Record<string, unknown>;
  for (const name of changing) made[name] = watched(name, real[name] as Act);
  made['open'] = async (...given: Parameters<typeof real.open>) => {
    // Opening one that is made is a change too.
    const isMade = given[1] === 'w' || given[1] === 'wx';
    const open: Act = () => real.open(...given);
    const file = (await (isMade ? watched('open', open) : open)()) as promises.FileHandle;
    disk.files.push(file);
    for (const name of ofFiles) Object.assign(file, { [name]: watched(name, (file[name] as Act).bind(file)) });
    return file;
  };
  return made as unknown as typeof promises;
}
