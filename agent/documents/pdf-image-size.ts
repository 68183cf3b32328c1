/**
 * How large an image becomes when it is drawn, by its own code and not by what the PDF says of it: a renderer makes room for what stands in the
 * code. Only heads are read; nothing is decoded. What cannot be read as a head has no size, and no renderer draws it either.
 */
import { type PdfDict, type PdfValue } from './pdf-objects.ts';

/** A side that the code leaves open, such as the height of a JPEG that comes at its end: as long as it may become there. */
const openSide = 65_535;

/** Pixels of the image, the largest where there are several; 0 where none is announced. `parameters` are the filter's /DecodeParms. */
export function codedPixels(
  filter: string,
  bytes: Uint8Array,
  parameters: PdfDict | undefined,
  resolve: (value: PdfValue) => PdfValue,
): number {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (filter) {
    case 'DCTDecode':
    case 'DCT':
      return jpegPixels(view);
    case 'JPXDecode':
      return jpeg2000Pixels(view);
    case 'JBIG2Decode':
      return jbig2Pixels(view);
    case 'CCITTFaxDecode':
    case 'CCF': {
      const side = (key: string, otherwise: number): number => {
        const value = resolve(parameters?.get(key) ?? null);
        return typeof value === 'number' && value > 0 ? value : otherwise;
      };
      // Without /Rows the height is that of the image, which is bounded with its width (ISO 32000-1 table 11).
      return side('Columns', 1728) * side('Rows', 1);
    }
    default:
      return 0;
  }
}

/** Frame headers (ITU-T T.81 section B.2.2) up to the first scan. */
function jpegPixels(bytes: Buffer): number {
  let pixels = 0;
  for (let at = 0; at + 9 < bytes.length;) {
    const marker = bytes[at] === 0xff ? (bytes[at + 1] ?? 0) : 0;
    // Filler before a marker, and whatever decoders step over to find the next one.
    if (marker < 0xc0 || marker === 0xff) at += 1;
    else if (marker === 0xda) return pixels;
    else if (marker >= 0xd0 && marker <= 0xd8) at += 2;
    else {
      const isFrame = marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
      if (isFrame) pixels = Math.max(pixels, (bytes.readUInt16BE(at + 5) || openSide) * bytes.readUInt16BE(at + 7));
      at += 2 + Math.max(bytes.readUInt16BE(at + 2), 2);
    }
  }
  return pixels;
}

/** The SIZ marker (ITU-T T.800 section A.5.1) at the head of each codestream, which stands alone or in boxes (section I.5). */
function jpeg2000Pixels(bytes: Buffer): number {
  const codestream = (at: number): number => {
    if (at + 24 > bytes.length || bytes.readUInt32BE(at) !== 0xff4f_ff51) return 0;
    const [right, bottom, left, top] = [8, 12, 16, 20].map((field) => bytes.readUInt32BE(at + field));
    return Math.max((right ?? 0) - (left ?? 0), 0) * Math.max((bottom ?? 0) - (top ?? 0), 0);
  };
  let pixels = codestream(0);
  for (let at = 0; at + 8 <= bytes.length;) {
    const long = bytes.readUInt32BE(at) === 1 && at + 16 <= bytes.length;
    const length = long ? Number(bytes.readBigUInt64BE(at + 8)) : bytes.readUInt32BE(at);
    const head = long ? 16 : 8;
    if (bytes.toString('latin1', at + 4, at + 8) === 'jp2c') pixels = Math.max(pixels, codestream(at + head));
    if (length < head) return pixels;
    at += length;
  }
  return pixels;
}

/** Kinds of segments that begin with a width and a height (ITU-T T.88 sections 7.3 and 7.4): the page, and the regions on it. */
const sizedSegments = [4, 6, 7, 20, 22, 23, 36, 38, 39, 40, 42, 43, 48];

function jbig2Pixels(bytes: Buffer): number {
  let pixels = 0;
  for (let at = 0; at + 11 <= bytes.length;) {
    const number = bytes.readUInt32BE(at);
    const flags = bytes.readUInt8(at + 4);
    const short = bytes.readUInt8(at + 5) >> 5;
    const referred = short === 7 ? bytes.readUInt32BE(at + 5) & 0x1fff_ffff : short;
    const counted = short === 7 ? 4 + Math.ceil((referred + 1) / 8) : 1;
    const referenceBytes = number <= 256 ? 1 : number <= 65_536 ? 2 : 4;
    const lengthAt = at + 5 + counted + referred * referenceBytes + ((flags & 0x40) === 0 ? 1 : 4);
    if (lengthAt + 4 > bytes.length) return pixels;
    const data = lengthAt + 4;
    if (sizedSegments.includes(flags & 0x3f) && data + 8 <= bytes.length) {
      const height = bytes.readUInt32BE(data + 4);
      pixels = Math.max(pixels, bytes.readUInt32BE(data) * (height === 0xffff_ffff ? openSide : height));
    }
    at = data + bytes.readUInt32BE(lengthAt);
  }
  return pixels;
}
