/** Where a signature stands in a PDF, and which revision of the document it covers. */
import { withoutPadding } from './cms-reader.ts';
import { DerRefused } from './der-reader.ts';
import { type PdfFile, openPdf } from './pdf.ts';
import { type SignedField, readFields } from './pdf-fields.ts';
import { PdfArray, PdfRefused, PdfString } from './pdf-objects.ts';
import { fail } from './verdict.ts';

/** Where a signature stands, and what it covers: the two parts around its own place. `end` is where the second part ends. */
export interface Place {
  readonly contents: PdfString;
  readonly end: number;
  readonly parts: readonly [Uint8Array, Uint8Array];
}

/**
 * The byte range and the token of /Contents must fit each other exactly (ISO 32000-1 section 12.8.1): what is left out is the token, nothing
 * else. Throws Judged.
 */
export function readPlace(file: PdfFile, field: SignedField): Place {
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

/** The revision that a signature covers, opened as the document it was then, and the field of the signature in it. Throws Judged. */
export function openRevision(file: PdfFile, field: SignedField, end: number): { readonly file: PdfFile; readonly field: SignedField } {
  try {
    const revision = openPdf(file.bytes.subarray(0, end), file.budget.limits);
    const startOf = ({ dict }: SignedField): number | undefined => {
      const contents = dict.get('Contents');
      return contents instanceof PdfString ? contents.start : undefined;
    };
    const then = readFields(revision).signed.find((one) => one.name === field.name && startOf(one) === startOf(field));
    return then === undefined
      ? fail('FORMAT_FAILURE', 'The signature covers a part of the document that it does not stand in.')
      : { file: revision, field: then };
  } catch (problem) {
    if (!(problem instanceof PdfRefused)) throw problem;
    return fail('FORMAT_FAILURE', 'The signature ends in the middle of the document.');
  }
}

/**
 * How many revisions a document has: one more for every section that was appended. The two sections of a linearised file are one, and there the
 * newer stands in front of the older (ISO 32000-1 annex F).
 */
export function countRevisions({ sections }: PdfFile): number {
  return 1 + sections.filter(({ offset }, index) => offset > (sections[index + 1]?.offset ?? offset)).length;
}

/** The CMS. Throws Judged when other bytes than zeros fill the rest of its place. */
export function contentInfo(contents: PdfString): Uint8Array {
  try {
    return withoutPadding(contents.bytes);
  } catch (problem) {
    if (problem instanceof DerRefused) return fail('FORMAT_FAILURE', 'The signature is malformed.');
    throw problem;
  }
}
