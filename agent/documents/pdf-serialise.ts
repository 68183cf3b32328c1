/** Writes PDF objects (ISO 32000-1 section 7.3). The same value always gives the same bytes, so it also serves to compare values. */
import { PdfArray, PdfDict, PdfName, PdfReal, PdfRef, PdfStream, PdfString, type PdfValue } from './pdf-objects.ts';

function nameToken(name: string): string {
  const escaped = name.replace(/[^!-~]|[()<>[\]{}/%#]/g, (character) => `#${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `/${escaped}`;
}

function stringToken(value: PdfString): string {
  if (value.hex) return `<${Buffer.from(value.bytes).toString('hex').toUpperCase()}>`;
  const text = Buffer.from(value.bytes).toString('latin1');
  const escaped = text.replace(/[\\()]/g, '\\$&').replace(/\r/g, '\\r');
  return `(${escaped})`;
}

/** The value without a stream's bytes, as text of one character per byte; strings as they were noted, or all `inHex`. */
function token(value: PdfValue, inHex = false): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (value instanceof PdfReal) return value.text;
  if (value instanceof PdfName) return nameToken(value.value);
  if (value instanceof PdfString) return stringToken(inHex ? new PdfString(value.bytes, true) : value);
  if (value instanceof PdfRef) return `${value.num} ${value.gen} R`;
  if (value instanceof PdfArray) return `[${value.items.map((item) => token(item, inHex)).join(' ')}]`;
  if (value instanceof PdfDict) {
    const entries = [...value.entries].map(([key, entry]) => `${nameToken(key)} ${token(entry, inHex)}`);
    return `<<${entries.join('\n')}>>`;
  }
  return token(value.dict, inHex);
}

/** Bytes of the value; a stream is written whole, its /Length set to what is there. */
export function serialise(value: PdfValue): Uint8Array {
  if (!(value instanceof PdfStream)) return Buffer.from(token(value), 'latin1');
  const head = token(value.dict.with({ Length: value.raw.length }));
  return Buffer.concat([Buffer.from(`${head}\nstream\n`, 'latin1'), value.raw, Buffer.from('\nendstream', 'latin1')]);
}

/** True when both values are written the same; strings count by their bytes, not by their notation. */
export function sameValue(left: PdfValue, right: PdfValue): boolean {
  if (left instanceof PdfStream && right instanceof PdfStream && Buffer.compare(left.raw, right.raw) !== 0) return false;
  return left instanceof PdfStream === right instanceof PdfStream && token(left, true) === token(right, true);
}

/** A text string: ASCII as it is, everything else UTF-16BE with a byte order mark (section 7.9.2.2). */
export function textString(text: string): PdfString {
  if (/^[\x20-\x7e]*$/.test(text)) return new PdfString(Buffer.from(text, 'latin1'), false);
  return new PdfString(Buffer.concat([Buffer.of(0xfe, 0xff), Buffer.from(text, 'utf16le').swap16()]), true);
}

/** The text of a text string: UTF-16BE or UTF-8 with a mark, else byte by byte (PDFDocEncoding for what is not Latin-1 is not needed here). */
export function readTextString(value: PdfString): string {
  const bytes = Buffer.from(value.bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff && bytes.length % 2 === 0) return bytes.subarray(2).swap16().toString('utf16le');
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return bytes.subarray(3).toString('utf8');
  return bytes.toString('latin1');
}
