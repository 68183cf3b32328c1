/**
 * A timestamp on a signature in a PDF (PAdES B-T, ETSI EN 319 142-1 section 5.3): it goes into the room that was left in /Contents, so that the byte
 * range, and with it every covered byte of the file, stays as it is.
 */
import { type SignedData, readSignedData, withoutPadding } from './cms-reader.ts';
import { DerRefused } from './der-reader.ts';
import { isDocumentTimestamp } from './judge-document-timestamp.ts';
import { openPdf } from './pdf.ts';
import { type SignedField, readFields } from './pdf-fields.ts';
import { PdfArray, PdfRefused, PdfString, defaultPdfLimits } from './pdf-objects.ts';
import { printable } from './printable.ts';
import { refusalSentences } from './refusal-sentences.ts';
import { signatureTimestamps, withTimestamp } from './signature-timestamp.ts';
import { TimestampRefused } from './timestamp-answer.ts';
import type { Stampable } from './timestamp-apply.ts';
import { type SignatureReport, verifyPdf } from './verify.ts';

interface Candidate {
  readonly field: SignedField;
  readonly report: SignatureReport;
  /** Another signature, or a timestamp over the document, that covers the place of this one: it would break if that were changed. */
  readonly coveredBy: SignedField | undefined;
}

const limits = { ...defaultPdfLimits, maxPages: Number.POSITIVE_INFINITY };

/** Opens a PDF as `verify` does. Throws TimestampRefused with the sentence for a clerk. */
export function openForTimestamp(bytes: Uint8Array): ReturnType<typeof openPdf> {
  try {
    return openPdf(bytes, limits);
  } catch (problem) {
    if (problem instanceof PdfRefused) throw new TimestampRefused(refusalSentences[problem.refusal], { cause: problem });
    throw problem;
  }
}

/** Where the bytes that a signature covers end, by its own word, whether it holds or not. */
function endOf({ dict }: SignedField): number {
  const range = dict.get('ByteRange');
  const [, , start, length] = range instanceof PdfArray ? range.items : [];
  return typeof start === 'number' && typeof length === 'number' ? start + length : 0;
}

function placeOf({ dict }: SignedField): { contents: PdfString; start: number } {
  const contents = dict.get('Contents');
  if (contents instanceof PdfString && contents.start !== undefined) return { contents, start: contents.start };
  throw new TimestampRefused('The signature has no place of its own in the document.');
}

/** The one that is named, or the last one. Throws TimestampRefused when that is none or several. */
function choose(all: readonly Candidate[], name: string | undefined): Candidate {
  const shown = (candidates: readonly Candidate[]): string => candidates.map(({ report }) => report.field).join(', ');
  if (all.length === 0) throw new TimestampRefused('There is no signature in this document.');
  const last = all.filter(({ coveredBy }) => coveredBy === undefined);
  const found = name === undefined ? last : all.filter(({ field }) => field.name === name || printable(field.name) === name);
  const [only, ...more] = found;
  if (only !== undefined && more.length === 0) return only;
  if (name !== undefined && only === undefined)
    throw new TimestampRefused(`There is no signature "${printable(name)}" in this document. There is: ${shown(all)}.`);
  if (name === undefined && only === undefined)
    throw new TimestampRefused('A timestamp over the document covers every signature in it. Another one goes on with --document.');
  throw new TimestampRefused(`It is not clear which signature is meant. Name one with --field: ${shown(all)}.`);
}

function check({ report, coveredBy }: Candidate, cms: SignedData): void {
  const { field, intact } = report;
  if (!intact) throw new TimestampRefused(`The signature ${field} does not hold, so a timestamp on it would prove nothing.`);
  if (coveredBy !== undefined) {
    const whole = 'Stamp the last signature, or the whole document with --document';
    throw new TimestampRefused(
      `The signature ${field} is covered by ${printable(coveredBy.name)}, which would break if it were changed. ${whole}.`,
    );
  }
  if (signatureTimestamps(cms).length > 0)
    throw new TimestampRefused(`The signature ${field} bears a timestamp already. Stamp the whole document with --document.`);
}

/** Throws TimestampRefused unless every signature is as it was, and every timestamp over the document holds, in a file of which nothing is changed but these bytes. */
export function mustStillHold(before: Uint8Array, after: Uint8Array, start: number, end: number): void {
  const same = (from: number, to: number): boolean => Buffer.from(before.subarray(from, to)).equals(after.subarray(from, to));
  const held = (bytes: Uint8Array): string =>
    JSON.stringify(verifyPdf(bytes).signatures.map(({ field, intact, coveredBytes, changes }) => [field, intact, coveredBytes, changes]));
  const sound = verifyPdf(after).documentTimestamps.every(({ intact, changes }) => intact && changes.length === 0);
  if (!same(0, start) || !same(end, before.length) || held(before) !== held(after) || !sound)
    throw new TimestampRefused('With this the signatures of the document would no longer hold.');
}

/**
 * Finds the signature that is to be stamped: the one with this name, or the last one, which no other covers. Throws TimestampRefused with a sentence
 * when there is none that can be stamped.
 */
export function findStampable(bytes: Uint8Array, name?: string): Stampable {
  const file = openForTimestamp(bytes);
  const reports = verifyPdf(bytes);
  if (reports.outcome === 'UNREADABLE') throw new TimestampRefused(reports.sentence);
  const { signed } = readFields(file);
  const fields = signed.filter((field) => !isDocumentTimestamp(file, field));
  const all = fields.flatMap((field, index) => {
    const report = reports.signatures[index];
    const { start } = placeOf(field);
    const coveredBy = signed.find((other) => other !== field && endOf(other) > start);
    return report === undefined ? [] : [{ field, report, coveredBy }];
  });
  const chosen = choose(all, name);
  const { contents, start } = placeOf(chosen.field);
  const cms = cmsIn(contents);
  check(chosen, cms.read);
  return {
    field: chosen.report.field,
    hash: cms.read.algorithm?.hash ?? 'sha256',
    parts: [cms.read.signature],
    stamp(token) {
      const stamped = withTimestamp(cms.der, token);
      const room = contents.bytes.length;
      if (stamped.length > room)
        throw new TimestampRefused(
          `There is no room for this timestamp in the signature: it needs ${stamped.length - room} bytes more than were left free.`,
        );
      const output = Uint8Array.from(bytes);
      Buffer.from(output.buffer).write(
        Buffer.from(stamped)
          .toString('hex')
          .toUpperCase()
          .padEnd(room * 2, '0'),
        start + 1,
        'latin1',
      );
      mustStillHold(bytes, output, start, contents.end ?? start);
      return output;
    },
  };
}

function cmsIn(contents: PdfString): { der: Uint8Array; read: SignedData } {
  try {
    const der = withoutPadding(contents.bytes);
    return { der, read: readSignedData(der) };
  } catch (problem) {
    if (problem instanceof DerRefused) throw new TimestampRefused('The signature is malformed.', { cause: problem });
    throw problem;
  }
}
