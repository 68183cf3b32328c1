/** What `countersign verify` says of a file to somebody who wants to know whether to rely on it: a line, one for each signature, and why. */
import type { ContentReport, ContentSignature } from '../documents/content-report.ts';
import { additionSentences } from '../documents/change-sentences.ts';
import type { SignatureReport, VerificationReport } from '../documents/verify.ts';

type OneSignature = SignatureReport | ContentSignature;

/** The report in a few lines. */
export function inShort(report: VerificationReport | ContentReport): string {
  const nobodys = 'uncovered' in report && report.uncovered.length > 0 ? [`  signed by nobody: ${report.uncovered.join(', ')}`] : [];
  return [`${report.outcome}: ${report.sentence}`, ...report.signatures.flatMap(signatureLines), ...nobodys, ''].join('\n');
}

function signatureLines(signature: OneSignature): readonly string[] {
  const { verdict, subIndication, signer, signedAt, sentences } = signature;
  const who = signer === undefined ? 'nobody known' : `${signer.name}, by ${signer.issuer}`;
  const when = timeOf(signature, signedAt);
  const sub = subIndication === undefined ? '' : ` (${subIndication})`;
  const why = verdict === 'TOTAL-PASSED' ? ('additions' in signature ? additionSentences(signature.additions) : []) : sentences.slice(0, 2);
  return [`  ${who}${when}: ${verdict}${sub}`, ...why.map((sentence) => `    ${sentence}`)];
}

function timeOf(signature: OneSignature, signedAt: string | undefined): string {
  if ('provenAt' in signature) return `, at the latest ${signature.provenAt}`;
  return signedAt === undefined ? '' : `, ${signedAt} as claimed`;
}
