/** Hashes and signature schemes: their names, their AlgorithmIdentifiers in CMS, and the check of a signature with a public key. */
import { type KeyObject, constants, createHash, verify as verifySignature } from 'node:crypto';
import { context, integer, nullValue, oid, sequence, unsignedInteger } from './der.ts';
import { type DerElement, DerRefused, children, expectTag, readDer, readOid, readSequence, readSmallInteger } from './der-reader.ts';

export type Hash = 'sha256' | 'sha384' | 'sha512';
/** Hashes whose digests can be computed; SHA-1 only to tell whether a signature that is not accepted was at least one over this content. */
export type KnownHash = Hash | 'sha1';
export type SignatureScheme = 'rsa-pkcs1' | 'rsa-pss' | 'ecdsa';

/** The signature that came back is not one over this message by this certificate's key, or the output made with it does not hold. */
export class SignatureRefused extends Error {
  override readonly name = 'SignatureRefused';
}

interface HashRow {
  readonly bytes: number;
  readonly oid: string;
  readonly rsa: string;
  readonly ecdsa: string;
}

/** RFC 5754 sections 2, 3.2 and 3.3. */
const hashes: Readonly<Record<Hash, HashRow>> = {
  sha256: { bytes: 32, oid: '2.16.840.1.101.3.4.2.1', rsa: '1.2.840.113549.1.1.11', ecdsa: '1.2.840.10045.4.3.2' },
  sha384: { bytes: 48, oid: '2.16.840.1.101.3.4.2.2', rsa: '1.2.840.113549.1.1.12', ecdsa: '1.2.840.10045.4.3.3' },
  sha512: { bytes: 64, oid: '2.16.840.1.101.3.4.2.3', rsa: '1.2.840.113549.1.1.13', ecdsa: '1.2.840.10045.4.3.4' },
};
const hashNames = ['sha256', 'sha384', 'sha512'] as const;
const rsaEncryption = '1.2.840.113549.1.1.1';
const rsaPss = '1.2.840.113549.1.1.10';
const mgf1 = '1.2.840.113549.1.1.8';

export function digestOf(hash: KnownHash, ...parts: readonly Uint8Array[]): Uint8Array {
  const state = createHash(hash);
  for (const part of parts) state.update(part);
  return new Uint8Array(state.digest());
}

/** AlgorithmIdentifier of a digest, parameters absent (RFC 5754 section 2). */
export function digestAlgorithm(hash: Hash): Uint8Array {
  return sequence(oid(hashes[hash].oid));
}

/** AlgorithmIdentifier of a signature; the PSS parameters repeat what the token was asked for: MGF1 with the same hash, salt as long as it (RFC 4055 section 3.1). */
export function signatureAlgorithm(scheme: SignatureScheme, hash: Hash): Uint8Array {
  const row = hashes[hash];
  switch (scheme) {
    case 'rsa-pkcs1':
      return sequence(oid(row.rsa), nullValue());
    case 'ecdsa':
      return sequence(oid(row.ecdsa));
    case 'rsa-pss': {
      const hashWithNull = sequence(oid(row.oid), nullValue());
      const mask = sequence(oid(mgf1), hashWithNull);
      const parameters = sequence(context(0, true, hashWithNull), context(1, true, mask), context(2, true, integer(row.bytes)));
      return sequence(oid(rsaPss), parameters);
    }
  }
}

/** The hash an AlgorithmIdentifier names, parameters absent or NULL; undefined for one that is not accepted (SHA-1, MD5 ...). Throws DerRefused. */
export function readDigestAlgorithm(found: DerElement | undefined): Hash | undefined {
  const [name, parameters, ...more] = readSequence(found);
  if (more.length > 0 || (parameters !== undefined && expectTag(parameters, 0x05).content.length > 0))
    throw new DerRefused('strange digest parameters');
  const dotted = readOid(name);
  return hashNames.find((hash) => hashes[hash].oid === dotted);
}

const sha1 = { digest: '1.3.14.3.2.26', rsa: '1.2.840.113549.1.1.5', ecdsa: '1.2.840.10045.4.1' } as const;

