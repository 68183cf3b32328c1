/** Judges one signature of a PDF: its place in the file, its CMS, its certificate, and what was changed since. */
import { digestOf, signatureHolds } from './algorithms.ts';
import { type Certificate } from './certificate.ts';
import { type SignedData, readSignedData } from './cms-reader.ts';
import type { Standing } from './crl.ts';
import { DerRefused } from './der-reader.ts';
import { type PdfFile, openPdf } from './pdf.ts';
import { changesSince } from './pdf-changes.ts';
import { type SignedField } from './pdf-fields.ts';
import { PdfArray, PdfRefused, PdfString, isName } from './pdf-objects.ts';
import { readTextString } from './pdf-serialise.ts';
import { printable } from './printable.ts';
import { type CertificateProblem, type Trust, judgeCertificate } from './trust.ts';

/** ETSI EN 319 102-1 section 5.1.3, tables 5 and 6. */
export type Verdict = 'TOTAL-PASSED' | 'INDETERMINATE' | 'TOTAL-FAILED';
export type SubIndication =
  | 'FORMAT_FAILURE'
  | 'HASH_FAILURE'
  | 'SIG_CRYPTO_FAILURE'
  | 'SIG_CONSTRAINTS_FAILURE'
  | 'CHAIN_CONSTRAINTS_FAILURE'
  | 'CRYPTO_CONSTRAINTS_FAILURE'
  | 'NO_SIGNING_CERTIFICATE_FOUND'
  | 'NO_CERTIFICATE_CHAIN_FOUND'
  | 'OUT_OF_BOUNDS_NO_POE'
  | 'REVOKED_NO_POE'
  | 'REVOKED_CA_NO_POE'
  | 'TRY_LATER';

export interface SignatureReport {
  /** Name of the field. */
  readonly field: string;
  readonly verdict: Verdict;
  readonly subIndication?: SubIndication;
  /** The covered bytes are unchanged and the signature is one by the certificate's key, whoever that is. */
  readonly intact: boolean;
  /** Bytes from the start of the file that the signature covers, its own place left out; 0 when that is not known. */
  readonly coveredBytes: number;
  readonly coversWholeDocument: boolean;
  /** What was changed after this signature and is no further signature, in words. */
  readonly changes: readonly string[];
  readonly signer?: { readonly name: string; readonly issuer: string; readonly serial: string };
  /** The time the signature claims, RFC 3339: the clock of whoever signed, not a timestamp by a third party. */
  readonly signedAt?: string;
  readonly location?: string;
  readonly contact?: string;
  readonly reason?: string;
  /** For a person. */
  readonly sentences: readonly string[];
}

export interface JudgeOptions {
  readonly trust?: Trust;
  readonly at?: Date;
  /** Another field shows the same signature. */
  readonly twice: boolean;
}

class Judged extends Error {
  readonly verdict: Verdict;
  readonly sub: SubIndication;
  constructor(verdict: Verdict, sub: SubIndication, sentence: string) {
    super(sentence);
    this.verdict = verdict;
    this.sub = sub;
  }
}

function fail(sub: SubIndication, sentence: string): never {
  throw new Judged('TOTAL-FAILED', sub, sentence);
}

function unsure(sub: SubIndication, sentence: string): never {
  throw new Judged('INDETERMINATE', sub, sentence);
}

