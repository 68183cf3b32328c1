/**
 * ECDSA over a digest that somebody else made (FIPS 186-5 section 6.4.1). A card is handed the digest, but node:crypto only signs
 * messages, so the point multiplication is borrowed from ECDH and the rest is arithmetic. Not constant-time: for virtual cards alone.
 */
import { createECDH, randomBytes, type KeyObject } from 'node:crypto';
import { tlv } from './ber-tlv.ts';

export type CurveName = 'p-256' | 'p-384';

interface Curve {
  readonly opensslName: string;
  readonly bytes: number;
  /** Order of the base point (SP 800-186 section 3.2.1). */
  readonly n: bigint;
}

const curves: Readonly<Record<CurveName, Curve>> = {
  'p-256': { opensslName: 'prime256v1', bytes: 32, n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n },
  'p-384': {
    opensslName: 'secp384r1',
    bytes: 48,
    n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
};

/** Signs `digest` (any length; the leftmost bits count) and returns the DER sequence of r and s. Every call draws its own random number. */
export function signDigest(curveName: CurveName, privateKey: KeyObject, digest: Uint8Array): Uint8Array {
  const { opensslName, bytes, n } = curves[curveName];
  const { d } = privateKey.export({ format: 'jwk' });
  if (d === undefined) throw new Error('an EC private key is needed');
  const secret = toNumber(Buffer.from(d, 'base64url'));
  const z = toNumber(digest.subarray(0, bytes));
  for (;;) {
    const kBytes = randomBytes(bytes);
    const k = toNumber(kBytes);
    if (k === 0n || k >= n) continue;
    const ecdh = createECDH(opensslName);
    ecdh.setPrivateKey(kBytes);
    const r = toNumber(ecdh.getPublicKey().subarray(1, 1 + bytes)) % n;
    const s = (inverse(k, n) * ((z + r * secret) % n)) % n;
    if (r !== 0n && s !== 0n) return tlv(0x30, derInteger(r), derInteger(s));
  }
}

function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x0${Buffer.from(bytes).toString('hex')}`);
}

function derInteger(value: bigint): Uint8Array {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const negative = ((bytes[0] ?? 0) & 0x80) !== 0;
  return tlv(0x02, negative ? Buffer.concat([Uint8Array.of(0), bytes]) : bytes);
}

/** Extended Euclid. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [r0, r1, t0, t1] = [modulus, value, 0n, 1n];
  while (r1 !== 0n) {
    const q = r0 / r1;
    [r0, r1] = [r1, r0 - q * r1];
    [t0, t1] = [t1, t0 - q * t1];
  }
  return ((t0 % modulus) + modulus) % modulus;
}
