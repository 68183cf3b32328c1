/**
 * In a test the agent's own code is the sources, and the processes that it starts are the build, as at a real station: from sources each of them would
 * take four times the processor time, and a story starts a dozen. Where the build is not what the sources say, they run from sources.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from 'vitest/config';
import { isBuilt } from '../../../scripts/setup/built.mjs';

/** The modules that start a process of ours, which lies beside them and is found by their own address. */
const parents = ['drivers/pkcs11/child.ts', 'agent/documents/examiner-process.ts'];

/** True when the build may stand for the sources: it was made from them, and this run does not go on while they are changed. */
export function buildIsCurrent(root: string, words: readonly string[] = process.argv): boolean {
  return words.includes('run') && isBuilt(root);
}

/** Tells those modules that they lie in `dist/`, where their processes do. Throws when one of them does not ask where it lies any more. */
export function childrenFromBuild(root: string): Plugin {
  return {
    name: 'children-from-build',
    enforce: 'pre',
    transform(code, id) {
      const path = parents.find((parent) => id === join(root, parent));
      if (path === undefined) return undefined;
      if (!code.includes('import.meta.url')) throw new Error(`${path} does not ask where it lies: where does it find its processes?`);
      const built = pathToFileURL(join(root, 'dist', path.replace(/\.ts$/u, '.js'))).href;
      return { code: code.replaceAll('import.meta.url', JSON.stringify(built)), map: null };
    },
  };
}
