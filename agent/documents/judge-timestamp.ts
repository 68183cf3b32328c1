/**
 * Judges an RFC 3161 timestamp: whether it is one over these bytes, by an authority that counts here. What it proves is that the bytes were there
 * at its time, so it is judged at a moment at which it is known to have been there itself: now, or the time of a later timestamp over it.
 */
import { createHash } from 'node:crypto';
import { type Hash, digestOf } from './algorithms.ts';
import type { Certificate } from './certificate.ts';
import { checkCrypto } from './cms-crypto.ts';
import type { SignedData } from './cms-reader.ts';
import type { Standing } from './crl.ts';
import { tags } from './der.ts';
import { DerRefused, expectTag, readDer, readOid, readSequence, readSetOf } from './der-reader.ts';
import { type TimestampToken, readTimestampToken } from './timestamp-token.ts';
import { type CertificateProblem, type Trust, judgeCertificate } from './trust.ts';
import { Judged, type SubIndication, type Verdict, fail, unsure } from './verdict.ts';

export interface TimestampOptions {
  /** Without it the authority is nobody, and the best verdict is INDETERMINATE. */
  readonly trust?: Trust | undefined;
  /** When the token is known to have been there. */
  readonly at: Date;
}

export interface TimestampJudgement {
  readonly verdict: Verdict;
  readonly subIndication?: SubIndication;
  /** The token is one over these bytes by the key of the certificate in it, whoever that is. */
  readonly intact: boolean;
  /** Undefined when it could not be read. */
  readonly token: TimestampToken | undefined;
  readonly authority: Certificate | undefined;
  /** The latest moment at which the bytes were first there: time and inaccuracy of a timestamp that passed; undefined for every other. */
  readonly provenAt: Date | undefined;
  /** For a person. */
  readonly sentences: readonly string[];
}

/** ESS signing-certificate (RFC 2634 section 5.4), which tokens bear that are older than RFC 5816. */
const signingCertificateV1 = '1.2.840.113549.1.9.16.2.12';
const timeStamping = '1.3.6.1.5.5.7.3.8';
/** Clocks of stations and authorities differ by minutes. */
const skewMs = 5 * 60_000;
/** A key that ended for one of these was not misused: tokens from before stay good (RFC 3161 section 4.1). No reason given is read as `unspecified` and is none of them. */
const harmlessReasons = ['affiliation-changed', 'superseded', 'cessation-of-operation'];

const cmsSentences: Readonly<Partial<Record<SubIndication, string>>> = {
  HASH_FAILURE: 'The timestamp was changed after it was made.',
  SIG_CRYPTO_FAILURE: 'The timestamp was not made with the key of the certificate in it.',
  CRYPTO_CONSTRAINTS_FAILURE: 'The timestamp was made in a way that is no longer, or not yet, accepted.',
  NO_SIGNING_CERTIFICATE_FOUND: 'The certificate of the time stamping authority is missing.',
};

const chainProblems: Readonly<Record<CertificateProblem, readonly [SubIndication, string]>> = {
  'certificate-expired': [
    'OUT_OF_BOUNDS_NO_POE',
    'The certificate of the time stamping authority has expired since, and no later timestamp proves that this one was there before.',
  ],
  'certificate-not-yet-valid': ['OUT_OF_BOUNDS_NO_POE', 'The certificate of the time stamping authority was not yet valid.'],
  'certificate-untrusted': ['NO_CERTIFICATE_CHAIN_FOUND', 'The time stamping authority was not certified by anyone who is trusted here.'],
  'certificate-unusable': ['CHAIN_CONSTRAINTS_FAILURE', 'The certificate of the time stamping authority is not one for making timestamps.'],
  'certificate-revoked': ['REVOKED_NO_POE', 'The certificate of the time stamping authority, or one above it, was revoked.'],
  'revocation-unknown': [
    'TRY_LATER',
    'Whether the certificate of the time stamping authority was revoked cannot be told: a revocation list is missing or has run out.',
  ],
};

/** Hash of the certificate by the old form of the attribute; undefined when there is none. Throws DerRefused. */
function namedBySha1(cms: SignedData): Uint8Array | undefined {
  for (const attribute of readSetOf(readDer(cms.attributes))) {
    const [type, values] = readSequence(attribute);
    if (readOid(type) !== signingCertificateV1) continue;
    const [list] = readSequence(readSetOf(values)[0]);
    return expectTag(readSequence(readSequence(list)[0])[0], tags.octetString).content;
  }
  return undefined;
}

/** The token says which certificate it was made with (RFC 3161 section 2.4.2, RFC 5816), in one form or the other; each that is there must be right. */
function checkNamed(cms: SignedData, authority: Certificate): void {
  const [old, now] = [namedBySha1(cms), cms.signingCertificate];
  if (old === undefined && now === undefined)
    unsure('SIG_CONSTRAINTS_FAILURE', 'The timestamp does not say which certificate it was made with.');
  if (now !== undefined && now.hash === undefined)
    unsure('CRYPTO_CONSTRAINTS_FAILURE', 'The timestamp names its certificate in a way that is not accepted.');
  const sha1 = (): Buffer => createHash('sha1').update(authority.der).digest();
  const wrong =
    (old !== undefined && !sha1().equals(old)) ||
    (now?.hash !== undefined && !Buffer.from(digestOf(now.hash, authority.der)).equals(now.value));
  if (wrong) fail('FORMAT_FAILURE', 'The timestamp was made with another certificate than the one it shows.');
}

