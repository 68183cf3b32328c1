/** Reads an X.509 certificate (RFC 5280) with the strict DER reader: what signing, trust and verification need of it, names in full UTF-8. */
import { X509Certificate, type KeyObject } from 'node:crypto';
import { type Hash, type SignatureScheme, isBareRsa, readSignatureAlgorithm } from './algorithms.ts';
import {
  type DerElement,
  DerRefused,
  children,
  expectTag,
  readBitString,
  readBoolean,
  readDer,
  readInteger,
  readOid,
  readSequence,
  readSmallInteger,
  readTime,
} from './der-reader.ts';
import { tags } from './der.ts';
import { readName } from './names.ts';

/** Key kinds that this station signs and verifies with. `fieldBytes` is the length of one half of a raw ECDSA signature. */
export type KeyKind =
  | { readonly kind: 'rsa'; readonly bits: number }
  | { readonly kind: 'ec'; readonly curve: 'P-256' | 'P-384' | 'P-521'; readonly fieldBytes: number };

/** What stands in one certificate. Byte fields are views into `der`. */
export interface Certificate {
  readonly der: Uint8Array;
  /** Serial number as a whole INTEGER element, for issuerAndSerialNumber. */
  readonly serialElement: Uint8Array;
  /** Serial number, lower-case hex. */
  readonly serial: string;
  /** Issuer and subject as whole Name elements. */
  readonly issuerElement: Uint8Array;
  readonly subjectElement: Uint8Array;
  /** The name a person knows it by: common name, else given name and surname, else organisation. */
  readonly subjectName: string;
  readonly issuerName: string;
  readonly validFrom: Date;
  readonly validTo: Date;
  readonly publicKey: KeyObject;
  /** Undefined for a kind of key that is not supported. */
  readonly key: KeyKind | undefined;
  /** How its issuer signed it; undefined for a way that is not accepted, such as one with SHA-1. */
  readonly signature: { readonly scheme: SignatureScheme; readonly hash: Hash } | undefined;
  readonly isCa: boolean;
  readonly pathLength: number | undefined;
  /** Bits of KeyUsage by their number (RFC 5280 section 4.2.1.3); undefined when the extension is absent. */
  readonly keyUsage: ReadonlySet<number> | undefined;
  /** Purposes by ExtendedKeyUsage (section 4.2.1.12), dotted; undefined when the extension is absent. */
  readonly extendedKeyUsage: { readonly critical: boolean; readonly purposes: readonly string[] } | undefined;
  /** Critical extensions that are not understood: the certificate must not be relied on (RFC 5280 section 4.2). */
  readonly unknownCritical: readonly string[];
  readonly x509: X509Certificate;
}

export const keyUsageBits = { digitalSignature: 0, nonRepudiation: 1, keyCertSign: 5, crlSign: 6 } as const;

const extensionOids = { keyUsage: '2.5.29.15', basicConstraints: '2.5.29.19', extendedKeyUsage: '2.5.29.37' } as const;
// Understood or harmless when critical: subjectAltName, issuerAltName, CRL distribution points, certificatePolicies, key identifiers.
const harmless = new Set(['2.5.29.17', '2.5.29.18', '2.5.29.31', '2.5.29.32', '2.5.29.14', '2.5.29.35']);

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function keyKind(key: KeyObject): KeyKind | undefined {
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType === 'rsa') return { kind: 'rsa', bits: details?.modulusLength ?? 0 };
  if (key.asymmetricKeyType !== 'ec') return undefined;
  switch (details?.namedCurve) {
    case 'prime256v1':
      return { kind: 'ec', curve: 'P-256', fieldBytes: 32 };
    case 'secp384r1':
      return { kind: 'ec', curve: 'P-384', fieldBytes: 48 };
    case 'secp521r1':
      return { kind: 'ec', curve: 'P-521', fieldBytes: 66 };
    case undefined:
    default:
      return undefined;
  }
}

