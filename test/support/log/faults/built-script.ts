/** A test's own process as one file of JavaScript, made from the sources as they stand: it starts in a tenth of a second, and hundreds of them are started. */
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { build } from 'vite';

export interface BuiltScript {
  readonly path: string;
  remove(): Promise<void>;
}

const root = join(import.meta.dirname, '../../../..');

/** Makes the process that appends; see `appending-agent.ts`. */
export function buildAppendingAgent(): Promise<BuiltScript> {
  return buildScript(join(import.meta.dirname, 'appending-agent.ts'));
}

/** Makes a process of a source file. */
export async function buildScript(source: string): Promise<BuiltScript> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-script-'));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    build: { ssr: source, outDir: join(folder, 'out'), minify: false },
    ssr: { noExternal: true, external: ['sqlite3'] },
  });
  return { path: join(folder, 'out', basename(source).replace(/ts$/, 'js')), remove: () => rm(folder, { recursive: true, force: true }) };
}
