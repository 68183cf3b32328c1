/** What a verifier remembers does not grow with the log; one that remembers two hashes of each row is found by the same measurement. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BuiltScript, buildScript } from '../../support/log/faults/built-script.ts';

/** At a third of them everything is full that is forgotten only beyond some number. */
const rows = 18_000;
/** Bytes. Two hashes of each further row are three times that. */
const mayGrow = 1_000_000;

let script: BuiltScript;
beforeAll(async () => {
  script = await buildScript(join(import.meta.dirname, '../../support/log/verifying-process.ts'));
});
afterAll(() => script.remove());

async function growth(how: 'forget' | 'keep'): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script.path, String(rows), how]);
  const { verdict, entries, used } = JSON.parse(stdout) as { readonly verdict: string; readonly entries: number; readonly used: number[] };
  expect([verdict, entries, used.length]).toEqual(['intact', rows, 2]);
  return (used[1] ?? NaN) - (used[0] ?? NaN);
}

it('a verifier remembers no more of a large log than of a small one', async () => {
  expect(await growth('forget')).toBeLessThan(mayGrow);
}, 180_000);

it('a reader that remembers something of each row is found (control)', async () => {
  expect(await growth('keep')).toBeGreaterThan(mayGrow);
}, 180_000);
