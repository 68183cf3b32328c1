/** A large document is signed with little more memory than its own size; a station takes up to 500 MB. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const program = fileURLToPath(new URL('../../support/sign-large.ts', import.meta.url));
const size = 100_000_000;

/** How many times the size of the document the memory grew. */
function growth(...kind: readonly string[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-large-'));
  try {
    const node = ['--expose-gc', '--import', 'tsx', program, folder, String(size), ...kind];
    const { stdout, stderr } = spawnSync(process.execPath, node, { encoding: 'utf8' });
    if (stdout === '') throw new Error(stderr);
    return Number(stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a document of 100 MB is signed, staged and published with at most 1.5 times its size; a copy of it would take more', () => {
  expect(growth()).toBeLessThan(1.5);
  expect(growth('copied')).toBeGreaterThan(1.9);
});
