import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build } from 'vite';
import { gzipSync } from 'node:zlib';

const folder = mkdtempSync(join(tmpdir(), 'countersign-kiosk-'));
const configFile = join(import.meta.dirname, '../../kiosk/vite.config.ts');
const production = join(folder, 'production');
/** Words of the workbench and of the gallery. */
const benchWords = ['workbench', 'pull-card-while-signing', 'unplug-fingerprint-reader', 'Tenancy agreement'];

/** Text of all the page's own code, without pdf.js's worker and its data. */
function code(root: string): string {
  return files(root)
    .filter((file) => ['.html', '.js', '.css'].includes(extname(file)) && !file.includes('/pdf/'))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
}

const files = (root: string) =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

describe('the built kiosk', () => {
  beforeAll(async () => {
    await build({ configFile, mode: 'production', logLevel: 'error', build: { outDir: production } });
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('a signing station contains nothing of the workbench', () => {
    const sources = ['workbench/Panel.svelte', 'gallery/samples.ts'].map((file) =>
      readFileSync(join(import.meta.dirname, '../../kiosk', file), 'utf8'),
    );
    const built = code(production);
    for (const word of benchWords) {
      expect(sources.join('\n').toLowerCase()).toContain(word.toLowerCase());
      expect(built.toLowerCase()).not.toContain(word.toLowerCase());
    }
    expect(files(production).filter((file) => /gallery|Panel|mount/.test(file))).toEqual([]);
  });

  test('no page has inline code or inline style, so that the strict policy can hold', () => {
    const html = readFileSync(join(production, 'index.html'), 'utf8');
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
    const own = files(production).filter((file) => /\/assets\/index-[^/]*\.js$/.test(file));
    expect(own.length).toBe(1);
    for (const file of own) expect(readFileSync(file, 'utf8')).not.toMatch(/<[a-z]+[^>`]{0,200} style="|\beval\(|new Function\(/);
  });

  test('the kiosk itself names no other place', () => {
    // The document viewer is left out here: it has addresses in comments for developers, and the policy keeps it at home.
    const own = files(production).filter((file) => /\/assets\/index-[^/]*\.(js|css)$/.test(file));
    const addresses = own.flatMap((file) => readFileSync(file, 'utf8').match(/https?:\/\/[\w.-]+/g) ?? []);
    const names = new Set(addresses.map((address) => new URL(address).hostname));
    // The names of XML vocabularies, and the addresses in Svelte's messages.
    expect([...names].filter((name) => name !== 'www.w3.org' && name !== 'svelte.dev')).toEqual([]);
  });

  test('documents without fonts of their own can be shown: the fonts are in the build', () => {
    const names = files(join(production, 'pdf')).map((file) => file.slice(production.length + 5));
    expect(names).toContain('standard_fonts/LiberationSans-Regular.ttf');
    expect(names).toContain('cmaps/Adobe-Japan1-UCS2.bcmap');
    expect(names).toContain('wasm/openjpeg_nowasm_fallback.js');
  });

  test('the start screen needs less than 80 kB of code and style', () => {
    const html = readFileSync(join(production, 'index.html'), 'utf8');
    const first = Array.from(html.matchAll(/(?:src|href)="(\/assets\/[^"]+\.(?:js|css))"/g), (match) => match[1] ?? '');
    expect(first.length).toBeGreaterThan(1);
    const size = first.reduce((sum, path) => sum + gzipSync(readFileSync(join(production, path))).length, 0);
    expect(size).toBeLessThan(80_000);
  });
});
