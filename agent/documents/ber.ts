/**
 * Turns BER into DER (ITU-T X.690 sections 8.1.3 and 8.7) where only the framing differs: lengths that are indefinite or too long, octet strings in pieces.
 * Time stamping authorities may answer in it, because RFC 3161 asks for DER of the signed parts alone; everything behind this reads DER and nothing else.
 * Values and the order of sets stay as they are, so that what was signed in BER does not become something else.
 */
import { concat, element, tags } from './der.ts';
import { DerRefused } from './der-reader.ts';

const deepest = 32;
const constructed = 0x20;

interface Read {
  readonly der: Uint8Array;
  /** Octets that were read. */
  readonly length: number;
}

/** The content's length, undefined for an indefinite one, and where the content begins. */
function readHead(bytes: Uint8Array): { tag: number; length: number | undefined; start: number } {
  const [tag, first] = bytes;
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) throw new DerRefused('element is cut off');
  if (first < 0x80) return { tag, length: first, start: 2 };
  const count = first & 0x7f;
  if (count === 0) return { tag, length: undefined, start: 2 };
  if (count > 8 || bytes.length < 2 + count) throw new DerRefused('length is too long');
  const length = bytes.subarray(2, 2 + count).reduce((sum, octet) => sum * 256 + octet, 0);
  return { tag, length, start: 2 + count };
}

function isEnd(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 0;
}

/** The pieces of an octet string are octet strings themselves. */
function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return element(
    tags.octetString,
    ...pieces.map((piece) => {
      const { tag, start } = readHead(piece);
      if (tag !== tags.octetString) throw new DerRefused('a piece of another type');
      return piece.subarray(start);
    }),
  );
}

function readOne(bytes: Uint8Array, depth: number): Read {
  if (depth > deepest) throw new DerRefused('nested too deep');
  const { tag, length, start } = readHead(bytes);
  const end = length === undefined ? bytes.length : start + length;
  if (end > bytes.length || (length === undefined && (tag & constructed) === 0)) throw new DerRefused('element is cut off');
  if ((tag & constructed) === 0) return { der: element(tag, bytes.subarray(start, end)), length: end };
  const parts: Uint8Array[] = [];
  let at = start;
  while (length === undefined ? !isEnd(bytes.subarray(at)) : at < end) {
    const part = readOne(bytes.subarray(at, end), depth + 1);
    parts.push(part.der);
    at += part.length;
  }
  const whole = tag === (tags.octetString | constructed) ? joined(parts) : element(tag, concat(parts));
  return { der: whole, length: length === undefined ? at + 2 : end };
}

/** The same element as DER; DER comes back as it is. Throws DerRefused when the bytes are not exactly one element. */
export function derFromBer(bytes: Uint8Array): Uint8Array {
  const { der, length } = readOne(bytes, 0);
  if (length !== bytes.length) throw new DerRefused('bytes after the element');
  return der;
}
