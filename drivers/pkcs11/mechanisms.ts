/**
 * How a signature is asked for: which mechanisms fit a key, in the order in which they are tried, and what bytes each of them wants. Mechanism
 * lists of tokens are wrong in both directions, so the key type decides and the list is a hint only.
 */
import { constants, createHash, verify, X509Certificate, type KeyObject } from 'node:crypto';
import type { Hash, SignatureScheme } from '../token.ts';
import { maskGeneration, mechanism } from './cryptoki.ts';

/** One rung of the ladder. `pss` carries CK_RSA_PKCS_PSS_PARAMS (hash, MGF1 with the same hash, salt as long as the digest). */
export interface Rung {
  readonly mechanism: number;
  readonly input: Uint8Array;
  readonly pss?: { readonly hashAlg: number; readonly mgf: number; readonly saltLen: number };
}

export const digestBytes: Readonly<Record<Hash, number>> = { sha256: 32, sha384: 48, sha512: 64 };

/** Order of the curve in bytes, for the curves that are signed with. Names as OpenSSL has them. */
const curveBytes: ReadonlyMap<string, number> = new Map([
  ['prime256v1', 32],
  ['secp384r1', 48],
  ['secp521r1', 66],
]);

/** DER of DigestInfo up to the digest (RFC 8017 section 9.2, note 1). */
const digestInfoPrefix: Readonly<Record<Hash, string>> = {
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

const hashed: Readonly<Record<Hash, { rsa: number; pss: number; ecdsa: number; hashAlg: number }>> = {
  sha256: { rsa: mechanism.sha256RsaPkcs, pss: mechanism.sha256RsaPkcsPss, ecdsa: mechanism.ecdsaSha256, hashAlg: mechanism.sha256 },
  sha384: { rsa: mechanism.sha384RsaPkcs, pss: mechanism.sha384RsaPkcsPss, ecdsa: mechanism.ecdsaSha384, hashAlg: mechanism.sha384 },
  sha512: { rsa: mechanism.sha512RsaPkcs, pss: mechanism.sha512RsaPkcsPss, ecdsa: mechanism.ecdsaSha512, hashAlg: mechanism.sha512 },
};

/**
 * The rungs for one signature, first choice first. A hash that is longer than the order of the curve is cut to its leftmost bytes before the
 * token sees it (FIPS 186-5 section 6.4.1), because tokens differ in whether they do it themselves.
 */
export function mechanismLadder(scheme: SignatureScheme, hash: Hash, message: Uint8Array, publicKey: KeyObject): readonly Rung[] {
  const digest = createHash(hash).update(message).digest();
  const numbers = hashed[hash];
  switch (scheme) {
    case 'rsa-pkcs1':
      return [
        { mechanism: mechanism.rsaPkcs, input: Buffer.concat([Buffer.from(digestInfoPrefix[hash], 'hex'), digest]) },
        { mechanism: numbers.rsa, input: message },
      ];
    case 'rsa-pss': {
      const pss = { hashAlg: numbers.hashAlg, mgf: maskGeneration[hash], saltLen: digestBytes[hash] };
      return [
        { mechanism: numbers.pss, input: message, pss },
        { mechanism: mechanism.rsaPkcsPss, input: digest, pss },
      ];
    }
    case 'ecdsa':
      return [
        { mechanism: mechanism.ecdsa, input: digest.subarray(0, curveSize(publicKey) ?? digest.length) },
        { mechanism: numbers.ecdsa, input: message },
      ];
  }
}

/** The schemes that fit a public key, best first; none for key types that cannot be used. */
export function schemesFor(publicKey: KeyObject, mechanisms: readonly number[]): readonly SignatureScheme[] {
  const offers = new Set(mechanisms);
  const type = publicKey.asymmetricKeyType;
  if (type === 'ec') return curveSize(publicKey) === undefined ? [] : ['ecdsa'];
  if (type !== 'rsa' && type !== 'rsa-pss') return [];
  if ((publicKey.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) return [];
  const pss = [mechanism.rsaPkcsPss, mechanism.sha256RsaPkcsPss].some((one) => offers.has(one));
  const plain = [mechanism.rsaPkcs, mechanism.sha256RsaPkcs].some((one) => offers.has(one));
  if (type === 'rsa-pss' || (pss && !plain)) return ['rsa-pss'];
  return pss ? ['rsa-pkcs1', 'rsa-pss'] : ['rsa-pkcs1'];
}

/** True when a key of this type can sign in this way. */
export function fits(scheme: SignatureScheme, publicKey: KeyObject): boolean {
  return schemesFor(publicKey, [mechanism.rsaPkcs, mechanism.rsaPkcsPss]).includes(scheme);
}

/** True when `signature` is one over `message` by the key of `certificate`. ECDSA signatures are raw r||s. */
export function signatureHolds(
  certificate: Uint8Array,
  scheme: SignatureScheme,
  hash: Hash,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const key = new X509Certificate(certificate).publicKey;
  switch (scheme) {
    case 'rsa-pkcs1':
      return verify(hash, message, { key, padding: constants.RSA_PKCS1_PADDING }, signature);
    case 'rsa-pss':
      return verify(hash, message, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: digestBytes[hash] }, signature);
    case 'ecdsa':
      return signature.length === 2 * (curveSize(key) ?? 0) && verify(hash, message, { key, dsaEncoding: 'ieee-p1363' }, signature);
  }
}

function curveSize(key: KeyObject): number | undefined {
  return curveBytes.get(key.asymmetricKeyDetails?.namedCurve ?? '');
}