interface Extensions {
  isCa: boolean;
  pathLength: number | undefined;
  keyUsage: ReadonlySet<number> | undefined;
  extendedKeyUsage: Certificate['extendedKeyUsage'];
  unknownCritical: string[];
}

function readKeyUsage(value: Uint8Array): ReadonlySet<number> {
  const bits = readBitString(readDer(value));
  const set = new Set<number>();
  bits.forEach((octet, index) => {
    for (let bit = 0; bit < 8; bit += 1) if ((octet & (0x80 >> bit)) !== 0) set.add(index * 8 + bit);
  });
  return set;
}

function readExtensions(wrapper: DerElement | undefined): Extensions {
  const found: Extensions = { isCa: false, pathLength: undefined, keyUsage: undefined, extendedKeyUsage: undefined, unknownCritical: [] };
  if (wrapper === undefined) return found;
  const seen = new Set<string>();
  for (const extension of readSequence(readDer(wrapper.content))) {
    const parts = readSequence(extension);
    const name = readOid(parts[0]);
    if (seen.has(name)) throw new DerRefused('an extension stands twice');
    seen.add(name);
    const critical = parts.length === 3 && readBoolean(parts[1]);
    const value = expectTag(parts.at(-1), tags.octetString).content;
    if (name === extensionOids.keyUsage) found.keyUsage = readKeyUsage(value);
    else if (name === extensionOids.extendedKeyUsage)
      found.extendedKeyUsage = { critical, purposes: readSequence(readDer(value)).map(readOid) };
    else if (name === extensionOids.basicConstraints) {
      const [first, second] = readSequence(readDer(value));
      const hasFlag = first?.tag === tags.boolean;
      found.isCa = hasFlag && readBoolean(first);
      const limit = hasFlag ? second : first;
      if (limit !== undefined) found.pathLength = readSmallInteger(limit);
    } else if (critical && !harmless.has(name)) found.unknownCritical.push(name);
  }
  return found;
}

/** The algorithm stands twice, once where it is signed itself (RFC 5280 section 4.1.1.2). Without a hash of its own it belongs into CMS only. */
function readSignature(outer: DerElement | undefined, inner: DerElement | undefined): Certificate['signature'] {
  try {
    if (outer === undefined || inner === undefined || !Buffer.from(outer.bytes).equals(inner.bytes)) return undefined;
    return isBareRsa(outer) ? undefined : readSignatureAlgorithm(outer, 'sha256');
  } catch (problem) {
    if (problem instanceof DerRefused) return undefined;
    throw problem;
  }
}

/** Reads one certificate. Throws DerRefused when the bytes are not exactly one X.509 certificate in DER. */
export function readCertificate(der: Uint8Array): Certificate {
  const [tbs, algorithm, , ...more] = readSequence(readDer(der));
  if (more.length > 0) throw new DerRefused('not a certificate');
  const parts = children(expectTag(tbs, tags.sequence));
  const hasVersion = parts[0]?.tag === 0xa0;
  const [serial, innerAlgorithm, issuer, validity, subject, , ...rest] = hasVersion ? parts.slice(1) : parts;
  const serialContent = readInteger(serial);
  const [from, to] = readSequence(validity);
  const extensions = readExtensions(rest.find((part) => part.tag === 0xa3));
  let x509: X509Certificate;
  let publicKey: KeyObject;
  try {
    x509 = new X509Certificate(der);
    publicKey = x509.publicKey;
  } catch (cause) {
    throw new DerRefused('not a certificate', { cause });
  }
  const issuerElement = expectTag(issuer, tags.sequence);
  const subjectElement = expectTag(subject, tags.sequence);
  return {
    der,
    serialElement: expectTag(serial, tags.integer).bytes,
    serial: hex(serialContent),
    issuerElement: issuerElement.bytes,
    subjectElement: subjectElement.bytes,
    subjectName: readName(subjectElement),
    issuerName: readName(issuerElement),
    validFrom: readTime(from),
    validTo: readTime(to),
    publicKey,
    key: keyKind(publicKey),
    signature: readSignature(algorithm, innerAlgorithm),
    ...extensions,
    x509,
  };
}
