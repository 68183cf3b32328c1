/** The finished document, checked before anyone sees it. */
import { SignatureRefused } from './algorithms.ts';
import { readCertificate } from './certificate.ts';
import type { PadesRequest } from './pades-request.ts';
import { type SignatureReport, verifyPdf } from './verify.ts';

/**
 * Reads the output back as a stranger would: every earlier signature as it was, ours intact over everything. That the
 * document stands unchanged in front is part of it: its digest went into what the token signed. Throws SignatureRefused.
 */
export function checkOutput(output: Uint8Array, before: readonly SignatureReport[], request: PadesRequest): void {
  const after = verifyPdf(output).signatures;
  const own = after.find((report) => report.coversWholeDocument);
  const signer = readCertificate(request.certificate);
  if (own?.intact !== true || own.signer?.serial !== signer.serial)
    throw new SignatureRefused('the signature does not hold in the finished document');
  if (after.length !== before.length + 1) throw new SignatureRefused('the finished document has another number of signatures');
  for (const earlier of before) {
    const now = after.find((report) => report.field === earlier.field);
    const worse = now?.intact !== earlier.intact || (earlier.verdict !== 'TOTAL-FAILED' && now.changes.length > earlier.changes.length);
    if (worse) throw new SignatureRefused(`the earlier signature ${earlier.field} would no longer hold`);
  }
}
