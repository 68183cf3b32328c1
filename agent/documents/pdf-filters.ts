/** Undoes the stream filters that carry structure (ISO 32000-1 section 7.4): Flate with predictors, ASCIIHex, ASCII85. Bounded, strict. */
import { inflateSync } from 'node:zlib';
import { expandLzw, expandRuns } from './pdf-expansion.ts';
import { codedPixels } from './pdf-image-size.ts';
import { PdfArray, type PdfBudget, PdfDict, PdfName, PdfRefused, type PdfStream, type PdfValue, damaged, isName } from './pdf-objects.ts';

const mostFilters = 8;

interface FilterStep {
  readonly name: string;
  readonly parameters: PdfDict | undefined;
}

type Resolve = (value: PdfValue) => PdfValue;

function steps(dict: PdfDict, resolve: Resolve): readonly FilterStep[] {
  const listOf = (value: PdfValue): readonly PdfValue[] => (value instanceof PdfArray ? value.items : value === null ? [] : [value]);
  const names = listOf(resolve(dict.get('Filter')));
  const parameters = listOf(resolve(dict.get('DecodeParms')));
  if (names.length > mostFilters) throw new PdfRefused('too-complex', 'too many filters');
  return names.map((entry, index) => {
    const name = resolve(entry);
    const given = resolve(parameters[index] ?? null);
    if (!(name instanceof PdfName)) damaged('a filter without a name');
    return { name: name.value, parameters: given instanceof PdfDict ? given : undefined };
  });
}

function inflate(bytes: Uint8Array, budget: PdfBudget): Uint8Array {
  if (bytes.length === 0) return bytes;
  if (budget.inflatedLeft <= 0) throw new PdfRefused('too-complex', 'streams inflate to too many bytes');
  try {
    const inflated = inflateSync(bytes, { maxOutputLength: budget.inflatedLeft });
    budget.spendInflated(inflated.length);
    return inflated;
  } catch (cause) {
    if (cause instanceof PdfRefused) throw cause;
    const tooLarge = cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE';
    throw new PdfRefused(tooLarge ? 'too-complex' : 'damaged', 'stream does not inflate', cause);
  }
}

function asciiHex(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes)
    .toString('latin1')
    .replace(/[\0\t\n\f\r ]/g, '');
  const end = text.indexOf('>');
  const digits = end === -1 ? text : text.slice(0, end);
  if (!/^[0-9A-Fa-f]*$/.test(digits)) damaged('not ASCIIHex');
  return Buffer.from(digits.length % 2 === 0 ? digits : `${digits}0`, 'hex');
}

