/** What was added to a PDF since the revision that a signature, or a timestamp over the document, covers. */
import { type CertificationLevel, allowanceOf } from './pdf-allowance.ts';
import { type PdfFile } from './pdf.ts';
import { type Addition, changesSince } from './pdf-changes.ts';
import { type SignedField } from './pdf-fields.ts';
import { printable } from './printable.ts';
import { countRevisions, openRevision } from './signature-place.ts';

export interface Since {
  readonly coveredBytes: number;
  readonly revision: { readonly number: number; readonly of: number };
  readonly level: CertificationLevel | undefined;
  readonly additions: readonly Addition[];
  readonly changes: readonly string[];
}

/** Compares the revision that ends at `end` with the whole file. Throws Judged. */
export function lookSince(file: PdfFile, field: SignedField, end: number): Since {
  const revision = end === file.bytes.length ? { file, field } : openRevision(file, field, end);
  const allowance = allowanceOf(revision.file, revision.field);
  const since = revision.file === file ? { changes: [], additions: [] } : changesSince(revision.file, file, allowance);
  const additions = since.additions.map((addition) => ('field' in addition ? { ...addition, field: printable(addition.field) } : addition));
  return {
    coveredBytes: end,
    revision: { number: countRevisions(revision.file), of: countRevisions(file) },
    level: allowance.level,
    additions,
    changes: since.changes.map((change) => printable(change)),
  };
}
