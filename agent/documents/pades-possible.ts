/**
 * Whether a PDF can take the signature that its class asks for. It is found out when the document is opened, before anybody agrees to anything: of several
 * documents the later ones are prepared only when the earlier ones are signed.
 */
import { chooseField } from './pades-field.ts';
import { mustBeUncertified } from './pades-references.ts';
import type { PadesWishes } from './pades-request.ts';
import { openPdf } from './pdf.ts';
import { readFields } from './pdf-fields.ts';
import { defaultPdfLimits } from './pdf-objects.ts';
import { checkSeedValue } from './seed-value.ts';

/** Intake has counted the pages. */
const limits = { ...defaultPdfLimits, maxPages: Number.POSITIVE_INFINITY };

/** Throws PdfRefused `no-such-field`, `field-demands`, `certified-no-changes` or `not-first-signature`, as `preparePades` would. */
export function mustTakeSignature(document: Uint8Array, wishes: PadesWishes): void {
  const file = openPdf(document, limits);
  const fields = readFields(file);
  const field = chooseField(file, fields, wishes);
  if (field !== undefined) checkSeedValue(file, field, wishes);
  if (wishes.certify === true) mustBeUncertified(file, fields);
}
