/** Judges the certificate of a signature: its validity, its way to a trusted issuer, and what the revocation lists say (ETSI EN 319 102-1 section 5.2.6). */
import type { Certificate } from './certificate.ts';
import type { Standing } from './crl.ts';
import { weaknessOfKey } from './strength.ts';
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
 * The signer's own certificate was revoked after the signature was there: that does not count against it (ETSI EN 319 102-1 section 5.5.4). An issuer's
 * revocation always counts, because a timestamp on the signature does not say when the certificate above it was made.
 */
export function cameLater(found: Standing, place: number, provenAt: Date | undefined): boolean {
  return (
    place === 0 && found.kind === 'revoked' && found.reason !== 'certificate-hold' && provenAt !== undefined && provenAt < found.revokedAt
  );
}

/**
 * The time that a signature claims is no proof that it existed then, so a revocation leaves it undecided, whether it came before or after that
 * time; only a proof of existence decides (ETSI EN 319 102-1 sections 5.2.6 and 5.3).
 */
function refuseRevoked(standings: readonly Standing[], at: Date, provenAt: Date | undefined): never {
  const place = standings.findIndex((found, index) => found.kind === 'revoked' && !cameLater(found, index, provenAt));
  const standing = standings[place];
  if (standing?.kind !== 'revoked') throw new Error('nothing is revoked in this chain');
  const { list, revokedAt, reason } = standing;
  const whose = place === 0 ? 'the certificate' : 'the certificate of an issuer above it';
  const since = `${list.issuerName} revoked ${whose} on ${revokedAt.toISOString()} (${reason})`;
  if (place > 0) return unsure('REVOKED_CA_NO_POE', `${since}.`);
  if (reason === 'certificate-hold') return unsure('TRY_LATER', `${since}: it is on hold, and may become valid again.`);
  if (provenAt !== undefined)
    return unsure(
      'REVOKED_NO_POE',
      `${since}. The earliest proof that the signature was there is of ${provenAt.toISOString()}, which is not before that.`,
    );
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
  if (first.kind === 'revoked')
    return `${issuerName} revoked the certificate on ${first.revokedAt.toISOString()} (${first.reason}), and a timestamp proves that the signature was there before.`;
  return `It is not on the revocation list${number === undefined ? '' : ` ${number}`} of ${issuerName}, of ${thisUpdate.toISOString()}.`;
}

/** Purposes that have nothing to do with documents (RFC 5280 section 4.2.1.12): web servers, programs, time, answers about revocation. */
const otherPurposes = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.3', '1.3.6.1.5.5.7.3.8', '1.3.6.1.5.5.7.3.9'];

/** The key is strong enough, and is meant for more than other things. Throws Judged. */
function checkFitness(signer: Certificate): void {
  const weakness = weaknessOfKey(signer);
  if (weakness !== undefined)
    unsure('CRYPTO_CONSTRAINTS_FAILURE', `The signature was made with ${weakness}, which is too weak, or not known here.`);
  const purposes = signer.extendedKeyUsage?.purposes ?? [];
  if (purposes.length > 0 && purposes.every((purpose) => otherPurposes.includes(purpose))) unsure(...chainProblems['certificate-unusable']);
}

export interface ChainOptions {
  readonly trust: Trust | undefined;
  /** The moment to judge at, where somebody names one. */
  readonly at?: Date | undefined;
  /** The earliest moment at which the signature is proven to have been there. */
  readonly provenAt?: Date | undefined;
  /** The time that the signature claims. */
  readonly claimed: Date | undefined;
  readonly now?: Date | undefined;
}

/**
 * Judges a signer's certificate, `carried` being further certificates that came with the signature: at the moment that is named, else at the one that
 * is proven, else at the one that is claimed; but a claim from before the certificate expired counts only until it has. Gives what to say about
 * revocation when the certificate counts. Throws Judged when it does not.
 */
export function judgeChain(signer: Certificate, carried: readonly Uint8Array[], options: ChainOptions): string {
  const { trust, provenAt, claimed, now = new Date() } = options;
  const at = options.at ?? provenAt ?? claimed;
  if (at === undefined) return unsure('SIG_CONSTRAINTS_FAILURE', 'The signature does not say when it was made.');
  if (at < signer.validFrom || at > signer.validTo) {
    return unsure(...chainProblems[at < signer.validFrom ? 'certificate-not-yet-valid' : 'certificate-expired']);
  }
  if (options.at === undefined && provenAt === undefined && now > signer.validTo)
    return unsure(
      'OUT_OF_BOUNDS_NO_POE',
      'The certificate has expired since, and no timestamp proves that the signature was there before.',
    );
  checkFitness(signer);
  if (trust === undefined)
    return unsure('NO_CERTIFICATE_CHAIN_FOUND', 'Nobody said which issuers are trusted, so the name of the signer is not confirmed.');
  const judged = judgeCertificate(signer.der, trust, at, carried, (revoked, place) => cameLater(revoked, place, provenAt));
  if (judged.ok) return revocationSentence(judged.standings);
  if (judged.problem === 'certificate-revoked') return refuseRevoked(judged.standings ?? [], at, provenAt);
  if (judged.tooWeak === true)
    return unsure(
      'CRYPTO_CONSTRAINTS_FAILURE',
      'A certificate on the way to the trusted issuer has a key, or was signed in a way, that is too weak.',
    );
  return unsure(...chainProblems[judged.problem]);
}
