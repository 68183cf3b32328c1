/** What is found out about signatures that stand beside what they sign: in a .p7s, or in a container. In the words of ETSI EN 319 102-1. */
import type { DocumentRefusal } from '../contract/problems.ts';
import type { CmsJudgement } from './judge-cms.ts';
import { printable } from './printable.ts';
import { type TimestampReport, reportTimestamp } from './timestamp-report.ts';
import type { SubIndication, Verdict } from './verdict.ts';

export interface ContentSignature {
  /** Where the signature stands: its path in the container, or '' when it is the file itself. */
  readonly name: string;
  readonly verdict: Verdict;
  readonly subIndication?: SubIndication;
  /** Everything that it covers is unchanged, and the signature is one by the certificate's key, whoever that is. */
  readonly intact: boolean;
  /** Files that the signature names and that are as they were signed, made safe to show; empty when the signature itself does not hold. */
  readonly covers: readonly string[];
  readonly signer?: { readonly name: string; readonly issuer: string; readonly serial: string };
  /** The time the signature claims, RFC 3339: the clock of whoever signed, not a timestamp by a third party. */
  readonly signedAt?: string;
  /** Timestamps by third parties on this signature. */
  readonly timestamps: readonly TimestampReport[];
  /** For a person. */
  readonly sentences: readonly string[];
}

export interface ContentReport {
  readonly format: 'cades' | 'asic-s' | 'asic-e' | 'unknown';
  /** The worst verdict of all signatures; `NO-SIGNATURE` when there is none; `UNREADABLE` when the file cannot be judged. */
  readonly outcome: Verdict | 'NO-SIGNATURE' | 'UNREADABLE';
  /** Set when the outcome is `UNREADABLE` because the reading of it did not come to its end. */
  readonly refusal?: DocumentRefusal;
  readonly signatures: readonly ContentSignature[];
  /** Files in the container that no signature covers which holds, made safe to show. */
  readonly uncovered: readonly string[];
  /** For a person. */
  readonly sentence: string;
}

const worstFirst: readonly Verdict[] = ['TOTAL-FAILED', 'INDETERMINATE', 'TOTAL-PASSED'];

/** A signature from how its CMS was judged. */
export function signatureFrom(name: string, judged: CmsJudgement, covers: readonly string[]): ContentSignature {
  const { verdict, subIndication, intact, signer, claimed, timestamps, sentences } = judged;
  return {
    name: printable(name),
    verdict,
    ...(subIndication === undefined ? {} : { subIndication }),
    intact,
    covers: intact ? covers.map((file) => printable(file)) : [],
    ...(signer === undefined ? {} : { signer: { name: signer.subjectName, issuer: signer.issuerName, serial: signer.serial } }),
    ...(claimed === undefined ? {} : { signedAt: claimed.toISOString() }),
    timestamps: timestamps.map(reportTimestamp),
    sentences: verdict === 'TOTAL-PASSED' ? ['The signature is valid.', ...sentences] : sentences,
  };
}

/** A signature that is not looked into, for a reason that makes it fail or leaves it undecided. */
export function unjudged(name: string, verdict: Verdict, subIndication: SubIndication, sentence: string): ContentSignature {
  return { name: printable(name), verdict, subIndication, intact: false, covers: [], timestamps: [], sentences: [sentence] };
}

/** The report with its outcome: the worst of the signatures. A file that no signature covers leaves those undecided that would have passed. */
export function reportOf(
  format: ContentReport['format'],
  found: readonly ContentSignature[],
  uncoveredNames: readonly string[],
): ContentReport {
  const uncovered = uncoveredNames.map((name) => printable(name));
  if (found.length === 0) {
    return { format, outcome: 'NO-SIGNATURE', signatures: [], uncovered, sentence: 'There is no signature in this file.' };
  }
  const doubt = 'There are files beside it that no signature covers. They may have been added by anyone.';
  const signatures = found.map((one) => {
    if (uncovered.length === 0 || one.verdict !== 'TOTAL-PASSED') return one;
    const sentences = [...one.sentences.slice(1), doubt];
    return { ...one, verdict: 'INDETERMINATE' as const, subIndication: 'SIG_CONSTRAINTS_FAILURE' as const, sentences };
  });
  const outcome = worstFirst.find((verdict) => signatures.some((one) => one.verdict === verdict)) ?? 'INDETERMINATE';
  return { format, outcome, signatures, uncovered, sentence: summary(outcome, signatures.length, uncovered.length) };
}

/** A file that cannot be judged, and why. */
export function unreadableContent(sentence: string): ContentReport {
  return { format: 'unknown', outcome: 'UNREADABLE', signatures: [], uncovered: [], sentence };
}

function summary(outcome: Verdict, count: number, uncovered: number): string {
  const subject = count === 1 ? 'The signature is' : `All ${count} signatures are`;
  switch (outcome) {
    case 'TOTAL-PASSED':
      return `${subject} valid, and everything that was signed is unchanged.`;
    case 'INDETERMINATE':
      return uncovered > 0
        ? 'Some files here are signed by nobody. Rely only on those that a signature covers.'
        : 'Not everything could be confirmed. Read what is said about each signature.';
    case 'TOTAL-FAILED':
      return 'At least one signature is not valid. Do not rely on what it covers.';
  }
}
