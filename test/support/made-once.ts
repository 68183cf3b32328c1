/** Things that take long to make and always come out alike: made once, and kept outside the repository by the content of their recipe. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const store = fileURLToPath(new URL('../../.cache/made', import.meta.url));

/** The key of a recipe, from all that goes into it: hex, 40 digits. */
export function recipeKey(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex').slice(0, 40);
}

/** The folder of what `make` made under this key. It is made beside its place and moved there whole, so that two tests at one time do no harm. */
export function madeOnce(key: string, make: (folder: string) => void): string {
  const place = join(store, key);
  if (existsSync(place)) return place;
  const beside = `${place}-${randomBytes(4).toString('hex')}`;
  mkdirSync(beside, { recursive: true });
  try {
    make(beside);
    renameSync(beside, place);
  } catch (problem) {
    rmSync(beside, { recursive: true, force: true });
    if (!existsSync(place)) throw problem;
  }
  return place;
}
