/** Judges one signature of a PDF: its place in the file, its CMS, its certificate, and what was changed since. */
import { digestOf } from './algorithms.ts';
import { withoutPadding } from './cms-reader.ts';
import { DerRefused } from './der-reader.ts';
import { type CmsJudgement, judgeCms } from './judge-cms.ts';
import { type PdfFile, openPdf } from './pdf.ts';
import { changesSince } from './pdf-changes.ts';
import { type SignedField } from './pdf-fields.ts';
import { PdfArray, PdfRefused, PdfString, isName } from './pdf-objects.ts';
import { readTextString } from './pdf-serialise.ts';
import { printable } from './printable.ts';
import { type TimestampReport, reportTimestamp } from './timestamp-report.ts';
import type { Trust } from './trust.ts';
import { Judged, type SubIndication, type Verdict, fail, unsure } from './verdict.ts';

export interface SignatureReport {
  /** Name of the field. */
  readonly field: string;
  readonly verdict: Verdict;
  readonly subIndication?: SubIndication;
  /** The covered bytes are unchanged and the signature is one by the certificate's key, whoever that is. */
  readonly intact: boolean;
  /** Bytes from the start of the file that the signature covers, its own place left out; 0 when that is not known. */
  readonly coveredBytes: number;
  readonly coversWholeDocument: boolean;
  /** What was changed after this signature and is no further signature, in words. */
  readonly changes: readonly string[];
  readonly signer?: { readonly name: string; readonly issuer: string; readonly serial: string };
  /** The time the signature claims, RFC 3339: the clock of whoever signed, not a timestamp by a third party. */
  readonly signedAt?: string;
  /** Timestamps by third parties on this signature. */
  readonly timestamps: readonly TimestampReport[];
  /** The earliest moment at which the signature is proven to have been there, RFC 3339; absent when nothing proves it. */
  readonly provenAt?: string;
  readonly location?: string;
  readonly contact?: string;
  readonly reason?: string;
  /** For a person. */
  readonly sentences: readonly string[];
}

export interface JudgeOptions {
  readonly trust?: Trust;
  readonly at?: Date;
  readonly now?: Date;
  /** Another field shows the same signature. */
  readonly twice: boolean;
}

/** The byte range and the token of /Contents must fit each other exactly (ISO 32000-1 section 12.8.1): what is left out is the token, nothing else. */
function readRange(file: PdfFile, field: SignedField): { contents: PdfString; end: number; parts: readonly [Uint8Array, Uint8Array] } {
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

/** The revision that a signature covers, opened as the document it was then. */
function revisionOf(file: PdfFile, field: SignedField, end: number): PdfFile {
  try {
    const revision = openPdf(file.bytes.subarray(0, end), file.budget.limits);
    const then = field.ref === undefined ? undefined : revision.dict(field.ref);
    const contents = then?.get('Contents');
    const now = field.dict.get('Contents');
    const same = contents instanceof PdfString && now instanceof PdfString && contents.start === now.start;
    return same ? revision : fail('FORMAT_FAILURE', 'The signature covers a part of the document that it does not stand in.');
  } catch (problem) {
    if (!(problem instanceof PdfRefused)) throw problem;
    return fail('FORMAT_FAILURE', 'The signature ends in the middle of the document.');
  }
}

/** A date string (ISO 32000-1 section 7.9.4); undefined when it is none. */
function readDate(text: string | undefined): Date | undefined {
  const parts = /^D:(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?(?:Z|([+-])(\d{2})'?(\d{2})?'?)?/.exec(text ?? '');
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second = '00', sign, hours = '00', minutes = '00'] = parts;
  const zone = sign === undefined ? 'Z' : `${sign}${hours}:${minutes}`;
  const date = new Date(`${year ?? ''}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second}${zone}`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** The CMS, or the end of the judging when other bytes than zeros fill the rest of its place. */
function contentInfo(contents: PdfString): Uint8Array {
  try {
    return withoutPadding(contents.bytes);
  } catch (problem) {
    if (problem instanceof DerRefused) return fail('FORMAT_FAILURE', 'The signature is malformed.');
    throw problem;
  }
}

/** Judges one signature. Never throws on bad input. */
export function judgeSignature(file: PdfFile, field: SignedField, options: JudgeOptions): SignatureReport {
  const textOf = (key: string): string | undefined => {
    const value = file.resolve(field.dict.get(key));
    return value instanceof PdfString ? printable(readTextString(value)) : undefined;
  };
  let coveredBytes = 0;
  let changes: readonly string[] = [];
  let judged: CmsJudgement | undefined;
  const claimed = readDate(textOf('M'));
  let end: { verdict: Verdict; sub?: SubIndication | undefined; sentences: readonly string[] };
  try {
    const { contents, end: covered, parts } = readRange(file, field);
    if (options.twice) fail('FORMAT_FAILURE', 'The same signature is shown twice.');
    const detached = isName(file.resolve(field.dict.get('SubFilter')), 'adbe.pkcs7.detached');
    const pades = isName(file.resolve(field.dict.get('SubFilter')), 'ETSI.CAdES.detached');
    if (!detached && !pades) unsure('SIG_CONSTRAINTS_FAILURE', 'This is a kind of signature that cannot be checked here.');
    const { trust, at, now } = options;
    const cmsOptions = { trust, at, now, claimed, needsSigningCertificate: pades };
    judged = judgeCms(contentInfo(contents), (hash) => digestOf(hash, ...parts), cmsOptions);
    const whole = covered === file.bytes.length;
    if (judged.intact) {
      const revision = whole ? file : revisionOf(file, field, covered);
      coveredBytes = covered;
      if (!whole) changes = changesSince(revision, file);
      if (changes.length > 0)
        unsure('SIG_CONSTRAINTS_FAILURE', `The document was changed after this signature: ${changes.slice(0, 5).join(', ')}.`);
    }
    const valid = whole ? 'The signature is valid.' : 'The signature is valid. Only further signatures were added since.';
    const { verdict, subIndication: sub, sentences } = judged;
    end = { verdict, sub, sentences: verdict === 'TOTAL-PASSED' ? [valid, ...sentences] : sentences };
  } catch (problem) {
    if (!(problem instanceof Judged)) throw problem;
    end = { verdict: problem.verdict, sub: problem.sub, sentences: [problem.message] };
  }
  const signer = judged?.signer;
  const optional = {
    location: textOf('Location'),
    contact: textOf('ContactInfo'),
    reason: textOf('Reason'),
    signedAt: (claimed ?? judged?.claimed)?.toISOString(),
    provenAt: judged?.provenAt?.toISOString(),
  };
  return {
    field: printable(field.name),
    verdict: end.verdict,
    ...(end.sub === undefined ? {} : { subIndication: end.sub }),
    // What is covered is known only of a signature that holds and stands in the revision it covers.
    intact: coveredBytes > 0,
    coveredBytes,
    coversWholeDocument: coveredBytes === file.bytes.length,
    changes,
    timestamps: (judged?.timestamps ?? []).map(reportTimestamp),
    ...(signer === undefined ? {} : { signer: { name: signer.subjectName, issuer: signer.issuerName, serial: signer.serial } }),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    sentences: end.sentences,
  };
}
