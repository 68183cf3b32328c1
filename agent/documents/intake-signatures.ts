/** Signatures that a document brings along: a broken one is refused, because signing on top of it would lend it our own word. */
import type { Findings } from './intake-findings.ts';
import { verifyPdf } from './verify.ts';

/** Judges every signature, without asking whom to trust: that is for whoever relies on it. Never throws on bad input. */
export function judgeSignatures(bytes: Uint8Array, findings: Findings): void {
  const { refusal, signatures } = verifyPdf(bytes);
  if (refusal !== undefined) findings.refuse(refusal);
  for (const { field, verdict, intact, changes } of signatures) {
    if (verdict === 'TOTAL-FAILED' || changes.length > 0) findings.refuse('signature-broken', field);
    else if (!intact) findings.remark('unchecked-signatures', field);
  }
}
