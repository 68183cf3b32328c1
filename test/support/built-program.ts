/** The program as the build makes it, for tests that run it as a whole. It is never run when it was made from other sources than those that lie here. */
import { join } from 'node:path';
import { isBuilt } from '../../scripts/setup/built.mjs';

const root = join(import.meta.dirname, '../..');
let current: boolean | undefined;

/** True when the build was made from the sources as they stand; looked at once for each file of tests. */
export function builtFromTheseSources(): boolean {
  current ??= isBuilt(root);
  return current;
}

/** The path of the built program. Throws when there is none that was made from the sources as they stand. */
export function builtCli(): string {
  if (builtFromTheseSources()) return join(root, 'dist/agent/cli.js');
  throw new Error('this test runs the build, and dist is missing or older than the sources. Type: npm run setup');
}
