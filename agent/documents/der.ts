/**
 * The DER writer (ITU-T X.690 section 10): everything that is signed or embedded in a signature is encoded here, so that no library can
 * re-order or re-encode it. It only writes; `der-reader.ts` reads.
 */

/** Tags of the universal types in use (X.680 section 8.6); constructed types carry bit 0x20. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Joins byte strings into a new one. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function lengthOctets(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return Uint8Array.of(0x80 | octets.length, ...octets);
}

/** One element with the given identifier octet (low tag numbers only) around the parts, definite minimal length (X.690 section 10.1). */
export function element(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return concat([Uint8Array.of(tag), lengthOctets(length), ...parts]);
}

/** SEQUENCE of elements that are already encoded. */
export function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return element(tags.sequence, ...parts);
}

/** Order of encodings in a SET OF: as octet strings, the shorter one padded with zeros (X.690 section 11.6). */
export function compareEncodings(left: Uint8Array, right: Uint8Array): number {
  const length = Math.max(left.length, right.length);
  for (let at = 0; at < length; at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** SET OF, sorted by encoding; `tag` may be a context tag for an IMPLICIT set. */
export function setOf(elements: readonly Uint8Array[], tag: number = tags.set): Uint8Array {
  return element(tag, ...[...elements].sort(compareEncodings));
}

/** OBJECT IDENTIFIER from its dotted form. Throws RangeError on anything else. */
export function oid(dotted: string): Uint8Array {
  if (!/^[0-2](\.\d+)+$/.test(dotted)) throw new RangeError(`not an object identifier: ${dotted}`);
  const [first = 0n, second = 0n, ...rest] = dotted.split('.').map(BigInt);
  if (first < 2n && second > 39n) throw new RangeError(`not an object identifier: ${dotted}`);
  const octets: number[] = [];
  for (const arc of [first * 40n + second, ...rest]) {
    const groups = [Number(arc & 0x7fn)];
    for (let left = arc >> 7n; left > 0n; left >>= 7n) groups.unshift(Number(left & 0x7fn) | 0x80);
    octets.push(...groups);
  }
  return element(tags.oid, Uint8Array.from(octets));
}

/** INTEGER from an unsigned big-endian magnitude of any length; leading zeros are dropped, a sign octet is added where needed. */
export function unsignedInteger(magnitude: Uint8Array): Uint8Array {
  let start = 0;
  while (start < magnitude.length - 1 && magnitude[start] === 0) start += 1;
  const trimmed = magnitude.length === 0 ? Uint8Array.of(0) : magnitude.subarray(start);
  return (trimmed[0] ?? 0) >= 0x80 ? element(tags.integer, Uint8Array.of(0), trimmed) : element(tags.integer, trimmed);
}

/** INTEGER from a number or bigint, negative ones included (X.690 section 8.3). */
export function integer(value: number | bigint): Uint8Array {
  const octets: number[] = [];
  let rest = BigInt(value);
  for (;;) {
    const octet = Number(rest & 0xffn);
    octets.unshift(octet);
    rest >>= 8n;
    if ((rest === 0n && octet < 0x80) || (rest === -1n && octet >= 0x80)) return element(tags.integer, Uint8Array.from(octets));
  }
}

export function octetString(bytes: Uint8Array): Uint8Array {
  return element(tags.octetString, bytes);
}

/** BIT STRING; the unused bits of the last octet must be zero in `bytes` already (X.690 section 11.2). */
export function bitString(bytes: Uint8Array, unusedBits = 0): Uint8Array {
  return element(tags.bitString, Uint8Array.of(unusedBits), bytes);
}

export function nullValue(): Uint8Array {
  return element(tags.null);
}

export function boolean(value: boolean): Uint8Array {
  return element(tags.boolean, Uint8Array.of(value ? 0xff : 0));
}

export function utf8String(text: string): Uint8Array {
  return element(tags.utf8String, new TextEncoder().encode(text));
}

/** Context-specific element: [n] EXPLICIT or constructed when `constructed`, else [n] IMPLICIT of a primitive type. */
export function context(number: number, constructed: boolean, ...parts: readonly Uint8Array[]): Uint8Array {
  if (number < 0 || number > 30) throw new RangeError('only low tag numbers are written');
  return element(0x80 | (constructed ? 0x20 : 0) | number, ...parts);
}

function digits(date: Date): string {
  if (Number.isNaN(date.getTime())) throw new RangeError('not a date');
  return date
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
}

/** GeneralizedTime in UTC, whole seconds (X.690 section 11.7). Throws RangeError on an invalid date. */
export function generalizedTime(date: Date): Uint8Array {
  return element(tags.generalizedTime, new TextEncoder().encode(digits(date)));
}

/** UTCTime, for 1950 to 2049 (RFC 5280 section 4.1.2.5.1). Throws RangeError outside. */
export function utcTime(date: Date): Uint8Array {
  const text = digits(date);
  const year = date.getUTCFullYear();
  if (year < 1950 || year > 2049) throw new RangeError('UTCTime ends in 2049');
  return element(tags.utcTime, new TextEncoder().encode(text.slice(2)));
}

/** Time as CMS and X.509 want it: UTCTime until 2049, GeneralizedTime after (RFC 5652 section 11.3). */
export function time(date: Date): Uint8Array {
  const year = date.getUTCFullYear();
  return year >= 1950 && year <= 2049 ? utcTime(date) : generalizedTime(date);
}
