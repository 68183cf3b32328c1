/** PDFs that hold pictures alone, as scanners make them, and drawings as Cairo makes them. */
import { crc32, deflateSync } from 'node:zlib';
import type { Recipe } from './recipe.ts';

function chunk(kind: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** A PNG (RFC 2083) of some bars; `kind` is its colour type: 0 gray, 2 RGB, 3 with a palette. */
function png(width: number, height: number, kind: 0 | 2 | 3, bits: 1 | 8): Uint8Array {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([bits, kind, 0, 0, 0], 8);
  const rowBytes = Math.ceil((width * bits * (kind === 2 ? 3 : 1)) / 8);
  const rows = Buffer.alloc((rowBytes + 1) * height);
  for (let row = 0; row < height; row += 1) {
    for (let at = 0; at < rowBytes; at += 1) rows[row * (rowBytes + 1) + 1 + at] = kind === 3 ? (at >> 4) & 1 : (at * 7 + row * 3) & 255;
  }
  const palette = kind === 3 ? [chunk('PLTE', Buffer.from([255, 255, 255, 160, 20, 20]))] : [];
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  return Buffer.concat([signature, chunk('IHDR', head), ...palette, chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

/** What img2pdf makes of files that the steps before leave. */
function pictures(
  what: string,
  files: Readonly<Record<string, Uint8Array>>,
  options: readonly string[] = [],
  before: Recipe['steps'] = [],
): Recipe {
  const names = before.length === 0 ? Object.keys(files) : ['scan'];
  return {
    name: `img2pdf, ${what}`,
    maker: 'python3-img2pdf',
    files,
    steps: [...before, ['img2pdf', '--nodate', ...options, '-o', 'out.pdf', ...names]],
  };
}

const rgb = png(200, 300, 2, 8);
const toPdf = ['img2pdf', '--nodate', '-o', 'first.pdf', 'a.png'];
/** Another picture format, by way of poppler. */
const scanned = (...flags: readonly string[]): Recipe['steps'] => [
  toPdf,
  ['pdftoppm', '-r', '60', ...flags, '-singlefile', 'first.pdf', 'scan'],
];

export const scans: readonly Recipe[] = [
  pictures('a colour picture', { 'a.png': rgb }),
  pictures('a gray, a black and white one, and one with a palette', {
    'a.png': png(200, 100, 0, 8),
    'b.png': png(240, 100, 0, 1),
    'c.png': png(200, 100, 3, 8),
  }),
  pictures('on paper of A4', { 'a.png': rgb }, ['--pagesize', 'A4', '--border', '1cm']),
  pictures('a photograph', { 'a.png': rgb }, [], [...scanned('-jpeg'), ['mv', 'scan.jpg', 'scan']]),
  pictures('a fax', { 'a.png': png(240, 100, 0, 1) }, [], [...scanned('-mono', '-tiff'), ['mv', 'scan.tif', 'scan']]),
];

const drawing = (name: string, width: number): string => `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="300">
<defs><linearGradient id="g"><stop offset="0" stop-color="red"/><stop offset="1" stop-color="blue" stop-opacity="0.2"/></linearGradient>
<mask id="m"><rect width="300" height="300" fill="white" opacity="0.5"/></mask><filter id="f"><feGaussianBlur stdDeviation="3"/></filter></defs>
<rect x="10" y="10" width="120" height="80" fill="url(#g)"/><circle cx="200" cy="200" r="60" mask="url(#m)"/><circle cx="60" cy="200" r="40" filter="url(#f)"/>
<text x="20" y="130" font-family="Noto Sans" font-size="20">${name}, Анна, أحمد</text></svg>`;

/** What librsvg draws with Cairo. */
function drawn(what: string, names: readonly string[], width = 300): Recipe {
  const files = Object.fromEntries(names.map((name, index) => [`${index}.svg`, drawing(name, width)]));
  return {
    name: `Cairo, ${what}`,
    maker: 'librsvg2-bin',
    files,
    steps: [['rsvg-convert', '-f', 'Pdf', '-o', 'out.pdf', ...Object.keys(files)]],
  };
}

export const cairoDrawing = drawn('a drawing', ['Ada']);
export const drawings: readonly Recipe[] = [
  cairoDrawing,
  drawn('three pages', ['one', 'two', 'three']),
  drawn('a wide page', ['wide'], 2000),
];
