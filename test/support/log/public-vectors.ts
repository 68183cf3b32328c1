/** Public test vectors that lie outside the checkout, in the folder that COUNTERSIGN_VECTORS names: they are not ours to carry along. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';

/** The folder; without one the test says so and is left out. */
function folder({ skip }: TestContext): string {
  return process.env['COUNTERSIGN_VECTORS'] ?? skip('COUNTERSIGN_VECTORS names no folder of public vectors');
}

/** The JSON of one file, or leaves the test out. Throws when the folder does not have it. */
export function readVectors(context: TestContext, path: string): unknown {
  return JSON.parse(readFileSync(join(folder(context), path), 'utf8'));
}

/** Names and bytes of the files of one folder, or leaves the test out. */
export function readVectorFiles(context: TestContext, path: string): readonly { readonly name: string; readonly bytes: Buffer }[] {
  const from = join(folder(context), path);
  return readdirSync(from).map((name) => ({ name, bytes: readFileSync(join(from, name)) }));
}
