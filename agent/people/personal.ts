/**
 * What the station knows of a person and seals: names and titles, which stand nowhere else in the log. `operations` has what a clerk needs to find a
 * person again; the whole subject of the certificate, in which some issuers write a personal number, only supervisors and auditors read.
 */
import { readCertificate } from '../documents/certificate.ts';
import { printable } from '../documents/printable.ts';
import type { Personal } from '../log/data-keys.ts';

/** Of an enrolment, from the holder's certificate (DER). Throws DerRefused. */
export function personalOfEnrolment(certificate: Uint8Array): Personal {
  const { subjectName, issuerName, x509 } = readCertificate(certificate);
  const subject = x509.subject.split('\n').map((line) => printable(line));
  return { operations: { holder: printable(subjectName), issuer: printable(issuerName) }, supervision: { subject } };
}

/** More of them would not fit, whatever is in them: a title has at most 200 characters, of at most six bytes. */
const mostTitles = 50;

/** Of a consent: the holder's name as the certificate says it, and the names of the documents, in their order; of very many, how many are left off. */
export function personalOfConsent(holder: string, titles: readonly string[]): Personal {
  const documents = titles.slice(0, mostTitles).map((title) => printable(title));
  const left_off = titles.length - documents.length;
  return { operations: { holder: printable(holder), documents, ...(left_off === 0 ? {} : { left_off }) } };
}
