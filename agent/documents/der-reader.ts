/** A small strict DER reader (X.690 section 10): definite minimal lengths, low tag numbers, no rest. What is not DER is refused, never repaired. */
import { compareEncodings, tags } from './der.ts';

/** The bytes are not the DER that was expected. */
export class DerRefused extends Error {
  override readonly name = 'DerRefused';
}

/** One element: `bytes` is the whole of it, `content` what it holds; both are views into the input. */
export interface DerElement {
  readonly tag: number;
  readonly bytes: Uint8Array;
  readonly content: Uint8Array;
}

const deepest = 4;

/** Reads the first element and leaves the rest alone. Throws DerRefused. */
export function readFirst(bytes: Uint8Array): DerElement {
  const tag = bytes[0];
  const first = bytes[1];
  if (tag === undefined || first === undefined) throw new DerRefused('element is cut off');
  if ((tag & 0x1f) === 0x1f) throw new DerRefused('high tag numbers are not read');
  let length = first;
  let start = 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0) throw new DerRefused('indefinite length');
    if (count > deepest) throw new DerRefused('length is too long');
    length = 0;
    for (let at = 0; at < count; at += 1) {
      const octet = bytes[2 + at];
      if (octet === undefined) throw new DerRefused('length is cut off');
      length = length * 256 + octet;
    }
    if (length < 0x80 || length < 256 ** (count - 1)) throw new DerRefused('length is not minimal');
    start += count;
  }
  if (start + length > bytes.length) throw new DerRefused('element is cut off');
  return { tag, bytes: bytes.subarray(0, start + length), content: bytes.subarray(start, start + length) };
}

/** Reads bytes that are exactly one element. Throws DerRefused, also when anything follows. */
export function readDer(bytes: Uint8Array): DerElement {
  const only = readFirst(bytes);
  if (only.bytes.length !== bytes.length) throw new DerRefused('bytes after the element');
  return only;
}

/** The elements inside a constructed element. Throws DerRefused. */
export function children(parent: DerElement): readonly DerElement[] {
  if ((parent.tag & 0x20) === 0) throw new DerRefused('element is not constructed');
  const found: DerElement[] = [];
  let rest = parent.content;
  while (rest.length > 0) {
    const next = readFirst(rest);
    found.push(next);
    rest = rest.subarray(next.bytes.length);
  }
  return found;
}

/** The element itself when it is there and has this tag. Throws DerRefused otherwise. */
export function expectTag(found: DerElement | undefined, tag: number): DerElement {
  if (found === undefined) throw new DerRefused('element is missing');
  if (found.tag !== tag) throw new DerRefused(`tag ${found.tag.toString(16)} where ${tag.toString(16)} was expected`);
  return found;
}

/** The parts of a SEQUENCE. Throws DerRefused. */
export function readSequence(found: DerElement | undefined): readonly DerElement[] {
  return children(expectTag(found, tags.sequence));
}

/** The members of a SET OF, whose DER order is checked (X.690 section 11.6). `tag` may be a context tag. Throws DerRefused. */
export function readSetOf(found: DerElement | undefined, tag: number = tags.set): readonly DerElement[] {
  const members = children(expectTag(found, tag));
  members.reduce<Uint8Array | undefined>((before, member) => {
    if (before !== undefined && compareEncodings(before, member.bytes) > 0) throw new DerRefused('set is not in DER order');
    return member.bytes;
  }, undefined);
  return members;
}

/** Dotted form of an OBJECT IDENTIFIER. Throws DerRefused. */
export function readOid(found: DerElement | undefined): string {
  const { content } = expectTag(found, tags.oid);
  if (content.length === 0 || content.length > 64 || (content.at(-1) ?? 0) >= 0x80) throw new DerRefused('object identifier is cut off');
  const arcs: bigint[] = [];
  let arc = 0n;
  let fresh = true;
  for (const octet of content) {
    if (fresh && octet === 0x80) throw new DerRefused('object identifier is not minimal');
    arc = (arc << 7n) | BigInt(octet & 0x7f);
    fresh = octet < 0x80;
    if (fresh) {
      arcs.push(arc);
      arc = 0n;
    }
  }
  const [head = 0n, ...rest] = arcs;
  const first = head < 80n ? head / 40n : 2n;
  return [first, head - first * 40n, ...rest].join('.');
}

/** Content octets of a minimal INTEGER, two's complement. Throws DerRefused. */
export function readInteger(found: DerElement | undefined): Uint8Array {
  const { content } = expectTag(found, tags.integer);
  const [first, second = 0] = content;
  if (first === undefined) throw new DerRefused('empty integer');
  const padded = content.length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80));
  if (padded) throw new DerRefused('integer is not minimal');
  return content;
}

/** A small non-negative INTEGER. Throws DerRefused when it is negative or above 2^31. */
export function readSmallInteger(found: DerElement | undefined): number {
  const content = readInteger(found);
  if (content.length > 4 || (content[0] ?? 0) >= 0x80) throw new DerRefused('integer is out of range');
  return content.reduce((value, octet) => value * 256 + octet, 0);
}

/** BOOLEAN, only 00 and FF (X.690 section 11.1). Throws DerRefused. */
export function readBoolean(found: DerElement | undefined): boolean {
  const { content } = expectTag(found, tags.boolean);
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw new DerRefused('not a boolean');
  return content[0] === 0xff;
}

/** Octets of a BIT STRING without the count of unused bits. Throws DerRefused. */
export function readBitString(found: DerElement | undefined): Uint8Array {
  const { content } = expectTag(found, tags.bitString);
  const unused = content[0];
  if (unused === undefined || unused > 7 || (unused > 0 && content.length === 1)) throw new DerRefused('not a bit string');
  return content.subarray(1);
}

/** UTCTime or GeneralizedTime in UTC with seconds (RFC 5280 section 4.1.2.5). Throws DerRefused. */
export function readTime(found: DerElement | undefined): Date {
  if (found === undefined) throw new DerRefused('time is missing');
  const text = Buffer.from(found.content).toString('latin1');
  const utc = found.tag === tags.utcTime;
  if (!utc) expectTag(found, tags.generalizedTime);
  const parts = (utc ? /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/ : /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/).exec(text);
  if (parts === null) throw new DerRefused('not a time in UTC');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  const full = utc ? year + (year < 50 ? 2000 : 1900) : year;
  const date = new Date(0);
  date.setUTCFullYear(full, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const same =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && date.getUTCHours() === hour && date.getUTCMinutes() === minute;
  if (!same) throw new DerRefused('not a day of the calendar');
  return date;
}
