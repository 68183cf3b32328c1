/** COSE keys of P-256 (RFC 9053 section 7.1) to and from `node:crypto`. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { CborError, type CborFields, type CborMap, type CborValue } from './cbor.ts';

/** COSE algorithm numbers that CTAP uses here. */
export const coseAlgorithm = { es256: -7, ecdhHkdf256: -25 } as const;

/** The public key of a COSE_Key. Throws CborError when it is not a P-256 key for `algorithm`, or not a point of the curve. */
export function publicKeyOfCose(fields: CborFields, algorithm: number): KeyObject {
  const x = fields.bytes(-2);
  const y = fields.bytes(-3);
  if (fields.integer(1) !== 2 || fields.integer(3) !== algorithm || fields.integer(-1) !== 1 || x.length !== 32 || y.length !== 32) {
    throw new CborError('this is not the COSE key that was asked for');
  }
  try {
    const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
    return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: base64url(x), y: base64url(y) }, format: 'jwk' });
  } catch (cause) {
    throw new CborError('this COSE key is not a point of P-256', { cause });
  }
}

/** The COSE_Key of a P-256 public key. */
export function coseOfPublicKey(key: KeyObject, algorithm: number): CborMap {
  const { x, y } = key.export({ format: 'jwk' });
  if (x === undefined || y === undefined) throw new Error('this is not an EC key');
  const bytes = (text: string): Uint8Array => Buffer.from(text, 'base64url');
  return new Map<number, CborValue>([
    [1, 2],
    [3, algorithm],
    [-1, 1],
    [-2, bytes(x)],
    [-3, bytes(y)],
  ]);
}
