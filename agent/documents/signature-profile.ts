/**
 * How far a signature carries by what stands in the document (ETSI EN 319 142-1 section 6): B-B the signature alone, B-T a time that a third party
 * confirms, B-LT all proofs to judge it later, B-LTA these proofs under a timestamp of their own. It says what is there, not whom to trust.
 */
import { type Certificate, readCertificate } from './certificate.ts';
import { readSignedData, type SignedData } from './cms-reader.ts';
import { readRevocationList } from './crl-reader.ts';
import type { Proofs } from './dss-proofs.ts';
import { readStore, whatCanBeRead } from './dss-reader.ts';
import { type DocumentTimestamp, covering } from './judge-document-timestamp.ts';
import { type PdfFile } from './pdf.ts';
import { type SignedField } from './pdf-fields.ts';
import { PdfString } from './pdf-objects.ts';
import { contentInfo, openRevision } from './signature-place.ts';
import { judgeSignatureTimestamps } from './signature-timestamp.ts';

export type SignatureProfile = 'B-B' | 'B-T' | 'B-LT' | 'B-LTA';

const longestPath = 8;
const key = (element: Uint8Array): string => Buffer.from(element).toString('latin1');

/** The store holds every link above this certificate up to a root, and a list of every issuer on the way. */
function holdsProofs(store: Proofs, { signer, certificates }: SignedData): boolean {
  const links = whatCanBeRead([...certificates, ...store.certificates], readCertificate);
  const listed = new Set(whatCanBeRead(store.lists, readRevocationList).map(({ issuerElement }) => key(issuerElement)));
  let certificate: Certificate | undefined = signer;
  for (let step = 0; certificate !== undefined && step < longestPath; step += 1) {
    const issuer: string = key(certificate.issuerElement);
    if (issuer === key(certificate.subjectElement)) return true;
    certificate = listed.has(issuer) ? links.find(({ subjectElement }) => key(subjectElement) === issuer) : undefined;
  }
  return false;
}

function cmsOf({ dict }: SignedField): SignedData | undefined {
  const contents = dict.get('Contents');
  return contents instanceof PdfString ? readSignedData(contentInfo(contents)) : undefined;
}

/** The profile of a signature that holds; `stamps` are the timestamps over the document. Throws PdfRefused. */
export function profileOf(file: PdfFile, field: SignedField, stamps: readonly DocumentTimestamp[]): SignatureProfile {
  const cms = cmsOf(field);
  if (cms === undefined) return 'B-B';
  const tokens = judgeSignatureTimestamps(cms, { at: new Date() }).filter(({ intact }) => intact);
  const over = covering(stamps, field);
  if (tokens.length === 0 && over.length === 0) return 'B-B';
  const all = [cms, ...tokens.flatMap(({ token }) => token?.cms ?? [])];
  const isProven = (revision: PdfFile): boolean => {
    const store = readStore(revision);
    return all.every((one) => holdsProofs(store, one));
  };
  if (!isProven(file)) return 'B-T';
  const sealed = over.some((stamp) => isProven(stamp.end === file.bytes.length ? file : openRevision(file, stamp.field, stamp.end).file));
  return sealed ? 'B-LTA' : 'B-LT';
}
