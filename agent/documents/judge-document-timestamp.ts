/** Judges the timestamps over a whole PDF (ISO 32000-2 section 12.8.5): each proves that everything was there that it covers, earlier timestamps too. */
import { digestOf } from './algorithms.ts';
import { additionSentences } from './change-sentences.ts';
import { earliest } from './judge-cms.ts';
import { type TimestampJudgement, judgeTimestamp } from './judge-timestamp.ts';
import { type PdfFile } from './pdf.ts';
import { type SignedField } from './pdf-fields.ts';
import { PdfString, isName } from './pdf-objects.ts';
import { printable } from './printable.ts';
import { type Since, lookSince } from './revision-since.ts';
import { contentInfo, readPlace } from './signature-place.ts';
import { type TimestampReport, reportTimestamp } from './timestamp-report.ts';
import type { Trust } from './trust.ts';
import { Judged, fail } from './verdict.ts';

export interface DocumentTimestampReport extends TimestampReport, Omit<Since, 'revision' | 'level'> {
  /** Name of the field. */
  readonly field: string;
  readonly coversWholeDocument: boolean;
  /** The revision that it covers, from 1, and how many there are; undefined when that is not known. */
  readonly revision?: Since['revision'];
}

/** A timestamp and what it proves. */
export interface DocumentTimestamp {
  readonly field: SignedField;
  readonly report: DocumentTimestampReport;
  /** When everything up to the byte `end` was there at the latest; undefined when the timestamp does not count. */
  readonly provenAt: Date | undefined;
  readonly end: number;
}

export interface DocumentTimestampOptions {
  readonly trust?: Trust | undefined;
  readonly now: Date;
}

/** True for a field that holds a timestamp over the document. */
export function isDocumentTimestamp(file: PdfFile, { dict }: SignedField): boolean {
  return isName(file.resolve(dict.get('SubFilter')), 'ETSI.RFC3161');
}

/** The timestamps that cover the place of this signature. */
export function covering(stamps: readonly DocumentTimestamp[], { dict }: SignedField): readonly DocumentTimestamp[] {
  const contents = dict.get('Contents');
  const end = contents instanceof PdfString ? contents.end : undefined;
  return stamps.filter((stamp) => end !== undefined && stamp.report.intact && stamp.field.dict !== dict && stamp.end >= end);
}

/** The earliest moment at which this signature was there, as these timestamps prove; undefined when none does. */
export function provenBy(stamps: readonly DocumentTimestamp[], field: SignedField): Date | undefined {
  return earliest(covering(stamps, field).map(({ provenAt }) => provenAt));
}

function judgeOne(file: PdfFile, field: SignedField, twice: boolean, options: DocumentTimestampOptions, at: Date): DocumentTimestamp {
  let judged: TimestampJudgement | undefined;
  let since: Since | undefined;
  let problem: Judged | undefined;
  try {
    const place = readPlace(file, field);
    if (twice) fail('FORMAT_FAILURE', 'The same timestamp is shown twice.');
    if (place.contents.bytes.every((octet) => octet === 0))
      fail('FORMAT_FAILURE', 'The document was prepared for a timestamp, and the timestamp is not in it yet.');
    const token = contentInfo(place.contents);
    judged = judgeTimestamp(token, (hash) => digestOf(hash, ...place.parts), { trust: options.trust, at });
    if (judged.intact) since = lookSince(file, field, place.end);
  } catch (error) {
    if (!(error instanceof Judged)) throw error;
    problem = error;
  }
  const sound = problem === undefined && judged !== undefined && since !== undefined ? judged : undefined;
  const failed = { verdict: problem?.verdict ?? 'TOTAL-FAILED', intact: false, sentences: problem === undefined ? [] : [problem.message] };
  const said: TimestampReport = judged !== undefined && problem === undefined ? reportTimestamp(judged) : failed;
  return {
    field,
    report: {
      ...said,
      ...(problem === undefined ? {} : { subIndication: problem.sub }),
      field: printable(field.name),
      coveredBytes: since?.coveredBytes ?? 0,
      coversWholeDocument: since?.coveredBytes === file.bytes.length,
      ...(since === undefined ? {} : { revision: since.revision }),
      additions: since?.additions ?? [],
      changes: since?.changes ?? [],
      sentences: [...said.sentences, ...additionSentences(since?.additions ?? [])],
    },
    provenAt: sound?.provenAt,
    end: since?.coveredBytes ?? 0,
  };
}

/** Where the covered bytes end, by the word of the field itself. */
function claimedEnd({ dict }: SignedField, file: PdfFile): number {
  const [, , start, length] = file.items(dict.get('ByteRange')) ?? [];
  return typeof start === 'number' && typeof length === 'number' ? start + length : 0;
}

/**
 * Judges the timestamps over a document, the last one first, so that each is judged at the moment at which a later one proves that it was there
 * (ETSI EN 319 102-1 section 5.6.2). In the order of `fields`. Never throws on bad input, but for PdfRefused.
 */
export function judgeDocumentTimestamps(
  file: PdfFile,
  fields: readonly SignedField[],
  options: DocumentTimestampOptions,
): readonly DocumentTimestamp[] {
  const judged = new Map<SignedField, DocumentTimestamp>();
  for (const field of [...fields].sort((left, right) => claimedEnd(right, file) - claimedEnd(left, file))) {
    const twice = fields.some((other) => other !== field && other.dict === field.dict && judged.has(other));
    judged.set(field, judgeOne(file, field, twice, options, provenBy([...judged.values()], field) ?? options.now));
  }
  return fields.flatMap((field) => judged.get(field) ?? []);
}
