/**
 * The kernel of the hardware test: Debian's own package, downloaded into .cache/hardware and never installed. Any version of it will do, so one that is
 * there is kept.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { StepFailed } from './run.mjs';

/** Debian's name for "the newest kernel of this release"; the package that it stands for holds the files. */
const newest = 'linux-image-amd64';

const folderOf = (root) => join(root, '.cache/hardware');

/** True when one kernel package lies in the cache. */
export function kernelIsThere(root) {
  const folder = folderOf(root);
  return existsSync(folder) && readdirSync(folder).filter((name) => name.endsWith('.deb')).length === 1;
}

/** Name of the package with the files, or undefined when apt knows none: there are no package lists, or this is no Debian. */
function packageOfKernel() {
  const asked = spawnSync('apt-cache', ['depends', '--important', newest], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return /Depends: (linux-image-\S+)/.exec(asked.stdout ?? '')?.[1];
}

/**
 * Downloads the package. Package lists that are missing or too old are fetched once, where this process may.
 * @param {(title: string, command: string, args: string[], options?: { cwd?: string }) => Promise<void>} run throws when the command fails
 * @throws {StepFailed} in words for a person
 */
export async function fetchKernel(root, run) {
  const folder = folderOf(root);
  mkdirSync(folder, { recursive: true });
  const incoming = mkdtempSync(join(folder, 'incoming-'));
  const download = (name) => run(`downloading ${name}`, 'apt-get', ['-q', 'download', name], { cwd: incoming });
  try {
    const known = packageOfKernel();
    try {
      if (known === undefined) throw new StepFailed(`apt does not know ${newest}. Type: sudo apt-get update`);
      await download(known);
    } catch (error) {
      if (process.getuid?.() !== 0) throw error;
      await run('fetching the package lists', 'apt-get', ['-q', 'update']);
      const found = packageOfKernel();
      if (found === undefined)
        throw new StepFailed(`apt knows no package ${newest}: the hardware test boots a kernel of Debian for this processor.`);
      await download(found);
    }
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.deb'))) rmSync(join(folder, name));
    for (const name of readdirSync(incoming)) renameSync(join(incoming, name), join(folder, name));
  } finally {
    rmSync(incoming, { recursive: true, force: true });
  }
}
