/**
 * PDFs as LibreOffice, Chromium, Cairo, img2pdf, Ghostscript, qpdf, MuPDF and poppler make them. Each is signed, accepted by judges that nobody here wrote
 * and looks as before, or is refused with the reason that stands here.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DocumentRefusal } from '../../agent/contract/problems.ts';
import { CorpusBench } from '../support/corpus-bench.ts';
import { drawings, scans } from '../support/producers/images.ts';
import { browsers, officeArchive, officeText, offices } from '../support/producers/offices.ts';
import { type Recipe, produced } from '../support/producers/recipe.ts';
import { archives, cleaned, distilled, rewrites } from '../support/producers/rewriters.ts';
import { differingPages, rasters } from '../support/page-raster.ts';
import { throughQpdf } from '../support/sample-pdf.ts';

let bench: CorpusBench;
beforeAll(() => {
  bench = new CorpusBench();
});
afterAll(() => {
  process.stdout.write(`PDFs of other makes: ${bench.report()}\n`);
  bench.end();
});

/** Those that are refused, and why. */
const refused: Readonly<Record<string, DocumentRefusal>> = {
  // LibreOffice wants every program to draw the fields anew, and gives a box that is ticked no drawing of its tick.
  'LibreOffice, a form that is filled in': 'hidden-content',
  'LibreOffice, with a password': 'encrypted',
  'LibreOffice, that may not be printed': 'encrypted',
  'qpdf, locked with AES-256': 'encrypted',
  'qpdf, locked with RC4': 'encrypted',
  'qpdf, with a file packed in': 'embedded-files',
  // Ghostscript 10.00 writes the outline of this file cut off: qpdf finds the same.
  'Ghostscript, linearized': 'damaged',
};

const everyone = ['pdfsig', 'openssl', 'pdfbox', 'mutool'];

async function tried(recipe: Recipe): Promise<void> {
  const outcome = await bench.try(produced(recipe));
  const refusal = refused[recipe.name];
  if (refusal !== undefined) expect(outcome).toEqual({ refusal });
  else expect(outcome).toMatchObject({ acceptedBy: everyone, troubles: [] });
}

const makers = { offices, browsers, scans, drawings, distilled, rewrites, cleaned };

describe.each(Object.entries(makers))('%s', (_, recipes) => {
  test.each(recipes)('$name', tried);
});

describe('PDF/A-1b', () => {
  test.each([officeArchive, ...archives])('$name still meets what it met when it is signed, seen and unseen', async (recipe) => {
    const path = produced(recipe);
    const before = await bench.judges.pdfbox.archive(path);
    // Ghostscript gives two dates of the document differently.
    expect(before.filter((finding) => !/^7\.2 .*Date present in the document catalog/.test(finding))).toEqual([]);
    expect(await bench.judges.pdfbox.archive(bench.put('signed.pdf', await signedTwice(path)))).toEqual(before);
  });

  test('is not met by a file that never claimed it', async () => {
    expect((await bench.judges.pdfbox.archive(produced(officeText))).length).toBeGreaterThan(0);
  });
});

async function signedTwice(path: string): Promise<Uint8Array> {
  const outcome = await bench.try(path);
  if ('refusal' in outcome) throw new Error(outcome.refusal);
  return outcome.output;
}

describe('the comparison of pages', () => {
  test('finds a page that was turned, one that is missing, and one with another picture on it', () => {
    const document = readFileSync(produced(officeText));
    const before = rasters(document, 36);
    expect(before.length).toBe(2);
    const changed = (...options: readonly string[]): readonly number[] =>
      differingPages(before, rasters(throughQpdf(document, ...options), 36), 36);
    expect(changed('--rotate=+180:2')).toEqual([2]);
    expect(changed('--pages', '.', '1', '--')).toEqual([2]);
    expect(changed('--overlay', produced(officeText), '--from=1', '--to=2', '--')).toEqual([2]);
    expect(changed('--object-streams=generate')).toEqual([]);
  });

  test('leaves out a box on one page, and nothing else', () => {
    const white = { width: 20, height: 20, pixels: new Uint8Array(400).fill(255) };
    const dotted = (x: number, y: number): typeof white => ({
      ...white,
      pixels: white.pixels.map((byte, at) => (at === y * 20 + x ? 0 : byte)),
    });
    const box = { page: 1, left: 10, top: 10, width: 10, height: 8 };
    const differing = (x: number, y: number): readonly number[] => differingPages([white, white], [dotted(x, y), white], 36, box);
    expect(differing(7, 7)).toEqual([]);
    for (const [x, y] of [
      [3, 7],
      [12, 7],
      [7, 2],
      [7, 12],
      [0, 0],
      [19, 19],
    ] as const)
      expect(differing(x, y)).toEqual([1]);
    expect(differingPages([white, white], [white, dotted(7, 7)], 36, box)).toEqual([2]);
  });
});
