/**
 * Makes the folder of a demo whole or not at all: in a workshop beside it, which one rename puts in its place. What a killed making left behind
 * is removed by the next one. Nothing else is ever removed: no file that the making does not make, and no folder in which a document lies.
 */
import { mkdir, mkdtemp, readdir, realpath, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { StartRefused } from '../refusals.ts';

/** Name of the sample document in the inbox of a new demo. */
export const sampleName = 'Tenancy agreement.pdf';

/** Every file that a making ever makes, by its path in the workshop. Folders may have any name: an empty one is nobody's data. */
const madeFile = new RegExp(
  `^(station\\.json|log-key\\.pem|log-anchor|inbox/${sampleName.replace('.', '\\.')}|trust/demo-ca\\.pem|crl/demo-ca\\.crl|` +
    String.raw`virtual/(card-[a-z-]+|bio-key)\.json|log/log\.(lock|sqlite(\.new)?)(-wal|-shm|-journal)?)$`,
);

/** Lets `make` fill a new folder and puts it at `data`, where nothing may be but an empty folder. Throws StartRefused. */
export async function makeWhole(data: string, make: (workshop: string) => Promise<void>): Promise<void> {
  const target = await realpath(data).catch(() => resolve(data));
  const parent = dirname(target);
  const prefix = `.${basename(target)}.half-made-`;
  if ((await readdir(target).catch(() => [])).length > 0) throw somethingElse(data);
  const workshop = await mkdir(parent, { recursive: true, mode: 0o700 })
    .then(() => mkdtemp(join(parent, `${prefix}${process.pid}-`)))
    .catch((error: unknown) => {
      throw new StartRefused(`The demo cannot be made: the folder ${parent} cannot be written (${codeOf(error)}).`, 2, error);
    });
  try {
    await removeAbandoned(parent, prefix);
    await make(workshop);
    await rename(workshop, target).catch((error: unknown) => {
      if (codeOf(error) === 'ENOTEMPTY' || codeOf(error) === 'EEXIST') throw somethingElse(data);
      const sentence = `The demo cannot be put at ${data} (${codeOf(error)}). Name a folder inside it, or another one: --data ${join(data, 'demo')}`;
      throw new StartRefused(sentence, 2, error);
    });
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

function somethingElse(data: string): StartRefused {
  return new StartRefused(`There are files in ${data}, but no demo station. They were left as they are; name another folder with --data.`);
}

/** Removes the workshops of processes that are gone, as far as they hold nothing but what a making makes. */
async function removeAbandoned(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = name.startsWith(prefix) ? /^(\d+)-\w{6}$/.exec(name.slice(prefix.length))?.[1] : undefined;
    if (pid === undefined || runs(Number(pid))) continue;
    const workshop = join(parent, name);
    const entries = await readdir(workshop, { recursive: true, withFileTypes: true });
    const paths = entries.map((entry) => ({ entry, path: relative(workshop, join(entry.parentPath, entry.name)) }));
    if (!paths.every(({ entry, path }) => entry.isDirectory() || (entry.isFile() && madeFile.test(path)))) continue;
    // Deepest first, and each by its name: what comes into the folder meanwhile stays.
    for (const { entry, path } of paths.toSorted((a, b) => b.path.length - a.path.length))
      await (entry.isDirectory() ? rmdir(join(workshop, path)) : rm(join(workshop, path), { force: true }));
    await rmdir(workshop);
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
