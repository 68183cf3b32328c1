/** Numbers, hashes and text in the one form that C2SP documents allow: whatever has a second way to be written is refused, not repaired. */
import { EvidenceRefused } from './evidence-error.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const decimal = /^(?:0|[1-9]\d{0,15})$/;
/** ASCII below U+0020 other than newline: what a signed note must not hold. */
const controls = /[^\n\u0020-\u{10ffff}]/u;

/** Text from UTF-8 without control characters other than newline. Throws EvidenceRefused `malformed`, also when longer than `limit` bytes. */
export function decodeText(bytes: Uint8Array, limit: number): string {
  if (bytes.byteLength > limit) throw new EvidenceRefused('malformed', `longer than ${limit} bytes`);
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (cause) {
    throw new EvidenceRefused('malformed', 'not UTF-8', cause);
  }
  if (controls.test(text)) throw new EvidenceRefused('malformed', 'a control character other than newline');
  return text;
}

/** Standard base64 of some bytes (RFC 4648 section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Bytes from base64 that encodes back to the same text: padded, no stray bits (RFC 4648 section 3.5). Throws EvidenceRefused `malformed`. */
export function decodeBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new EvidenceRefused('malformed', 'not base64 in its one form');
  return bytes;
}

/** A hash of 32 bytes from base64. Throws EvidenceRefused `malformed`. */
export function decodeHash(text: string): Uint8Array {
  const bytes = decodeBase64(text);
  if (bytes.byteLength !== 32) throw new EvidenceRefused('malformed', 'not a hash of 32 bytes');
  return bytes;
}

/** A whole number up to 2^53-1 from ASCII decimals without leading zeros. Throws EvidenceRefused `malformed`. */
export function decodeDecimal(text: string): number {
  const number = Number(text);
  if (!decimal.test(text) || !Number.isSafeInteger(number)) throw new EvidenceRefused('malformed', 'not a decimal number in its one form');
  return number;
}
