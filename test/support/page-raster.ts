/** Pages as poppler draws them: gray pixels to compare, and what a scanner reads from them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boundedRun } from './validators/bounded.ts';

/** One page; `pixels` row by row, 0 is black and 255 white. */
export interface PageRaster {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** A part of a page as it is shown, points, origin at the top left. */
export interface PagePart {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function inFolder<T>(pdf: Uint8Array, use: (folder: string, file: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-raster-'));
  try {
    const file = join(folder, 'document.pdf');
    writeFileSync(file, pdf);
    return use(folder, file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** All pages at `dpi`. Throws when poppler fails, or draws none. */
export function rasters(pdf: Uint8Array, dpi: number): readonly PageRaster[] {
  const { stdout, stderr } = inFolder(pdf, (_, file) => boundedRun('pdftoppm', ['-cropbox', '-gray', '-r', String(dpi), file]));
  const pages: PageRaster[] = [];
  // Portable graymaps, one behind the other: "P5 width height 255", and the pixels.
  for (let at = 0; at < stdout.length;) {
    const [head, width, height] = /^P5\s(\d+)\s(\d+)\s255\s/.exec(stdout.toString('latin1', at, at + 64)) ?? [];
    if (head === undefined) throw new Error('pdftoppm gave something else than pages');
    const start = at + head.length;
    at = start + Number(width) * Number(height);
    pages.push({ width: Number(width), height: Number(height), pixels: stdout.subarray(start, at) });
  }
  if (pages.length === 0) throw new Error(`pdftoppm drew no page: ${stderr}`);
  return pages;
}

/** The pixels of a part of a page, row by row. */
export function cropped({ width, pixels }: PageRaster, part: PagePart, dpi: number): Uint8Array {
  const [left, top, wide, high] = [part.left, part.top, part.width, part.height].map((points) => Math.round((points * dpi) / 72));
  const rows = Array.from({ length: high ?? 0 }, (_, row) => {
    const start = ((top ?? 0) + row) * width + (left ?? 0);
    return pixels.subarray(start, start + (wide ?? 0));
  });
  return Buffer.concat(rows);
}

/** How many pixels outside of the part differ between two drawings of one page; the part's edge, one pixel, belongs to it. */
export function differencesOutside(before: PageRaster, after: PageRaster, part: PagePart, dpi: number): number {
  if (before.width !== after.width || before.height !== after.height) return Number.POSITIVE_INFINITY;
  const scale = dpi / 72;
  const [left, right] = [Math.floor(part.left * scale) - 1, Math.ceil((part.left + part.width) * scale) + 1];
  const [top, bottom] = [Math.floor(part.top * scale) - 1, Math.ceil((part.top + part.height) * scale) + 1];
  return before.pixels.reduce((count, value, index) => {
    const [x, y] = [index % before.width, Math.floor(index / before.width)];
    const inside = x >= left && x < right && y >= top && y < bottom;
    return inside || after.pixels[index] === value ? count : count + 1;
  }, 0);
}

/** Numbers, from 1, of the pages that differ outside `part`, a part of one of them; also of those that only one document has. */
export function differingPages(
  before: readonly PageRaster[],
  after: readonly PageRaster[],
  dpi: number,
  part?: PagePart & { readonly page: number },
): readonly number[] {
  const numbers = Array.from({ length: Math.max(before.length, after.length) }, (_, index) => index + 1);
  return numbers.filter((number) => {
    const [old, now] = [before[number - 1], after[number - 1]];
    if (old === undefined || now === undefined) return true;
    if (old.width === now.width && Buffer.compare(old.pixels, now.pixels) === 0) return false;
    return part?.page !== number || differencesOutside(old, now, part, dpi) > 0;
  });
}

/** The text of all pages as poppler finds it. */
export function pageText(pdf: Uint8Array): string {
  return inFolder(pdf, (_, file) =>
    execFileSync('pdftotext', ['-layout', file, '-'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
  );
}

/** What zbar reads from the first page, printed at `dpi`; empty when it finds no code. */
export function scanned(pdf: Uint8Array, dpi: number): string {
  return inFolder(pdf, (folder, file) => {
    execFileSync('pdftoppm', ['-png', '-r', String(dpi), '-l', '1', '-singlefile', file, join(folder, 'page')]);
    try {
      return execFileSync('zbarimg', ['-q', '--raw', join(folder, 'page.png')], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    } catch {
      return '';
    }
  });
}
