/** Reads a CMS SignedData strictly (RFC 5652): one signer, DER, named by issuer and serial number. What it does not know it does not pass. */
import { type Hash, type SignatureScheme, isSha1, readDigestAlgorithm, readSha1Scheme, readSignatureAlgorithm } from './algorithms.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import { cmsOids } from './cms.ts';
import { readDefinite } from './ber-reader.ts';
import { concat, tags } from './der.ts';
import {
  type DerElement,
  DerRefused,
  children,
  expectTag,
  readDer,
  readOid,
  readSequence,
  readSetOf,
  readSmallInteger,
  readTime,
} from './der-reader.ts';

/** What one signature says. */
export interface SignedData {
  /** Undefined when the certificate that the signer names is not carried along. */
  readonly signer: Certificate | undefined;
  /** All certificates that are carried along, DER. */
  readonly certificates: readonly Uint8Array[];
  /** Hash of the content; undefined when it is not accepted. */
  readonly digest: Hash | undefined;
  readonly algorithm: { readonly scheme: SignatureScheme; readonly hash: Hash } | undefined;
  /** The scheme where the signature was made with SHA-1 throughout: it is not accepted, yet it can be told whether it holds. */
  readonly sha1: SignatureScheme | undefined;
  /** The signed attributes as the SET OF that was signed. */
  readonly attributes: Uint8Array;
  readonly messageDigest: Uint8Array;
  readonly signingTime: Date | undefined;
  /** Hash algorithm (undefined: not accepted) and hash of the signing certificate by ESS signing-certificate-v2; undefined when absent. */
  readonly signingCertificate: { readonly hash: Hash | undefined; readonly value: Uint8Array } | undefined;
  readonly signature: Uint8Array;
  /** The content where the CMS carries it; undefined where it is detached. */
  readonly content: Uint8Array | undefined;
  /** The unsigned attributes as they stand, [1] IMPLICIT SET OF: nobody signed them. */
  readonly unsigned: DerElement | undefined;
}

function readAttributes(element: DerElement): ReadonlyMap<string, DerElement> {
  const found = new Map<string, DerElement>();
  for (const attribute of readSetOf(element, 0xa0)) {
    const [type, values, ...more] = readSequence(attribute);
    const name = readOid(type);
    const [value, ...others] = readSetOf(values);
    if (more.length > 0 || found.has(name) || value === undefined || others.length > 0) throw new DerRefused('strange signed attribute');
    found.set(name, value);
  }
  return found;
}

function readSigningCertificate(attribute: DerElement | undefined): SignedData['signingCertificate'] {
  if (attribute === undefined) return undefined;
  const [list] = readSequence(attribute);
  const [first] = readSequence(list);
  const parts = readSequence(first);
  const named = parts[0]?.tag === tags.sequence;
  const value = expectTag(named ? parts[1] : parts[0], tags.octetString).content;
  return { hash: named ? readDigestAlgorithm(parts[0]) : 'sha256', value };
}

function readCertificates(element: DerElement | undefined): readonly Uint8Array[] {
  // Order is not checked here: the set is not signed, and other producers write it in the order of the chain.
  return element === undefined ? [] : children(element).map((member) => expectTag(member, tags.sequence).bytes);
}

function findSigner(certificates: readonly Uint8Array[], issuer: DerElement, serial: DerElement): Certificate | undefined {
  return certificates
    .map(readCertificate)
    .find(
      (certificate) =>
        Buffer.from(certificate.issuerElement).equals(issuer.bytes) && Buffer.from(certificate.serialElement).equals(serial.bytes),
    );
}

/**
 * The ContentInfo in the value of /Contents, its frame in definite lengths, without the zeros that fill the rest of its place. Throws DerRefused when
 * anything else follows.
 */
export function withoutPadding(contents: Uint8Array): Uint8Array {
  const { der, used } = readDefinite(contents);
  if (contents.subarray(used).some((octet) => octet !== 0)) throw new DerRefused('bytes after the signature');
  return der;
}

/** Data is signed where it stands and is not carried along; every other kind of content stands in the CMS itself. */
function readContent(encapsulated: DerElement | undefined, contentType: string): Uint8Array | undefined {
  const [type, wrapped, ...more] = readSequence(encapsulated);
  if (readOid(type) !== contentType || more.length > 0) throw new DerRefused('another kind of content');
  if (contentType !== cmsOids.data) return expectTag(readDer(expectTag(wrapped, 0xa0).content), tags.octetString).content;
  if (wrapped !== undefined) throw new DerRefused('the signature carries content');
  return undefined;
}

/**
 * Reads one ContentInfo whose content is of this type (dotted): data, which must be detached, or another one, which must be carried along.
 * Throws DerRefused.
 */
export function readSignedData(der: Uint8Array, contentType: string = cmsOids.data): SignedData {
  const frame = readDefinite(der);
  if (frame.used !== der.length) throw new DerRefused('bytes after the signature');
  const [type, wrapped] = readSequence(readDer(frame.der));
  if (readOid(type) !== cmsOids.signedData) throw new DerRefused('not SignedData');
  const [version, digests, encapsulated, ...sets] = readSequence(readDer(expectTag(wrapped, 0xa0).content));
  // RFC 5652 section 5.1: 3 for every kind of content but data.
  if (readSmallInteger(version) !== (contentType === cmsOids.data ? 1 : 3))
    throw new DerRefused('a version of SignedData that is not read');
  const content = readContent(encapsulated, contentType);
  const certificates = readCertificates(sets.find((set) => set.tag === 0xa0));
  if (sets.slice(0, -1).some((set) => set.tag !== 0xa0 && set.tag !== 0xa1)) throw new DerRefused('strange part of SignedData');
  const [signerInfo, ...others] = readSetOf(sets.at(-1));
  if (others.length > 0) throw new DerRefused('more than one signer');

  const [signerVersion, identifier, digestPart, attributesPart, algorithmPart, signaturePart, unsigned, ...more] = readSequence(signerInfo);
  if (more.length > 0 || (unsigned !== undefined && unsigned.tag !== 0xa1)) throw new DerRefused('strange part of the signer');
  if (readSmallInteger(signerVersion) !== 1) throw new DerRefused('the signer is not named by issuer and serial number');
  const [issuer, serial] = readSequence(identifier);
  const attributesElement = expectTag(attributesPart, 0xa0);
  const attributes = readAttributes(attributesElement);
  if (readOid(attributes.get(cmsOids.contentType)) !== contentType) throw new DerRefused('the content type is not signed');
  const digest = readDigestAlgorithm(digestPart);
  const [listed, ...unlisted] = readSetOf(digests);
  if (unlisted.length > 0 || readDigestAlgorithm(listed) !== digest)
    throw new DerRefused('another digest algorithm is announced than used');
  const signingTime = attributes.get(cmsOids.signingTime);
  return {
    signer: findSigner(certificates, expectTag(issuer, tags.sequence), expectTag(serial, tags.integer)),
    certificates,
    digest,
    algorithm: digest === undefined ? undefined : readSignatureAlgorithm(algorithmPart, digest),
    sha1: isSha1(digestPart) ? readSha1Scheme(algorithmPart) : undefined,
    attributes: concat([Uint8Array.of(tags.set), attributesElement.bytes.subarray(1)]),
    messageDigest: expectTag(attributes.get(cmsOids.messageDigest), tags.octetString).content,
    signingTime: signingTime === undefined ? undefined : readTime(signingTime),
    signingCertificate: readSigningCertificate(attributes.get(cmsOids.signingCertificateV2)),
    signature: expectTag(signaturePart, tags.octetString).content,
    content,
    unsigned,
  };
}
