/** What a verifying process may answer: a report as `verify.ts` and `content-report.ts` make it, every text safe to show, every list with an end. */
import { type DocumentRefusal, documentRefusals } from '../contract/problems.ts';
import type { CertificationLevel } from './pdf-allowance.ts';
import type { ContentReport, ContentSignature } from './content-report.ts';
import type { DocumentTimestampReport } from './judge-document-timestamp.ts';
import type { Addition } from './pdf-changes.ts';
import type { SignatureProfile } from './signature-profile.ts';
import { type Agreed, NotAgreed, amount, code, count, form, list, record, text, truth } from './strict-values.ts';
import type { TimestampReport } from './timestamp-report.ts';
import type { SubIndication, Verdict } from './verdict.ts';
import type { VerificationReport } from './verify.ts';
import type { SignatureReport } from './verify-signature.ts';

/** Longest answer that is listened to, characters. */
export const longestAnswer = 8_000_000;

/** More signatures than are judged in one file. */
const mostSignatures = 128;
/** As many files as a container may hold. */
const mostFiles = 2000;
const mostTimestamps = 64;
export const mostAdditions = 2000;
export const mostChanges = 200;
const mostSentences = 200;

const name = text(1000);
const sentence = text(2000);
const sentences = list(sentence, mostSentences);
const time = form(/^[+-]?\d{4,6}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
const verdicts = { 'TOTAL-PASSED': true, INDETERMINATE: true, 'TOTAL-FAILED': true } as const;
const verdict = code<Verdict>(verdicts);
const outcome = code<ContentReport['outcome']>({ ...verdicts, 'NO-SIGNATURE': true, UNREADABLE: true });
const subIndication = code<SubIndication>({
  FORMAT_FAILURE: true,
  HASH_FAILURE: true,
  SIG_CRYPTO_FAILURE: true,
  SIG_CONSTRAINTS_FAILURE: true,
  CHAIN_CONSTRAINTS_FAILURE: true,
  CRYPTO_CONSTRAINTS_FAILURE: true,
  NO_SIGNING_CERTIFICATE_FOUND: true,
  NO_CERTIFICATE_CHAIN_FOUND: true,
  OUT_OF_BOUNDS_NO_POE: true,
  REVOKED_NO_POE: true,
  REVOKED_CA_NO_POE: true,
  SIGNED_DATA_NOT_FOUND: true,
  TRY_LATER: true,
});
const refusal: Agreed<DocumentRefusal> = (value) => {
  const known = documentRefusals.find((one) => one === value);
  if (known === undefined) throw new NotAgreed();
  return known;
};
const certificate = record<Required<SignatureReport>['signer']>({ name, issuer: name, serial: name });
const revision = record<Required<SignatureReport>['revision']>({ number: count, of: count });
const level = code<CertificationLevel>({ 1: true, 2: true, 3: true });

const places = record<Extract<Addition, { kind: 'signature' | 'timestamp' }>>(
  { kind: code<'signature' | 'timestamp'>({ signature: true, timestamp: true }), field: name },
  { page: count },
);
const filled = record<Extract<Addition, { kind: 'filled' }>>({ kind: code<'filled'>({ filled: true }), field: name });
const unnamed = record<Extract<Addition, { kind: 'proofs' }> | Extract<Addition, { kind: 'description' }>>({
  kind: code<'proofs' | 'description'>({ proofs: true, description: true }),
});

function kindIn(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
}

const addition: Agreed<Addition> = (value) => {
  const kind = kindIn(value);
  if (kind === 'filled') return filled(value);
  return kind === 'proofs' || kind === 'description' ? unnamed(value) : places(value);
};
const additions = list(addition, mostAdditions);
const changes = list(sentence, mostChanges);

const judged = { verdict, intact: truth, sentences } as const;
const optionalOfTimestamp = { subIndication, time, accuracyMs: amount, policy: name, serial: name, authority: certificate } as const;
const timestamp = record<TimestampReport>(judged, optionalOfTimestamp);
const timestamps = list(timestamp, mostTimestamps);
const since = { field: name, coveredBytes: count, coversWholeDocument: truth, additions, changes } as const;

const documentTimestamp = record<DocumentTimestampReport>({ ...judged, ...since }, { ...optionalOfTimestamp, revision });

const signature = record<SignatureReport>(
  { ...judged, ...since, timestamps },
  {
    subIndication,
    revision,
    level,
    signer: certificate,
    signedAt: time,
    profile: code<SignatureProfile>({ 'B-B': true, 'B-T': true, 'B-LT': true, 'B-LTA': true }),
    provenAt: time,
    location: name,
    contact: name,
    reason: name,
  },
);

/** The report on a PDF. */
export const pdfAnswer = record<VerificationReport>(
  { outcome, signatures: list(signature, mostSignatures), documentTimestamps: list(documentTimestamp, mostSignatures), sentence },
  { refusal },
);

const contentSignature = record<ContentSignature>(
  { ...judged, name, covers: list(name, mostFiles), timestamps },
  { subIndication, signer: certificate, signedAt: time },
);

/** The report on a container, or on a .p7s. */
export const contentAnswer = record<ContentReport>(
  {
    format: code<ContentReport['format']>({ cades: true, 'asic-s': true, 'asic-e': true, unknown: true }),
    outcome,
    signatures: list(contentSignature, mostSignatures),
    uncovered: list(name, mostFiles),
    sentence,
  },
  { refusal },
);
