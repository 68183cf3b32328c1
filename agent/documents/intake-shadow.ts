/**
 * Objects that nothing leads to. Most are left over from edits and harmless: they can be brought in by an update alone, and verification calls that a
 * change. A second catalog is another matter: it is a whole other document in the same file, which programs that repair files may show.
 */
import type { Findings } from './intake-findings.ts';
import { type PdfFile } from './pdf.ts';
import { PdfDict, PdfRef, PdfRefused, type PdfValue, isName } from './pdf-objects.ts';
import type { Reached } from './pdf-pages.ts';

/** The object, or null when it cannot be read: nobody needs it. Throws PdfRefused when reading it costs too much. */
function unneeded(file: PdfFile, num: number): PdfValue {
  const entry = file.entries.get(num);
  if (entry === undefined || entry.kind === 'free') return null;
  try {
    return file.get(new PdfRef(num, entry.kind === 'plain' ? entry.gen : 0));
  } catch (problem) {
    if (problem instanceof PdfRefused && problem.refusal !== 'too-complex') return null;
    throw problem;
  }
}

/** Refuses a document with a catalog that nothing leads to. Throws PdfRefused. */
export function judgeUnreached(file: PdfFile, { objects }: Reached, findings: Findings): void {
  for (const num of file.entries.keys()) {
    if (objects.has(num)) continue;
    const found = unneeded(file, num);
    if (found instanceof PdfDict && isName(found.get('Type'), 'Catalog') && found.get('Pages') !== null) {
      findings.refuse('hidden-content', `object ${num}`);
      return;
    }
  }
}