/** The byte range and the token of /Contents must fit each other exactly (ISO 32000-1 section 12.8.1): what is left out is the token, nothing else. */
function readRange(file: PdfFile, field: SignedField): { contents: PdfString; end: number; parts: readonly [Uint8Array, Uint8Array] } {
  const range = field.dict.get('ByteRange');
  const contents = field.dict.get('Contents');
  const misplaced = 'The signature does not say properly which part of the document it covers.';
  if (!(range instanceof PdfArray) || !(contents instanceof PdfString) || !contents.hex) return fail('FORMAT_FAILURE', misplaced);
  const [start, firstLength, secondStart, secondLength, ...more] = range.items;
  if (start !== 0 || typeof secondStart !== 'number' || typeof secondLength !== 'number' || more.length > 0)
    return fail('FORMAT_FAILURE', misplaced);
  const end = secondStart + secondLength;
  const fits = firstLength === contents.start && secondStart === contents.end && secondLength > 0 && end <= file.bytes.length;
  // Nothing but hex digits between the brackets: white space there is covered by nobody.
  const token = Buffer.from(file.bytes.subarray(contents.start, contents.end)).toString('latin1');
  const digitsOnly = token.length % 2 === 0 && /^<[0-9A-Fa-f]*>$/.test(token);
  if (!fits || !digitsOnly || contents.start === undefined) return fail('FORMAT_FAILURE', misplaced);
  return { contents, end, parts: [file.bytes.subarray(0, contents.start), file.bytes.subarray(secondStart, end)] };
}

/** The revision that a signature covers, opened as the document it was then. */
function revisionOf(file: PdfFile, field: SignedField, end: number): PdfFile {
  try {
    const revision = openPdf(file.bytes.subarray(0, end), file.budget.limits);
    const then = field.ref === undefined ? undefined : revision.dict(field.ref);
    const contents = then?.get('Contents');
    const now = field.dict.get('Contents');
    const same = contents instanceof PdfString && now instanceof PdfString && contents.start === now.start;
    return same ? revision : fail('FORMAT_FAILURE', 'The signature covers a part of the document that it does not stand in.');
  } catch (problem) {
    if (!(problem instanceof PdfRefused)) throw problem;
    return fail('FORMAT_FAILURE', 'The signature ends in the middle of the document.');
  }
}

function checkCrypto(cms: SignedData, parts: readonly [Uint8Array, Uint8Array]): Certificate {
  const { signer, digest, algorithm } = cms;
  if (signer === undefined) return unsure('NO_SIGNING_CERTIFICATE_FOUND', 'The certificate of the signer is missing.');
  if (digest === undefined || algorithm === undefined) {
    return unsure('CRYPTO_CONSTRAINTS_FAILURE', 'The signature was made in a way that is no longer, or not yet, accepted.');
  }
  if (!Buffer.from(digestOf(digest, ...parts)).equals(cms.messageDigest))
    return fail('HASH_FAILURE', 'The document was changed after it was signed.');
  if (!signatureHolds(signer.publicKey, algorithm.scheme, algorithm.hash, cms.attributes, cms.signature)) {
    return fail('SIG_CRYPTO_FAILURE', 'The signature was not made with the key of this certificate.');
  }
  return signer;
}

/** The certificate is part of what was signed (RFC 5035 section 3; wanted by ETSI EN 319 142-1). */
function checkSigningCertificate(cms: SignedData, signer: Certificate, wanted: boolean): void {
  const { signingCertificate } = cms;
  if (signingCertificate === undefined) {
    if (wanted) unsure('SIG_CONSTRAINTS_FAILURE', 'The signature does not say which certificate it was made with.');
  } else if (signingCertificate.hash === undefined)
    unsure('CRYPTO_CONSTRAINTS_FAILURE', 'The signature names its certificate in a way that is not accepted.');
  else if (!Buffer.from(digestOf(signingCertificate.hash, signer.der)).equals(signingCertificate.value)) {
    fail('FORMAT_FAILURE', 'The signature was made with another certificate than the one it shows.');
  }
}

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

/** Gives what to say about revocation. */
function checkChain(cms: SignedData, signer: Certificate, at: Date | undefined, trust: Trust | undefined): string {
  if (at === undefined) return unsure('SIG_CONSTRAINTS_FAILURE', 'The signature does not say when it was made.');
  if (at < signer.validFrom || at > signer.validTo) {
    return unsure(...chainProblems[at < signer.validFrom ? 'certificate-not-yet-valid' : 'certificate-expired']);
  }
  if (trust === undefined)
    return unsure('NO_CERTIFICATE_CHAIN_FOUND', 'Nobody said which issuers are trusted, so the name of the signer is not confirmed.');
  const judged = judgeCertificate(signer.der, trust, at, cms.certificates);
  if (judged.ok) return revocationSentence(judged.standings);
  if (judged.problem === 'certificate-revoked') return refuseRevoked(judged.standings ?? [], at);
  return unsure(...chainProblems[judged.problem]);
}

