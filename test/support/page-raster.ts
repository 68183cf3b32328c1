/** Pages as poppler draws them: gray pixels to compare, and what a scanner reads from them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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

/** All pages at `dpi`. */
export function rasters(pdf: Uint8Array, dpi: number): readonly PageRaster[] {
  return inFolder(pdf, (folder, file) => {
    execFileSync('pdftoppm', ['-cropbox', '-gray', '-r', String(dpi), file, join(folder, 'page')], { stdio: ['ignore', 'pipe', 'pipe'] });
    const names = readdirSync(folder).filter((name) => name.endsWith('.pgm'));
    return names.sort().map((name) => {
      const bytes = readFileSync(join(folder, name));
      const [head = '', width, height] = /^P5\s(\d+)\s(\d+)\s255\s/.exec(bytes.subarray(0, 64).toString('latin1')) ?? [];
      return { width: Number(width), height: Number(height), pixels: bytes.subarray(head.length) };
    });
  });
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
