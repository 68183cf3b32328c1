/** Makes the guest's program one plain JavaScript file. Packages stay outside: native addons must be loaded from node_modules. */
import { join } from 'node:path';
import { build } from 'vite';

/** Writes `<folder>/guest.mjs`. */
export async function bundleGuest(root: string, folder: string): Promise<string> {
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    build: {
      ssr: join(root, 'test/hardware/guest/main.ts'),
      outDir: folder,
      emptyOutDir: false,
      target: 'node20',
      minify: false,
      rolldownOptions: { output: { entryFileNames: 'guest.mjs', codeSplitting: false } },
    },
  });
  return join(folder, 'guest.mjs');
}