function ascii85(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  let group: number[] = [];
  const flush = (count: number): void => {
    const padded = [...group, ...Array<number>(5 - group.length).fill(84)];
    const value = padded.reduce((sum, digit) => sum * 85 + digit, 0);
    if (value > 0xffffffff) damaged('not ASCII85');
    for (let at = 0; at < count; at += 1) out.push(Math.floor(value / 256 ** (3 - at)) % 256);
    group = [];
  };
  for (const code of bytes) {
    if (code === 126) break;
    if (code === 122 && group.length === 0) out.push(0, 0, 0, 0);
    else if (code >= 33 && code <= 117) {
      group.push(code - 33);
      if (group.length === 5) flush(4);
    } else if (![0, 9, 10, 12, 13, 32].includes(code)) damaged('not ASCII85');
  }
  if (group.length === 1) damaged('not ASCII85');
  if (group.length > 1) flush(group.length - 1);
  return Uint8Array.from(out);
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [toLeft, toUp, toCorner] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

/** PNG predictors (RFC 2083 section 6): each row says by itself which one it uses. */
function undoPng(bytes: Uint8Array, rowBytes: number, pixelBytes: number): Uint8Array {
  const rows = Math.ceil(bytes.length / (rowBytes + 1));
  if (rows * (rowBytes + 1) !== bytes.length) damaged('predictor rows are cut off');
  const out = new Uint8Array(rows * rowBytes);
  for (let row = 0; row < rows; row += 1) {
    const from = row * (rowBytes + 1);
    const to = row * rowBytes;
    const kind = bytes[from] ?? 0;
    if (kind > 4) damaged('unknown predictor');
    for (let at = 0; at < rowBytes; at += 1) {
      const left = at >= pixelBytes ? (out[to + at - pixelBytes] ?? 0) : 0;
      const up = row > 0 ? (out[to + at - rowBytes] ?? 0) : 0;
      const corner = row > 0 && at >= pixelBytes ? (out[to + at - rowBytes - pixelBytes] ?? 0) : 0;
      const guess = [0, left, up, (left + up) >> 1, kind === 4 ? paeth(left, up, corner) : 0][kind] ?? 0;
      out[to + at] = ((bytes[from + 1 + at] ?? 0) + guess) & 0xff;
    }
  }
  return out;
}

/** TIFF predictor 2 for 8-bit components: the difference to the pixel on the left. */
function undoTiff(bytes: Uint8Array, rowBytes: number, pixelBytes: number): Uint8Array {
  const out = Uint8Array.from(bytes);
  for (let at = 0; at < out.length; at += 1) {
    if (at % rowBytes >= pixelBytes) out[at] = ((out[at] ?? 0) + (out[at - pixelBytes] ?? 0)) & 0xff;
  }
  return out;
}

function predictor(bytes: Uint8Array, parameters: PdfDict | undefined, resolve: Resolve): Uint8Array {
  const number = (key: string, otherwise: number): number => {
    const value = resolve(parameters?.get(key) ?? null);
    if (value === null) return otherwise;
    if (typeof value !== 'number' || value < 1 || value > 65_536) damaged(`strange ${key}`);
    return value;
  };
  const kind = number('Predictor', 1);
  if (kind === 1) return bytes;
  const bitsPerPixel = number('Colors', 1) * number('BitsPerComponent', 8);
  const rowBytes = Math.ceil((number('Columns', 1) * bitsPerPixel) / 8);
  const pixelBytes = Math.max(1, bitsPerPixel >> 3);
  if (kind >= 10 && kind <= 15) return undoPng(bytes, rowBytes, pixelBytes);
  if (kind === 2 && number('BitsPerComponent', 8) === 8) return undoTiff(bytes, rowBytes, pixelBytes);
  return damaged('unknown predictor');
}

/** The bytes of a stream with all its filters undone. Throws PdfRefused: `damaged`, also for a filter that carries no structure, `too-complex`. */
export function decodeStream(stream: PdfStream, budget: PdfBudget, resolve: Resolve): Uint8Array {
  let bytes = stream.raw;
  for (const { name, parameters } of steps(stream.dict, resolve)) {
    if (name === 'FlateDecode') bytes = predictor(inflate(bytes, budget), parameters, resolve);
    else if (name === 'ASCIIHexDecode') bytes = asciiHex(bytes);
    else if (name === 'ASCII85Decode') bytes = ascii85(bytes);
    else damaged(`${name} where structure is expected`);
  }
  return bytes;
}

/** Most pixels that an image may declare: a page of A4 at 600 dpi has 35 million. */
const mostPixels = 64_000_000;

const boundedForImages = ['FlateDecode', 'LZWDecode', 'RunLengthDecode'];

/** Renderers read of a plain image only what its width and height ask for, so these bound it; throws when they are too large. */
function isBoundedImage(dict: PdfDict, filters: readonly FilterStep[], resolve: Resolve): boolean {
  if (!isName(resolve(dict.get('Subtype')), 'Image')) return false;
  const [width, height] = [resolve(dict.get('Width')), resolve(dict.get('Height'))];
  if (typeof width !== 'number' || typeof height !== 'number' || width < 1 || height < 1) return damaged('an image without a size');
  if (width * height > mostPixels) throw new PdfRefused('too-complex', 'an image with too many pixels');
  return filters.length === 1 && boundedForImages.includes(filters[0]?.name ?? '');
}

/** Proves that what a stream inflates to is bounded, and what an image is drawn to; stops at the first filter that carries no structure. Throws PdfRefused. */
export function probeStream(stream: PdfStream, budget: PdfBudget, resolve: Resolve): void {
  const filters = steps(stream.dict, resolve);
  if (isBoundedImage(stream.dict, filters, resolve)) return;
  let bytes = stream.raw;
  for (const { name, parameters } of filters) {
    if (name === 'FlateDecode') bytes = inflate(bytes, budget);
    else if (name === 'LZWDecode') bytes = expandLzw(bytes, resolve(parameters?.get('EarlyChange') ?? null) !== 0, budget);
    else if (name === 'RunLengthDecode') bytes = expandRuns(bytes, budget);
    else if (name === 'ASCIIHexDecode') bytes = asciiHex(bytes);
    else if (name === 'ASCII85Decode') bytes = ascii85(bytes);
    else {
      if (codedPixels(name, bytes, parameters, resolve) > mostPixels) throw new PdfRefused('too-complex', 'an image with too many pixels');
      return;
    }
  }
}
