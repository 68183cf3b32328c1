/** Reads a detached CMS SignedData strictly (RFC 5652): one signer, DER, named by issuer and serial number. What it does not know it does not pass. */
import { type Hash, type SignatureScheme, readDigestAlgorithm, readSignatureAlgorithm } from './algorithms.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import { cmsOids } from './cms.ts';
import { concat, tags } from './der.ts';
import {
  type DerElement,
  DerRefused,
  children,
  expectTag,
  readDer,
  readFirst,
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
  /** The signed attributes as the SET OF that was signed. */
  readonly attributes: Uint8Array;
  readonly messageDigest: Uint8Array;
  readonly signingTime: Date | undefined;
  /** Hash algorithm (undefined: not accepted) and hash of the signing certificate by ESS signing-certificate-v2; undefined when absent. */
  readonly signingCertificate: { readonly hash: Hash | undefined; readonly value: Uint8Array } | undefined;
  readonly signature: Uint8Array;
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

/** Reads the value of /Contents: one ContentInfo, then nothing but zeros. Throws DerRefused. */
export function readSignedData(contents: Uint8Array): SignedData {
  const info = readFirst(contents);
  if (contents.subarray(info.bytes.length).some((octet) => octet !== 0)) throw new DerRefused('bytes after the signature');
  const [type, wrapped] = readSequence(info);
  if (readOid(type) !== cmsOids.signedData) throw new DerRefused('not SignedData');
  const [version, digests, encapsulated, ...sets] = readSequence(readDer(expectTag(wrapped, 0xa0).content));
  if (readSmallInteger(version) !== 1) throw new DerRefused('a version of SignedData that is not read');
  const [contentType, ...content] = readSequence(encapsulated);
  if (readOid(contentType) !== cmsOids.data || content.length > 0) throw new DerRefused('the signature carries content');
  const certificates = readCertificates(sets.find((set) => set.tag === 0xa0));
  if (sets.slice(0, -1).some((set) => set.tag !== 0xa0 && set.tag !== 0xa1)) throw new DerRefused('strange part of SignedData');
  const [signerInfo, ...others] = readSetOf(sets.at(-1));
  if (others.length > 0) throw new DerRefused('more than one signer');

  const [signerVersion, identifier, digestPart, attributesPart, algorithmPart, signaturePart] = readSequence(signerInfo);
  if (readSmallInteger(signerVersion) !== 1) throw new DerRefused('the signer is not named by issuer and serial number');
  const [issuer, serial] = readSequence(identifier);
  const attributesElement = expectTag(attributesPart, 0xa0);
  const attributes = readAttributes(attributesElement);
  if (readOid(attributes.get(cmsOids.contentType)) !== cmsOids.data) throw new DerRefused('the content type is not signed');
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
    attributes: concat([Uint8Array.of(tags.set), attributesElement.bytes.subarray(1)]),
    messageDigest: expectTag(attributes.get(cmsOids.messageDigest), tags.octetString).content,
    signingTime: signingTime === undefined ? undefined : readTime(signingTime),
    signingCertificate: readSigningCertificate(attributes.get(cmsOids.signingCertificateV2)),
    signature: expectTag(signaturePart, tags.octetString).content,
  };
}
