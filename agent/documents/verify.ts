/** Verifies the signatures of a PDF, in the words of ETSI EN 319 102-1 section 5.1.3. It trusts nothing that made the file, not even this room. */
import type { DocumentRefusal } from '../contract/problems.ts';
import { readStore, trustWith } from './dss-reader.ts';
import {
  type DocumentTimestamp,
  type DocumentTimestampReport,
  isDocumentTimestamp,
  judgeDocumentTimestamps,
  provenBy,
} from './judge-document-timestamp.ts';
import { refusalSentences } from './refusal-sentences.ts';
import { type PdfFile, openPdf } from './pdf.ts';
import { type SignedField, readFields } from './pdf-fields.ts';
import { PdfRefused, defaultPdfLimits, isName } from './pdf-objects.ts';
import { profileOf } from './signature-profile.ts';
import type { Trust } from './trust.ts';
import type { Verdict } from './verdict.ts';
import { type SignatureReport, judgeSignature, soundSentence } from './verify-signature.ts';

export type { SubIndication, Verdict } from './verdict.ts';
export type { DocumentTimestampReport } from './judge-document-timestamp.ts';
export type { TimestampReport } from './timestamp-report.ts';
export type { SignatureReport } from './verify-signature.ts';

export interface VerificationReport {
  /** The worst verdict of all signatures; `NO-SIGNATURE` when there is none; `UNREADABLE` when the file is no PDF that can be judged. */
  readonly outcome: Verdict | 'NO-SIGNATURE' | 'UNREADABLE';
  /** Set when the outcome is `UNREADABLE`. */
  readonly refusal?: DocumentRefusal;
  /** In the order of the field tree. */
  readonly signatures: readonly SignatureReport[];
  /** Timestamps over the whole document, in the same order. They are no signatures, and what they are worth shows in those that they cover. */
  readonly documentTimestamps: readonly DocumentTimestampReport[];
  /** For a person. */
  readonly sentence: string;
}

export interface VerifyOptions {
  /** Without it no chain is judged, and the best verdict is INDETERMINATE. */
  readonly trust?: Trust;
  /** The moment to judge certificates at; otherwise the time that each signature claims. */
  readonly at?: Date;
  /** The clock; otherwise this machine's. */
  readonly now?: Date;
}

const verifyLimits = { ...defaultPdfLimits, maxPages: Number.POSITIVE_INFINITY };
/** A document with more signatures is not judged. */
export const mostSignatures = 64;
const worstFirst: readonly Verdict[] = ['TOTAL-FAILED', 'INDETERMINATE', 'TOTAL-PASSED'];

function unreadable(refusal: DocumentRefusal): VerificationReport {
  return { outcome: 'UNREADABLE', refusal, signatures: [], documentTimestamps: [], sentence: refusalSentences[refusal] };
}

function judgeAll(file: PdfFile, options: VerifyOptions): Pick<VerificationReport, 'signatures' | 'documentTimestamps'> {
  const { signed } = readFields(file);
  if (signed.length > mostSignatures) throw new PdfRefused('too-complex', 'too many signatures');
  const { trust, now = new Date() } = options;
  const provenTrust = trust === undefined ? undefined : trustWith(trust, readStore(file));
  const stamped = signed.filter((field) => isDocumentTimestamp(file, field));
  const stamps = judgeDocumentTimestamps(file, stamped, { trust: provenTrust, now });
  const fields = signed.filter((field) => !stamped.includes(field));
  const signatures = fields.map((field, index) => {
    const twice = fields.slice(0, index).some((other) => other.dict === field.dict);
    const report = judgeSignature(file, field, { ...options, now, provenTrust, provenAt: provenBy(stamps, field), twice });
    return { ...report, ...profile(file, field, report, stamps) };
  });
  const timestamps = stamps.map(({ report }) => report);
  const all: readonly Covering[] = [...signatures, ...timestamps];
  const certain = [lastSound(all), lastSound(signatures)].every((last) => isEnd(last, signatures, file.bytes.length));
  const doubtful = certain ? signatures : doubtEnd(signatures);
  return { signatures: doubtAdditions(doubtful, brokenFields(all)), documentTimestamps: timestamps };
}

