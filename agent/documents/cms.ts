/**
 * CMS SignedData, detached (RFC 5652), in two steps because the token only makes the signature: first the signed attributes (the message
 * that is signed), then the assembly. What is assembled here has been verified with the certificate's public key.
 */
import {
  type Hash,
  type SignatureScheme,
  SignatureRefused,
  digestAlgorithm,
  digestOf,
  ecdsaToDer,
  signatureAlgorithm,
  signatureHolds,
} from './algorithms.ts';
import type { Commitment } from '../contract/terms.ts';
import { type Certificate } from './certificate.ts';
import { concat, context, integer, octetString, oid, sequence, setOf, time, utf8String } from './der.ts';

export const cmsOids = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  commitmentType: '1.2.840.113549.1.9.16.2.16',
  mimeType: '0.4.0.1733.2.1',
} as const;

/** What a signature can commit to (RFC 5126 section 5.11.1), with the last arc of its object identifier. */
const commitments = {
  'proof-of-origin': 1,
  'proof-of-receipt': 2,
  'proof-of-delivery': 3,
  'proof-of-sender': 4,
  'proof-of-approval': 5,
  'proof-of-creation': 6,
} as const satisfies Readonly<Record<Commitment, number>>;

/** Signed attributes that not every signature has. */
export interface MoreAttributes {
  /** Stays out for PAdES, where the time stands in the signature dictionary (ETSI EN 319 142-1 section 6.3), and is wanted in CAdES. */
  readonly signingTime?: Date | undefined;
  readonly commitment?: Commitment | undefined;
  /** Kind of the content as RFC 2045 writes it, "text/plain" (ETSI EN 319 122-1 section 5.2.4.2). */
  readonly mimeType?: string | undefined;
}

export interface CmsSigner {
  readonly certificate: Certificate;
  /** Certificates to be carried along; the signer's own may be among them and is not repeated. DER each. */
  readonly chain: readonly Uint8Array[];
  readonly hash: Hash;
  readonly scheme: SignatureScheme;
}

function attribute(type: string, value: Uint8Array): Uint8Array {
  return sequence(oid(type), setOf([value]));
}

/** ESS signing-certificate-v2 (RFC 5035 section 3) with issuerSerial; the hash algorithm is left out when it is the default, SHA-256. */
function signingCertificateV2(certificate: Certificate, hash: Hash): Uint8Array {
  const issuer = sequence(context(4, true, certificate.issuerElement));
  const issuerSerial = sequence(issuer, certificate.serialElement);
  const algorithm = hash === 'sha256' ? [] : [digestAlgorithm(hash)];
  const essCertId = sequence(...algorithm, octetString(digestOf(hash, certificate.der)), issuerSerial);
  return sequence(sequence(essCertId));
}

/** CommitmentTypeIndication without qualifiers (RFC 5126 section 5.11.1). */
function commitmentType(commitment: Commitment): Uint8Array {
  return sequence(oid(`1.2.840.113549.1.9.16.6.${commitments[commitment]}`));
}

/** The signed attributes as a DER SET OF: the message that gets hashed and signed (RFC 5652 section 5.4). */
export function signedAttributes(
  certificate: Certificate,
  hash: Hash,
  contentDigest: Uint8Array,
  { signingTime, commitment, mimeType }: MoreAttributes = {},
): Uint8Array {
  return setOf([
    attribute(cmsOids.contentType, oid(cmsOids.data)),
    attribute(cmsOids.messageDigest, octetString(contentDigest)),
    attribute(cmsOids.signingCertificateV2, signingCertificateV2(certificate, hash)),
    ...(signingTime === undefined ? [] : [attribute(cmsOids.signingTime, time(signingTime))]),
    ...(commitment === undefined ? [] : [attribute(cmsOids.commitmentType, commitmentType(commitment))]),
    ...(mimeType === undefined ? [] : [attribute(cmsOids.mimeType, utf8String(mimeType))]),
  ]);
}

function assemble(signer: CmsSigner, attributes: Uint8Array, signature: Uint8Array): Uint8Array {
  const { certificate, hash, scheme } = signer;
  const own = Buffer.from(certificate.der);
  const others = signer.chain.filter((der) => !own.equals(der));
  // [0] IMPLICIT SET OF: the same content under another tag.
  const implicitAttributes = concat([Uint8Array.of(0xa0), attributes.subarray(1)]);
  const signerInfo = sequence(
    integer(1),
    sequence(certificate.issuerElement, certificate.serialElement),
    digestAlgorithm(hash),
    implicitAttributes,
    signatureAlgorithm(scheme, hash),
    octetString(signature),
  );
  const signedData = sequence(
    integer(1),
    setOf([digestAlgorithm(hash)]),
    sequence(oid(cmsOids.data)),
    setOf([certificate.der, ...others], 0xa0),
    setOf([signerInfo]),
  );
  return sequence(oid(cmsOids.signedData), context(0, true, signedData));
}

/** Throws SignatureRefused when this key cannot make signatures of this scheme. */
export function checkScheme(certificate: Certificate, scheme: SignatureScheme): void {
  const wanted = scheme === 'ecdsa' ? 'ec' : 'rsa';
  if (certificate.key?.kind !== wanted) throw new SignatureRefused(`the key of the certificate cannot make ${scheme} signatures`);
}

/** Upper bound of the assembled CMS, bytes, before there is a signature. Throws SignatureRefused when the scheme does not fit the key. */
export function measureSignedData(signer: CmsSigner, attributes: Uint8Array): number {
  checkScheme(signer.certificate, signer.scheme);
  const key = signer.certificate.key;
  const longest = key?.kind === 'ec' ? 2 * key.fieldBytes + 16 : Math.ceil((key?.bits ?? 0) / 8);
  return assemble(signer, attributes, new Uint8Array(longest)).length;
}

/**
 * The finished ContentInfo, DER. `signature` is what the token gave for the digest of `attributes`: RSA as it is, ECDSA raw r||s.
 * Throws SignatureRefused when it does not verify with the certificate's public key.
 */
export function assembleSignedData(signer: CmsSigner, attributes: Uint8Array, signature: Uint8Array): Uint8Array {
  const { certificate, scheme, hash } = signer;
  checkScheme(certificate, scheme);
  const value = certificate.key?.kind === 'ec' ? ecdsaToDer(signature, certificate.key.fieldBytes) : signature;
  if (!signatureHolds(certificate.publicKey, scheme, hash, attributes, value)) {
    throw new SignatureRefused('the signature does not verify with the key of the certificate');
  }
  return assemble(signer, attributes, value);
}