/** The certificate is for timestamps and for nothing else (RFC 3161 section 2.3). */
function checkPurpose({ extendedKeyUsage }: Certificate): void {
  const [only, ...more] = extendedKeyUsage?.purposes ?? [];
  if (extendedKeyUsage?.critical !== true || only !== timeStamping || more.length > 0) unsure(...chainProblems['certificate-unusable']);
}

function checkTime({ time }: TimestampToken, authority: Certificate, at: Date): void {
  if (time.getTime() > at.getTime() + skewMs) {
    const known = `This timestamp says ${time.toISOString()}, although it was there by ${at.toISOString()}`;
    unsure('SIG_CONSTRAINTS_FAILURE', `${known}: it is from the future, or a clock is wrong.`);
  }
  if (time < authority.validFrom || time > authority.validTo)
    unsure('OUT_OF_BOUNDS_NO_POE', 'The certificate of the time stamping authority was not valid at the time that the timestamp says.');
}

/** Says of the revocation of an authority that ended without harm whether it came after its token of this time. */
export function endedHarmlessly(time: Date): (standing: Standing, place: number) => boolean {
  return (standing, place) =>
    place === 0 && standing.kind === 'revoked' && time < standing.revokedAt && harmlessReasons.includes(standing.reason);
}

/** Judges the way from the authority to an issuer that is trusted here. */
function checkChain(token: TimestampToken, authority: Certificate, { trust, at }: TimestampOptions): void {
  if (trust === undefined)
    return unsure('NO_CERTIFICATE_CHAIN_FOUND', 'Nobody said which time stamping authorities are trusted, so the time is not confirmed.');
  const judged = judgeCertificate(authority.der, trust, at, token.cms.certificates, endedHarmlessly(token.time));
  if (judged.ok) return;
  const isIssuer = judged.problem === 'certificate-revoked' && judged.standings?.[0]?.kind !== 'revoked';
  const [sub, sentence] = chainProblems[judged.problem];
  unsure(isIssuer ? 'REVOKED_CA_NO_POE' : sub, sentence);
}

function tryRead(der: Uint8Array): TimestampToken | undefined {
  try {
    return readTimestampToken(der);
  } catch (problem) {
    if (problem instanceof DerRefused) return undefined;
    throw problem;
  }
}

/** The authority behind a token that is whole and over these bytes. Throws Judged, and DerRefused for attributes that are malformed. */
function checkToken({ cms, content, imprint }: TimestampToken, digest: (hash: Hash) => Uint8Array): Certificate {
  if (imprint.hash === undefined) return unsure('CRYPTO_CONSTRAINTS_FAILURE', 'The timestamp was made over a hash that is not accepted.');
  if (!Buffer.from(digest(imprint.hash)).equals(imprint.digest)) return fail('HASH_FAILURE', 'The timestamp is for something else.');
  const authority = ofTimestamp(() => checkCrypto(cms, (hash) => digestOf(hash, content)));
  checkNamed(cms, authority);
  return authority;
}

/** What is said of signatures, said of timestamps. */
function ofTimestamp<T>(check: () => T): T {
  try {
    return check();
  } catch (problem) {
    if (problem instanceof Judged) throw new Judged(problem.verdict, problem.sub, cmsSentences[problem.sub] ?? problem.message);
    throw problem;
  }
}

/** Judges a token (ContentInfo, DER); `digest` gives the digest of the bytes that were stamped, by the name of the hash. Never throws on bad input. */
export function judgeTimestamp(der: Uint8Array, digest: (hash: Hash) => Uint8Array, options: TimestampOptions): TimestampJudgement {
  const token = tryRead(der);
  const malformed = 'The timestamp is malformed.';
  let authority = token?.cms.signer;
  let intact = false;
  const end = (verdict: Verdict, sentence: string, sub?: SubIndication): TimestampJudgement => ({
    verdict,
    ...(sub === undefined ? {} : { subIndication: sub }),
    intact,
    token,
    authority,
    provenAt: verdict === 'TOTAL-PASSED' && token !== undefined ? new Date(token.time.getTime() + token.accuracyMs) : undefined,
    sentences: [sentence],
  });
  if (token === undefined) return end('TOTAL-FAILED', malformed, 'FORMAT_FAILURE');
  try {
    authority = checkToken(token, digest);
    intact = true;
    checkPurpose(authority);
    checkTime(token, authority, options.at);
    checkChain(token, authority, options);
    return end('TOTAL-PASSED', `${authority.subjectName} confirms that this was there on ${token.time.toISOString()}.`);
  } catch (problem) {
    if (problem instanceof Judged) return end(problem.verdict, problem.message, problem.sub);
    if (problem instanceof DerRefused) return end('TOTAL-FAILED', malformed, 'FORMAT_FAILURE');
    throw problem;
  }
}