/** Only this kind of signature has profiles. */
function profile(
  file: PdfFile,
  field: SignedField,
  { intact }: SignatureReport,
  stamps: readonly DocumentTimestamp[],
): Pick<SignatureReport, 'profile'> {
  const isPades = isName(file.resolve(field.dict.get('SubFilter')), 'ETSI.CAdES.detached');
  return intact && isPades ? { profile: profileOf(file, field, stamps) } : {};
}

type Covering = Pick<SignatureReport, 'field' | 'intact' | 'coveredBytes' | 'additions' | 'changes'>;

/** The signature or timestamp over the document that holds and covers most. */
function lastSound(reports: readonly Covering[]): Covering | undefined {
  return reports
    .filter(({ intact }) => intact)
    .reduce<Covering | undefined>((best, one) => (one.coveredBytes > (best?.coveredBytes ?? 0) ? one : best), undefined);
}

function brokenFields(reports: readonly Covering[]): ReadonlySet<string> {
  return new Set(reports.filter(({ intact }) => !intact).map(({ field }) => field));
}

function doubted(report: SignatureReport, sentence: string): SignatureReport {
  const doubt = report.verdict === 'TOTAL-PASSED' ? ({ verdict: 'INDETERMINATE', subIndication: 'SIG_CONSTRAINTS_FAILURE' } as const) : {};
  return { ...report, ...doubt, sentences: [...report.sentences.filter((one) => one !== soundSentence), sentence] };
}

/**
 * True when nothing stands behind the last signature or timestamp that holds but proofs, timestamps, and what a certification expressly allows to be
 * filled in. A timestamp says when, and nobody agrees to anything by it, so what was filled in before it is still signed by nobody.
 */
function isEnd(last: Covering | undefined, reports: readonly SignatureReport[], size: number): boolean {
  if (last === undefined || last.coveredBytes === size) return true;
  const mayFill = reports.some(({ intact, level }) => intact && (level === 2 || level === 3));
  const fine = last.additions.filter(({ kind }) => kind === 'proofs' || kind === 'timestamp' || (kind === 'filled' && mayFill));
  return last.changes.length === 0 && fine.length > 0 && fine.length === last.additions.length;
}

function doubtEnd(reports: readonly SignatureReport[]): readonly SignatureReport[] {
  const sentence = 'Something was added to the document after the last signature that holds. What you see may not be what was signed.';
  return reports.map((report) => (report.intact ? doubted(report, sentence) : report));
}

/** A signature that was added later and does not hold is an addition by nobody knows whom. */
function doubtAdditions(reports: readonly SignatureReport[], broken: ReadonlySet<string>): readonly SignatureReport[] {
  return reports.map((report) => {
    const doubtful = report.additions.some((addition) => 'field' in addition && broken.has(addition.field));
    return doubtful ? doubted(report, 'What was added since holds a signature that is not valid, or that cannot be checked.') : report;
  });
}

function summary(outcome: Verdict, reports: readonly SignatureReport[]): string {
  const subject = reports.length === 1 ? 'The signature is' : `All ${reports.length} signatures are`;
  const untouched = reports.every(({ additions }) => additions.length === 0);
  switch (outcome) {
    case 'TOTAL-PASSED':
      return `${subject} valid, and ${untouched ? 'nothing was changed since' : 'what was added since is allowed'}.`;
    case 'INDETERMINATE':
      return 'Not everything could be confirmed. Read what is said about each signature.';
    case 'TOTAL-FAILED':
      return 'At least one signature is not valid. Do not rely on this document.';
  }
}

/** Verifies every signature in a PDF. Never throws on bad input. */
export function verifyPdf(bytes: Uint8Array, options: VerifyOptions = {}): VerificationReport {
  try {
    const { signatures, documentTimestamps } = judgeAll(openPdf(bytes, verifyLimits), options);
    const outcome = worstFirst.find((verdict) => signatures.some((report) => report.verdict === verdict));
    if (outcome === undefined)
      return { outcome: 'NO-SIGNATURE', signatures, documentTimestamps, sentence: 'There is no signature in this document.' };
    return { outcome, signatures, documentTimestamps, sentence: summary(outcome, signatures) };
  } catch (problem) {
    if (problem instanceof PdfRefused) return unreadable(problem.refusal);
    throw problem;
  }
}
