/** Whether dist/ was made from the sources as they stand: a digest over the contents of everything that a build reads. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folders = ['agent', 'drivers', 'kiosk'];
const files = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/build.mjs'];
const stampOf = (root) => join(root, 'dist/.stamp');

/** The paths of all files below a folder, sorted, relative to `root`. */
export function filesBelow(root, folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

/** SHA-256 over names and contents of all sources, hex. */
export function digestOfSources(root) {
  const hash = createHash('sha256');
  for (const path of [...folders.flatMap((folder) => filesBelow(root, folder)), ...files]) {
    if (!existsSync(join(root, path))) continue;
    const content = readFileSync(join(root, path));
    hash.update(`${path}\n${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

export function isBuilt(root) {
  try {
    return readFileSync(stampOf(root), 'utf8') === digestOfSources(root);
  } catch {
    return false;
  }
}

export function writeBuildStamp(root, digest) {
  writeFileSync(stampOf(root), digest);
}

export function removeBuildStamp(root) {
  rmSync(stampOf(root), { force: true });
}
