/** BER-TLV as ISO/IEC 7816-4 section 5.2.2 and X.690 use it: enough for PIV data objects and for DER certificates. */

export interface Tlv {
  /** The tag bytes read as one big-endian number: 0x53, 0x7f49, 0x5fc105. */
  readonly tag: number;
  readonly value: Uint8Array;
  /** Tag, length and value as they stood. */
  readonly raw: Uint8Array;
}

/** The bytes of `tag`, the length of all `values` together, and the values. */
export function tlv(tag: number, ...values: readonly Uint8Array[]): Uint8Array {
  const value = Buffer.concat(values);
  return Buffer.concat([bigEndian(tag), lengthBytes(value.length), value]);
}

/** Splits `bytes` into the objects that stand side by side in it. Throws when a tag or a length runs past the end. */
export function readTlvs(bytes: Uint8Array): Tlv[] {
  const found: Tlv[] = [];
  let at = 0;
  while (at < bytes.length) {
    const one = readTlv(bytes, at);
    found.push(one);
    at += one.raw.length;
  }
  return found;
}

/** Reads the one object that fills `bytes`. Throws when there is none, or more than one. */
export function readOneTlv(bytes: Uint8Array): Tlv {
  const [first, ...more] = readTlvs(bytes);
  if (first === undefined || more.length > 0) throw new Error('expected exactly one BER-TLV object');
  return first;
}

function readTlv(bytes: Uint8Array, start: number): Tlv {
  let at = start;
  const next = (): number => {
    const byte = bytes[at++];
    if (byte === undefined) throw new Error('BER-TLV object is cut short');
    return byte;
  };
  let tag = next();
  if ((tag & 0x1f) === 0x1f) {
    let more: number;
    do {
      more = next();
      tag = tag * 256 + more;
    } while ((more & 0x80) !== 0 && tag < 0x1000000);
  }
  let length = next();
  if (length >= 0x80) {
    const count = length - 0x80;
    if (count < 1 || count > 3) throw new Error('BER-TLV length is not supported');
    length = 0;
    for (let i = 0; i < count; i += 1) length = length * 256 + next();
  }
  const end = at + length;
  if (end > bytes.length) throw new Error('BER-TLV object is cut short');
  return { tag, value: bytes.subarray(at, end), raw: bytes.subarray(start, end) };
}

function bigEndian(number: number): Uint8Array {
  const hex = number.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
}

function lengthBytes(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const bytes = bigEndian(length);
  return Buffer.concat([Uint8Array.of(0x80 + bytes.length), bytes]);
}
