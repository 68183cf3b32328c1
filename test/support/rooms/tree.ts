/** Reads the tree of the project: what a checkout holds, without what is made from it. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Source } from './imports.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** Not sources: what tools make or bring, and what npm alone writes. */
const made = new Set(['.git', '.cache', 'node_modules', 'dist', 'coverage', 'demo-data', 'package-lock.json']);

/** All text files of the project. A file that goes away while the tree is read is left out. */
export function readTree(): Source[] {
  return walk('').flatMap((path): Source[] => {
    try {
      const text = readFileSync(join(root, path), 'utf8');
      return text.includes('\0') ? [] : [{ path, text }];
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
  });
}

function walk(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => !made.has(entry.name))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? walk(path) : entry.isFile() ? [path] : [];
    });
}

/** The part of a tree that is code with imports. */
export function sourcesOf(tree: readonly Source[]): Source[] {
  return tree.filter(({ path }) => /\.(?:ts|mjs|svelte)$/.test(path));
}
