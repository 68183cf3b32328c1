/**
 * Builds the kiosk twice from one source: `dist/kiosk` for a signing station, and with `--mode demo` `dist/kiosk-demo`, which adds the
 * workbench and the gallery of screens. The result runs under a content security policy without inline code, inline style or `eval`.
 */
import { cpSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

const root = import.meta.dirname;
const pdfjs = join(root, '../node_modules/pdfjs-dist');

/** What pdf.js needs for documents that do not carry their own fonts, and to decode JPEG 2000 without WebAssembly: nothing is fetched from elsewhere. */
function pdfAssets(): Plugin {
  let outDir = '';
  return {
    name: 'countersign-pdf-assets',
    apply: 'build',
    configResolved(config) {
      outDir = resolve(config.root, config.build.outDir);
    },
    closeBundle() {
      for (const folder of ['cmaps', 'standard_fonts', 'iccs'])
        cpSync(join(pdfjs, folder), join(outDir, 'pdf', folder), { recursive: true });
      for (const file of ['openjpeg_nowasm_fallback.js', 'LICENSE_OPENJPEG', 'LICENSE_PDFJS_OPENJPEG'])
        cpSync(join(pdfjs, 'wasm', file), join(outDir, 'pdf/wasm', file));
    },
  };
}

export default defineConfig(({ mode }) => {
  const demo = mode === 'demo';
  const outDir = join(root, demo ? '../dist/kiosk-demo' : '../dist/kiosk');
  return {
    root,
    plugins: [svelte({ configFile: false }), pdfAssets()],
    define: { 'import.meta.env.DEMO': JSON.stringify(demo) },
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2023',
      // No `data:` addresses, which the content security policy refuses.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 1500,
      rolldownOptions: {
        input: demo ? [join(root, 'index.html'), join(root, 'gallery/index.html')] : [join(root, 'index.html')],
      },
    },
  };
});
