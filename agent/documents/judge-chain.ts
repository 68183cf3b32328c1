/** Judges the certificate of a signature: its validity, its way to a trusted issuer, and what the revocation lists say (ETSI EN 319 102-1 section 5.2.6). */
import type { Certificate } from './certificate.ts';
import type { Standing } from './crl.ts';
import { type CertificateProblem, type Trust, judgeCertificate } from './trust.ts';
import { type SubIndication, unsure } from './verdict.ts';

const chainProblems: Readonly<Record<Exclude<CertificateProblem, 'certificate-revoked'>, readonly [SubIndication, string]>> = {
  'certificate-expired': ['OUT_OF_BOUNDS_NO_POE', 'The certificate had expired.'],
  'certificate-not-yet-valid': ['OUT_OF_BOUNDS_NO_POE', 'The certificate was not yet valid.'],
  'certificate-untrusted': ['NO_CERTIFICATE_CHAIN_FOUND', 'The certificate was not issued by anyone who is trusted here.'],
  'certificate-unusable': ['CHAIN_CONSTRAINTS_FAILURE', 'The certificate is not one for signing documents.'],
  'revocation-unknown': [
    'TRY_LATER',
    'Whether the certificate was revoked cannot be told: a revocation list of its issuer is missing, or is older than the signature and has run out.',
  ],
};

/**
 * The time that a signature claims is no proof that it existed then, so a revocation leaves it undecided, whether it came before or after that
 * time; only a proof of existence could decide (ETSI EN 319 102-1 sections 5.2.6 and 5.3).
 */
function refuseRevoked(standings: readonly Standing[], at: Date): never {
  const place = standings.findIndex(({ kind }) => kind === 'revoked');
  const standing = standings[place];
  if (standing?.kind !== 'revoked') throw new Error('nothing is revoked in this chain');
  const { list, revokedAt, reason } = standing;
  const whose = place === 0 ? 'the certificate' : 'the certificate of an issuer above it';
  const since = `${list.issuerName} revoked ${whose} on ${revokedAt.toISOString()} (${reason})`;
  if (place > 0) return unsure('REVOKED_CA_NO_POE', `${since}.`);
  if (reason === 'certificate-hold') return unsure('TRY_LATER', `${since}: it is on hold, and may become valid again.`);
  const claim =
    at < revokedAt
      ? 'The signature claims to have been made before that, but nobody confirms its time'
      : 'That is before the signature says it was made';
  return unsure('REVOKED_NO_POE', `${since}. ${claim}.`);
}

/** What the revocation lists said about a certificate that counts. */
function revocationSentence(standings: readonly Standing[]): string {
  const [first] = standings;
  if (first === undefined || first.kind === 'no-list')
    return 'Nobody asked whether the certificate was revoked: no revocation list was given.';
  const { issuerName, number, thisUpdate } = first.list;
  return `It is not on the revocation list${number === undefined ? '' : ` ${number}`} of ${issuerName}, of ${thisUpdate.toISOString()}.`;
}

/**
 * Judges a signer's certificate at a moment, `carried` being further certificates that came with the signature. Gives what to say about revocation
 * when it counts. Throws Judged when it does not.
 */
export function judgeChain(signer: Certificate, carried: readonly Uint8Array[], at: Date | undefined, trust: Trust | undefined): string {
  if (at === undefined) return unsure('SIG_CONSTRAINTS_FAILURE', 'The signature does not say when it was made.');
  if (at < signer.validFrom || at > signer.validTo) {
    return unsure(...chainProblems[at < signer.validFrom ? 'certificate-not-yet-valid' : 'certificate-expired']);
  }
  if (trust === undefined)
    return unsure('NO_CERTIFICATE_CHAIN_FOUND', 'Nobody said which issuers are trusted, so the name of the signer is not confirmed.');
  const judged = judgeCertificate(signer.der, trust, at, carried);
  if (judged.ok) return revocationSentence(judged.standings);
  if (judged.problem === 'certificate-revoked') return refuseRevoked(judged.standings ?? [], at);
  return unsure(...chainProblems[judged.problem]);
}
