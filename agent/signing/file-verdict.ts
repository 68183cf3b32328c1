/** From what the verifier found out to what the screen says of a checked file. Pure: it only leaves out what a person at the screen cannot use. */
import type { CheckedSignatureView, FileVerdictView, LaterAddition } from '../contract/verification.ts';
import { laterAdditions } from '../contract/verification.ts';
import type { ContentReport } from '../documents/content-report.ts';
import type { VerificationReport } from '../documents/verify.ts';

export type FileReport = VerificationReport | ContentReport;

type Signature = FileReport['signatures'][number];

/** Without the number of the entry, which the log gives. */
export function fileVerdict(report: FileReport): Omit<FileVerdictView, 'entry'> {
  return {
    outcome: report.outcome,
    ...(report.refusal === undefined ? {} : { refusal: report.refusal }),
    signatures: report.signatures.map(signatureView),
    unsigned: 'uncovered' in report ? report.uncovered : [],
  };
}

function signatureView(signature: Signature): CheckedSignatureView {
  const { verdict, subIndication, signer, signedAt } = signature;
  const provenAt = 'provenAt' in signature ? signature.provenAt : undefined;
  return {
    verdict,
    ...(subIndication === undefined ? {} : { subIndication }),
    ...(signer === undefined ? {} : { signer }),
    ...(signedAt === undefined ? {} : { claimedAt: signedAt }),
    ...(provenAt === undefined ? {} : { provenAt }),
    since: sinceOf(signature),
    files: 'covers' in signature ? signature.covers : [],
  };
}

function sinceOf(signature: Signature): readonly LaterAddition[] {
  if (!('additions' in signature)) return [];
  return laterAdditions.filter((kind) => signature.additions.some((addition) => addition.kind === kind));
}