/** A date string (ISO 32000-1 section 7.9.4); undefined when it is none. */
function readDate(text: string | undefined): Date | undefined {
  const parts = /^D:(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?(?:Z|([+-])(\d{2})'?(\d{2})?'?)?/.exec(text ?? '');
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second = '00', sign, hours = '00', minutes = '00'] = parts;
  const zone = sign === undefined ? 'Z' : `${sign}${hours}:${minutes}`;
  const date = new Date(`${year ?? ''}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second}${zone}`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** Judges one signature. Never throws on bad input. */
export function judgeSignature(file: PdfFile, field: SignedField, options: JudgeOptions): SignatureReport {
  const textOf = (key: string): string | undefined => {
    const value = file.resolve(field.dict.get(key));
    return value instanceof PdfString ? printable(readTextString(value)) : undefined;
  };
  let intact = false;
  let coveredBytes = 0;
  let changes: readonly string[] = [];
  let signer: Certificate | undefined;
  let claimed = readDate(textOf('M'));
  let end: { verdict: Verdict; sub?: SubIndication; sentence: string; more?: string };
  try {
    const { contents, end: covered, parts } = readRange(file, field);
    if (options.twice) fail('FORMAT_FAILURE', 'The same signature is shown twice.');
    const detached = isName(file.resolve(field.dict.get('SubFilter')), 'adbe.pkcs7.detached');
    const pades = isName(file.resolve(field.dict.get('SubFilter')), 'ETSI.CAdES.detached');
    if (!detached && !pades) unsure('SIG_CONSTRAINTS_FAILURE', 'This is a kind of signature that cannot be checked here.');
    const cms = readSignedData(contents.bytes);
    signer = cms.signer;
    claimed ??= cms.signingTime;
    signer = checkCrypto(cms, parts);
    checkSigningCertificate(cms, signer, pades);
    const whole = covered === file.bytes.length;
    const revision = whole ? file : revisionOf(file, field, covered);
    intact = true;
    coveredBytes = covered;
    if (!whole) changes = changesSince(revision, file);
    if (changes.length > 0)
      unsure('SIG_CONSTRAINTS_FAILURE', `The document was changed after this signature: ${changes.slice(0, 5).join(', ')}.`);
    const more = checkChain(cms, signer, options.at ?? claimed, options.trust);
    end = {
      more,
      verdict: 'TOTAL-PASSED',
      sentence: whole ? 'The signature is valid.' : 'The signature is valid. Only further signatures were added since.',
    };
  } catch (problem) {
    if (problem instanceof Judged) end = { verdict: problem.verdict, sub: problem.sub, sentence: problem.message };
    else if (problem instanceof DerRefused)
      end = { verdict: 'TOTAL-FAILED', sub: 'FORMAT_FAILURE', sentence: 'The signature is malformed.' };
    else throw problem;
  }
  const optional = {
    location: textOf('Location'),
    contact: textOf('ContactInfo'),
    reason: textOf('Reason'),
    signedAt: claimed?.toISOString(),
  };
  return {
    field: printable(field.name),
    verdict: end.verdict,
    ...(end.sub === undefined ? {} : { subIndication: end.sub }),
    intact,
    coveredBytes,
    coversWholeDocument: coveredBytes === file.bytes.length,
    changes,
    ...(signer === undefined ? {} : { signer: { name: signer.subjectName, issuer: signer.issuerName, serial: signer.serial } }),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    sentences: end.more === undefined ? [end.sentence] : [end.sentence, end.more],
  };
}
