/** What one certificate on a token is, and whether its holder may sign with it here: the same rules as in a visit, each with its reason. Pure. */
import { createHash } from 'node:crypto';
import { judgeUsage, preferredKeys } from '../../../drivers/pkcs11/key-choice.ts';
import type { StoredCertificate } from '../../../drivers/pkcs11/protocol.ts';
import type { SignatureScheme, SigningKey } from '../../../drivers/token.ts';
import { readCertificate, type Certificate } from '../../documents/certificate.ts';
import { DerRefused } from '../../documents/der-reader.ts';
import { printable } from '../../documents/printable.ts';
import { judgeCertificate, type CertificateProblem, type Trust } from '../../documents/trust.ts';
import type { Enrolments } from '../../people/enrolment.ts';

export interface JudgedCertificate {
  /** SHA-256 of the DER, hex: its name everywhere in this program. */
  readonly sha256: string;
  readonly label: string;
  /** What stands in it; absent when it cannot be read. */
  readonly holder?: string;
  readonly issuer?: string;
  readonly serial?: string;
  /** RFC 3339. */
  readonly validFrom?: string;
  readonly validTo?: string;
  /** Kind and size of its key, for a person. */
  readonly key?: string;
  /** The ways in which the token can sign with it, best first; none where it has no key that can. */
  readonly schemes: readonly SignatureScheme[];
  /** `not-judged`: nothing speaks against it, and not everything could be asked. */
  readonly maySign: 'yes' | 'no' | 'not-judged';
  /** Why not, or what to know besides; clauses without a full stop. */
  readonly reasons: readonly string[];
  /** Absent where nobody could tell. */
  readonly enrolled?: boolean;
}

export interface Judges {
  readonly trust?: Trust;
  readonly enrolments?: Enrolments;
}

/** Judges the certificates of one token at the moment `at`. */
export function judgeCertificates(
  found: readonly { readonly stored: StoredCertificate; readonly key?: SigningKey }[],
  judges: Judges,
  at: Date,
): readonly JudgedCertificate[] {
  const preferred = preferredKeys(found.flatMap(({ key }) => key ?? []));
  return found.map(({ stored, key }) => judge(stored, key, key !== undefined && preferred.includes(key), judges, at));
}

function judge(stored: StoredCertificate, key: SigningKey | undefined, isPreferred: boolean, judges: Judges, at: Date): JudgedCertificate {
  const sha256 = createHash('sha256').update(stored.value).digest('hex');
  const common = { sha256, label: printable(stored.label), schemes: key?.schemes ?? [] };
  const certificate = read(stored.value);
  if (certificate === undefined) return { ...common, maySign: 'no', reasons: ['it cannot be read'] };
  const enrolled = judges.enrolments === undefined ? undefined : judges.enrolments.of(sha256) !== undefined;
  const against = reasonsAgainst(certificate, key, isPreferred, judges.trust, at);
  // Nobody enrols a finger for a certificate that could not sign anyway.
  if (enrolled === false && against.length === 0) against.push('no finger is enrolled for it');
  const complete = judges.trust !== undefined && enrolled !== undefined;
  return {
    ...common,
    holder: printable(certificate.subjectName),
    issuer: printable(certificate.issuerName),
    serial: certificate.serial,
    validFrom: certificate.validFrom.toISOString(),
    validTo: certificate.validTo.toISOString(),
    key: keyName(certificate),
    maySign: against.length > 0 ? 'no' : complete ? 'yes' : 'not-judged',
    reasons: against.length > 0 ? against : remarks(certificate, judges.trust, at),
    ...(enrolled === undefined ? {} : { enrolled }),
  };
}

function reasonsAgainst(
  certificate: Certificate,
  key: SigningKey | undefined,
  isPreferred: boolean,
  trust: Trust | undefined,
  at: Date,
): string[] {
  const usage = judgeUsage(certificate.der);
  // A certificate of an issuer, brought along on the card, is nobody's key to sign with: more reasons would only confuse.
  if (certificate.isCa) return ['it is the certificate of an issuer'];
  const reasons: string[] = [];
  if (key === undefined) reasons.push('the token has no private key beside it that can sign here');
  if (!usage.usable) reasons.push(usage.why);
  else if (key !== undefined && !isPreferred)
    reasons.push('another key of this token is made for declarations of will, and that one is taken');
  const judged = judgeCertificate(certificate.der, trust ?? { roots: [], intermediates: [] }, at);
  // Without issuers nothing leads anywhere, and that says nothing.
  if (!judged.ok && (trust !== undefined || judged.problem !== 'certificate-untrusted')) {
    const why = problems[judged.problem];
    if (judged.problem !== 'certificate-unusable' || usage.usable) reasons.push(why);
  }
  return reasons;
}

const problems: Readonly<Record<CertificateProblem, string>> = {
  'certificate-expired': 'it has expired',
  'certificate-not-yet-valid': 'it is not valid yet',
  'certificate-untrusted': 'no issuer in the trust folder stands behind it',
  'certificate-unusable': 'its key is too weak, or it has a critical extension that is not understood',
  'certificate-revoked': 'it has been revoked',
  'revocation-unknown': 'nobody can tell whether it was revoked: the list is missing or too old',
};

/** Worth knowing about a certificate that may sign. */
function remarks(certificate: Certificate, trust: Trust | undefined, at: Date): string[] {
  const told: string[] = [];
  const usage = judgeUsage(certificate.der);
  if (usage.usable && usage.preference === 2) told.push('it says nothing of declarations of will (no nonRepudiation)');
  if (trust?.revocation === undefined) return told;
  const judged = judgeCertificate(certificate.der, trust, at);
  if (judged.standings?.some(({ kind }) => kind === 'no-list') === true) told.push('there is no revocation list of its issuer here');
  if (judged.standings?.some(({ kind }) => kind === 'stale') === true) told.push('the revocation list of its issuer is out of date');
  return told;
}

function read(der: Uint8Array): Certificate | undefined {
  try {
    return readCertificate(der);
  } catch (error) {
    if (error instanceof DerRefused) return undefined;
    throw error;
  }
}

function keyName({ key, publicKey }: Certificate): string {
  if (key?.kind === 'rsa') return `RSA ${key.bits} bits`;
  if (key?.kind === 'ec') return `EC ${key.curve}`;
  return [publicKey.asymmetricKeyType ?? 'unknown', publicKey.asymmetricKeyDetails?.namedCurve ?? ''].join(' ').trim();
}
