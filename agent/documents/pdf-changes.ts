/**
 * What was added to a PDF after a revision of it was signed, and whether that was allowed. Everything that the signed revision leads to must be as it
 * was, but for the few places where a further signature, proofs, or what is filled in have to go; what is added there must be that and nothing else.
 */
import type { Allowance } from './pdf-allowance.ts';
import { compareDescriptions, compareExtensions, compareStore } from './pdf-changes-evidence.ts';
import { type Addition, FormComparison, waysToFields } from './pdf-changes-form.ts';
import { Comparison } from './pdf-comparison.ts';
import { formNodes } from './pdf-field-tree.ts';
import { type PdfFile } from './pdf.ts';
import { PdfString, type PdfValue } from './pdf-objects.ts';
import { type PdfPage, readPages } from './pdf-pages.ts';
import { sameValue } from './pdf-serialise.ts';
import { strayParts } from './pdf-update-bytes.ts';

export type { Addition } from './pdf-changes-form.ts';

export interface Changes {
  /** What was changed and must not be, in words; none when all is well. */
  readonly changes: readonly string[];
  /** What was added and may be. */
  readonly additions: readonly Addition[];
}

/** Entries of the catalog that have rules of their own. */
const openCatalogKeys = ['AcroForm', 'DSS', 'Extensions', 'Metadata'];
/** Entries of a trailer that describe its section (ISO 32000-1 tables 15 and 17), and those that are compared one by one. */
const sectionKeys = ['Size', 'Prev', 'XRefStm', 'Type', 'W', 'Index', 'Filter', 'DecodeParms', 'Length'];
const ownTrailerKeys = ['Root', 'Info', 'ID'];

function compareTrailers(comparison: Comparison): void {
  const [before, after] = [comparison.before.trailer, comparison.after.trailer];
  const isOpen = (key: string): boolean => sectionKeys.includes(key) || ownTrailerKeys.includes(key);
  for (const key of after.entries.keys()) {
    if (isOpen(key)) continue;
    comparison.judge(before.get(key) !== null, 'something else was added to the document');
    comparison.frozen(before.get(key), after.get(key), 'the end of the document', key);
  }
  const permanentId = (file: PdfFile): PdfValue => file.resolve(file.items(file.trailer.get('ID'))?.[0] ?? null);
  const [old, now] = [permanentId(comparison.before), permanentId(comparison.after)];
  const same = !(old instanceof PdfString) || !(now instanceof PdfString) || sameValue(old, now);
  comparison.judge(same, 'the document became another one');
}

function comparePages(comparison: Comparison, form: FormComparison, oldPages: readonly PdfPage[]): void {
  const newPages = readPages(comparison.after);
  comparison.judge(oldPages.length === newPages.length, 'pages were added or removed');
  oldPages.forEach((page, index) => {
    const now = newPages[index];
    const number = index + 1;
    comparison.judge(now === undefined || now.ref.num === page.ref.num, `page ${number} was replaced`);
    if (now === undefined || now.ref.num !== page.ref.num) return;
    comparison.frozenBut(page.dict, now.dict, `page ${number}`, ['Annots']);
    form.compareMarks(page, now.dict, number);
  });
}

/** Compares the revision that was signed with the whole file, of which it is the beginning. Throws PdfRefused. */
export function changesSince(before: PdfFile, after: PdfFile, allowance: Allowance): Changes {
  const oldPages = readPages(before);
  const pages = new Set(oldPages.map(({ ref }) => ref.num));
  const nodes = formNodes(before);
  const elsewhere = (num: number, key: string): boolean => pages.has(num) || (nodes.has(num) && waysToFields.includes(key));
  const comparison = new Comparison(before, after, elsewhere);
  const form = new FormComparison(comparison, allowance, nodes);
  for (const part of strayParts(before, after)) comparison.judge(false, part);

  const [oldCatalog, newCatalog] = [before.catalog(), after.catalog()];
  const [old, now] = [oldCatalog.dict, newCatalog.dict];
  comparison.judge(sameValue(oldCatalog.ref, newCatalog.ref), 'the document catalog was replaced');
  compareTrailers(comparison);
  form.compareForm(old.get('AcroForm'), now.get('AcroForm'));
  comparePages(comparison, form, oldPages);
  comparison.frozenBut(old, now, 'the document catalog', openCatalogKeys);
  compareExtensions(comparison, old.get('Extensions'), now.get('Extensions'));

  const additions = [...form.additions];
  if (compareStore(comparison, old.get('DSS'), now.get('DSS'))) additions.push({ kind: 'proofs' });
  if (compareDescriptions(comparison, old.get('Metadata'), now.get('Metadata'))) additions.push({ kind: 'description' });
  return { changes: [...comparison.changes], additions };
}
