/** The proofs that a signature can be judged by later, when its certificates have ended: the way to a root, and what the issuers on it revoked. */
import { type Certificate, readCertificate } from './certificate.ts';
import type { Standing } from './crl.ts';
import { TimestampRefused } from './timestamp-answer.ts';
import { type CertificateProblem, type Trust, judgeCertificate } from './trust.ts';

/** Certificates and revocation lists, DER each, none twice. */
export interface Proofs {
  readonly certificates: readonly Uint8Array[];
  readonly lists: readonly Uint8Array[];
}

export interface ProofRequest {
  readonly certificate: Uint8Array;
  /** Certificates that came with the signature. */
  readonly carried: readonly Uint8Array[];
  /** The moment to judge at. */
  readonly at: Date;
  /** Which revocations came later than what they could harm, as `judgeCertificate` asks. */
  readonly excuses?: (revoked: Standing, place: number) => boolean;
}

const problems: Readonly<Record<CertificateProblem, string>> = {
  'certificate-expired': 'had expired',
  'certificate-not-yet-valid': 'was not yet valid',
  'certificate-untrusted': 'does not lead to an issuer in the trust folder',
  'certificate-unusable': 'is not one for signing',
  'certificate-revoked': 'was revoked',
  'revocation-unknown': 'has no current revocation list of every issuer above it in the folder',
};

/** Each only once, in the order in which they come. */
export function distinct(ders: readonly Uint8Array[]): readonly Uint8Array[] {
  return [...new Map(ders.map((der) => [Buffer.from(der).toString('latin1'), der])).values()];
}

/** The root above the last link, which must be carried too: whoever judges compares it with their own. */
function rootAbove(last: Certificate, { roots }: Trust): readonly Uint8Array[] {
  return roots.filter(({ x509, publicKey }) => last.x509.checkIssued(x509) && last.x509.verify(publicKey)).map(({ der }) => der);
}

/**
 * Collects the proofs for one certificate: every link up to a root, and the list of every issuer. Throws TimestampRefused when the certificate does not
 * count, or a list is missing: proofs that are not whole prove nothing.
 */
export function proofsFor({ certificate, carried, at, excuses }: ProofRequest, trust: Trust): Proofs {
  const judged = judgeCertificate(certificate, trust, at, carried, excuses);
  const who = readCertificate(certificate).subjectName;
  if (!judged.ok) throw new TimestampRefused(`The proofs are not complete: the certificate of ${who} ${problems[judged.problem]}.`);
  const links = judged.chain.map(readCertificate);
  const lists = judged.standings.flatMap((standing) => (standing.kind === 'no-list' ? [] : [standing.list.der]));
  if (lists.length < links.length)
    throw new TimestampRefused(`The proofs are not complete: the certificate of ${who} ${problems['revocation-unknown']}.`);
  const last = links.at(-1);
  return { certificates: distinct([...judged.chain, ...(last === undefined ? [] : rootAbove(last, trust))]), lists: distinct(lists) };
}
