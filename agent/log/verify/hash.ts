/** SHA-256 for the second implementation, in one call each: of entries and nodes behind a byte that says what is hashed (RFC 6962 section 2.1). */
import { hash } from 'node:crypto';

/** Room for the longest body, or for two hashes: what is hashed in one piece is hashed twice as fast. */
const room = Buffer.alloc(1 + 65_535);

/** SHA-256, hex; a text as UTF-8. */
export function sha256Hex(data: Uint8Array | string): string {
  return hash('sha256', data);
}

/** SHA-256(0x00 || body), hex. */
export function leafHex(body: Uint8Array): string {
  return hexOf(0, body);
}

/** SHA-256(0x01 || left || right), 32 bytes. */
export function parentHash(left: Uint8Array, right: Uint8Array): Buffer {
  return Buffer.from(hexOf(1, left, right), 'hex');
}

function hexOf(kind: 0 | 1, ...parts: readonly Uint8Array[]): string {
  const length = parts.reduce((sum, { byteLength }) => sum + byteLength, 1);
  const bytes = length <= room.byteLength ? room : Buffer.alloc(length);
  bytes[0] = kind;
  let at = 1;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return hash('sha256', bytes.subarray(0, length));
}