/** True for the AlgorithmIdentifier of SHA-1 as a digest. Throws DerRefused. */
export function isSha1(found: DerElement | undefined): boolean {
  return readOid(readSequence(found)[0]) === sha1.digest;
}

/** The scheme of a signature with SHA-1; undefined for every other. Throws DerRefused. */
export function readSha1Scheme(found: DerElement | undefined): 'rsa-pkcs1' | 'ecdsa' | undefined {
  const dotted = readOid(readSequence(found)[0]);
  if (dotted === sha1.ecdsa) return 'ecdsa';
  return dotted === sha1.rsa || dotted === rsaEncryption ? 'rsa-pkcs1' : undefined;
}

/** True for an AlgorithmIdentifier that says RSA and no hash. Throws DerRefused. */
export function isBareRsa(found: DerElement | undefined): boolean {
  return readOid(readSequence(found)[0]) === rsaEncryption;
}

/** Scheme and hash of a signature's AlgorithmIdentifier; `digest` is the hash of the SignerInfo. Undefined when not accepted. Throws DerRefused. */
export function readSignatureAlgorithm(found: DerElement | undefined, digest: Hash): { scheme: SignatureScheme; hash: Hash } | undefined {
  const [name, parameters, ...more] = readSequence(found);
  if (more.length > 0) throw new DerRefused('strange signature parameters');
  const dotted = readOid(name);
  if (dotted === rsaPss) return readPss(parameters);
  if (parameters !== undefined && parameters.bytes.length !== 2) throw new DerRefused('strange signature parameters');
  if (dotted === rsaEncryption) return { scheme: 'rsa-pkcs1', hash: digest };
  for (const hash of hashNames) {
    if (hashes[hash].rsa === dotted) return { scheme: 'rsa-pkcs1', hash };
    if (hashes[hash].ecdsa === dotted) return { scheme: 'ecdsa', hash };
  }
  return undefined;
}

/** RSASSA-PSS-params: only the form that `signatureAlgorithm` writes, with or without NULLs; the SHA-1 defaults are not accepted. */
function readPss(parameters: DerElement | undefined): { scheme: SignatureScheme; hash: Hash } | undefined {
  const [hashPart, maskPart, saltPart, ...more] = readSequence(parameters);
  if (hashPart?.tag !== 0xa0 || maskPart?.tag !== 0xa1 || saltPart?.tag !== 0xa2 || more.length > 0) return undefined;
  const hash = readDigestAlgorithm(readDer(hashPart.content));
  const [maskName, maskHash] = readSequence(readDer(maskPart.content));
  if (hash === undefined || readOid(maskName) !== mgf1 || readDigestAlgorithm(maskHash) !== hash) return undefined;
  return readSmallInteger(readDer(saltPart.content)) === hashes[hash].bytes ? { scheme: 'rsa-pss', hash } : undefined;
}

/** Raw r||s (IEEE P1363) as Ecdsa-Sig-Value (RFC 3279 section 2.2.3). Throws SignatureRefused when the halves are not `fieldBytes` long. */
export function ecdsaToDer(raw: Uint8Array, fieldBytes: number): Uint8Array {
  if (raw.length !== fieldBytes * 2) throw new SignatureRefused('an ECDSA signature of another length');
  return sequence(unsignedInteger(raw.subarray(0, fieldBytes)), unsignedInteger(raw.subarray(fieldBytes)));
}

/** True when `signature`, in the form CMS carries it (ECDSA as DER), is one over `message` by this key. Never throws. */
export function signatureHolds(
  key: KeyObject,
  scheme: SignatureScheme,
  hash: KnownHash,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    const wanted = scheme === 'ecdsa' ? 'ec' : 'rsa';
    if (key.asymmetricKeyType !== wanted) return false;
    switch (scheme) {
      case 'rsa-pkcs1':
        return verifySignature(hash, message, { key, padding: constants.RSA_PKCS1_PADDING }, signature);
      case 'rsa-pss':
        return verifySignature(
          hash,
          message,
          { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
          signature,
        );
      case 'ecdsa':
        children(readDer(signature));
        return verifySignature(hash, message, { key, dsaEncoding: 'der' }, signature);
    }
  } catch {
    return false;
  }
}
