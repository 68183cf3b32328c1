/** Verifies a .p7s beside the file that it signs. The content is never held in memory: only its digest is needed. */
import type { Hash } from './algorithms.ts';
import { type ContentReport, reportOf, signatureFrom } from './content-report.ts';
import { hashOfCades, judgeCades } from './judge-cades.ts';
import type { CmsJudgement } from './judge-cms.ts';
import type { VerifyOptions } from './verify.ts';

/** The content beside a .p7s; `name` is shown, `digest` reads it with the one hash that is asked for and may throw the file system's errors. */
export interface DetachedContent {
  readonly name: string;
  digest(hash: Hash): Promise<Uint8Array>;
}

/**
 * Verifies a detached signature. Without the content nothing can be said about it, so the verdict is INDETERMINATE, SIGNED_DATA_NOT_FOUND at best (ETSI
 * EN 319 102-1 section 5.2.3). Never throws on a bad signature; what reading the content throws comes through.
 */
export async function verifyDetached(
  p7s: Uint8Array,
  content: DetachedContent | undefined,
  options: VerifyOptions,
): Promise<ContentReport> {
  const hash = hashOfCades(p7s);
  if (content !== undefined) {
    const digest = hash === undefined ? new Uint8Array() : await content.digest(hash);
    const judged = judgeCades(p7s, () => digest, options);
    return reportOf('cades', [signatureFrom('', judged, [content.name])], []);
  }
  const judged = judgeCades(p7s, () => new Uint8Array(), options);
  if (judged.subIndication !== 'HASH_FAILURE') return reportOf('cades', [signatureFrom('', judged, [])], []);
  const sentences = ['What was signed is in another file. Name it with --content, and it is checked.'];
  const missing: CmsJudgement = { ...judged, verdict: 'INDETERMINATE', subIndication: 'SIGNED_DATA_NOT_FOUND', sentences };
  return reportOf('cades', [signatureFrom('', missing, [])], []);
}
