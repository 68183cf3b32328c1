/**
 * In a test the agent's own code is the sources, and the processes that it starts are the build, as at a real station: from sources each of them would
 * take four times the processor time, and a story starts a dozen. Where the build is not what the sources say, they run from sources.
 */
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from 'vitest/config';
import { isBuilt } from '../../../scripts/setup/built.mjs';

/** True when the build may stand for the sources: it was made from them, and this run does not go on while they are changed. */
export function buildIsCurrent(root: string, words: readonly string[] = process.argv): boolean {
  return words.includes('run') && isBuilt(root);
}

/**
 * True for a module that starts a process of ours, which lies beside it and is found by the module's own address: it is known by asking with which flags
 * the agent runs, because sources need its loader.
 */
export function startsProcess(path: string, code: string): boolean {
  return /^(?:agent|drivers)\/.+\.ts$/u.test(path) && code.includes('process.execArgv');
}

/** Tells those modules that they lie in `dist/`, where their processes do. Throws when one of them does not ask where it lies any more. */
export function childrenFromBuild(root: string): Plugin {
  return {
    name: 'children-from-build',
    enforce: 'pre',
    transform(code, id) {
      const path = relative(root, id);
      if (!startsProcess(path, code)) return undefined;
      if (!code.includes('import.meta.url')) throw new Error(`${path} does not ask where it lies: where does it find its processes?`);
      const built = pathToFileURL(join(root, 'dist', path.replace(/\.ts$/u, '.js'))).href;
      return { code: code.replaceAll('import.meta.url', JSON.stringify(built)), map: null };
    },
  };
}
