/** What was changed in a PDF after a revision of it was signed, beyond adding further signatures. */
import { type PdfFile } from './pdf.ts';
import { PdfDict, PdfRef, type PdfValue, isName } from './pdf-objects.ts';
import { readPages, walk } from './pdf-pages.ts';
import { sameValue } from './pdf-serialise.ts';

/** Entries of the catalog that may come or change: further signatures, and what only describes or proves. */
const openCatalogKeys = ['AcroForm', 'DSS', 'Extensions', 'Metadata'];
const openFieldKeys = ['V', 'AP', 'M'];

/** Numbers of the references a value leads through. */
function numbersOf(file: PdfFile, value: PdfValue): readonly number[] {
  const found: number[] = [];
  for (let next = value; next instanceof PdfRef && found.length < 32; next = file.get(next)) found.push(next.num);
  return found;
}

function isSignatureField(file: PdfFile, value: PdfValue): boolean {
  const dict = file.dict(value);
  const parent = file.dict(dict?.get('Parent') ?? null);
  return isName(file.resolve(dict?.get('FT') ?? null), 'Sig') || isName(file.resolve(parent?.get('FT') ?? null), 'Sig');
}

/** True when the list still begins with what it held, and all that was added are signature fields. */
function onlyGrewBySignatures(before: PdfFile, after: PdfFile, old: PdfValue, now: PdfValue): boolean {
  const oldItems = before.items(old) ?? [];
  const newItems = after.items(now) ?? [];
  const kept = oldItems.every((item, index) => sameValue(item, newItems[index] ?? null));
  return kept && newItems.slice(oldItems.length).every((item) => item instanceof PdfRef && isSignatureField(after, item));
}

function sameBut(left: PdfDict | undefined, right: PdfDict | undefined, open: readonly string[]): boolean {
  if (left === undefined || right === undefined) return left === right;
  const keys = new Set([...left.entries.keys(), ...right.entries.keys()]);
  return [...keys].every((key) => open.includes(key) || sameValue(left.get(key), right.get(key)));
}

/** An empty signature field may be filled in. */
function wasFilled(before: PdfFile, after: PdfFile, ref: PdfRef): boolean {
  const old = before.dict(ref);
  return isSignatureField(before, ref) && old?.get('V') === null && sameBut(old, after.dict(ref), openFieldKeys);
}

function sameObject(before: PdfFile, after: PdfFile, num: number): boolean {
  const [old, now] = [before.entries.get(num), after.entries.get(num)];
  if (old === undefined || now === undefined) return old === now;
  if (old.kind === 'plain' && now.kind === 'plain' && old.offset === now.offset && old.gen === now.gen) return true;
  const genOf = (entry: typeof old): number => (entry.kind === 'plain' ? entry.gen : 0);
  return sameValue(before.get(new PdfRef(num, genOf(old))), after.get(new PdfRef(num, genOf(now))));
}

/**
 * The changes between a signed revision and the whole file that a further signature does not explain, in words; none when all is well.
 * Throws PdfRefused.
 */
export function changesSince(before: PdfFile, after: PdfFile): readonly string[] {
  const changes: string[] = [];
  const judged = new Set<number>();
  const judge = (what: string, fine: boolean): void => {
    if (!fine) changes.push(what);
  };

  const [oldCatalog, newCatalog] = [before.catalog(), after.catalog()];
  judge('the document catalog was replaced', oldCatalog.ref.num === newCatalog.ref.num);
  judge('the document catalog was changed', sameBut(oldCatalog.dict, newCatalog.dict, openCatalogKeys));
  judged.add(oldCatalog.ref.num);

  const [oldForm, newForm] = [oldCatalog.dict.get('AcroForm'), newCatalog.dict.get('AcroForm')];
  const [oldFormDict, newFormDict] = [before.dict(oldForm) ?? new PdfDict({}), after.dict(newForm) ?? new PdfDict({})];
  judge('the form was changed', sameBut(oldFormDict, newFormDict, ['Fields', 'SigFlags']));
  judge('fields were changed', onlyGrewBySignatures(before, after, oldFormDict.get('Fields'), newFormDict.get('Fields')));
  for (const value of [oldForm, oldFormDict.get('Fields')]) numbersOf(before, value).forEach((num) => judged.add(num));
  for (const value of [oldCatalog.dict.get('Metadata'), before.trailer.get('Info')])
    numbersOf(before, value).forEach((num) => judged.add(num));

  const oldPages = readPages(before);
  const newPages = readPages(after);
  judge('pages were added or removed', oldPages.length === newPages.length);
  oldPages.forEach((page, index) => {
    const now = newPages[index];
    judge(`page ${index + 1} was replaced`, now?.ref.num === page.ref.num);
    judge(`page ${index + 1} was changed`, sameBut(page.dict, now?.dict, ['Annots']));
    judge(
      `marks on page ${index + 1} were changed`,
      onlyGrewBySignatures(before, after, page.dict.get('Annots'), now?.dict.get('Annots') ?? null),
    );
    judged.add(page.ref.num);
    numbersOf(before, page.dict.get('Annots')).forEach((num) => judged.add(num));
  });

  const reached = walk(before);
  for (const num of reached.objects) {
    const fine = judged.has(num) || sameObject(before, after, num) || wasFilled(before, after, new PdfRef(num, 0));
    judge(`object ${num} was changed`, fine);
  }
  for (const num of reached.dangling) judge(`object ${num} was slipped in`, !exists(after, num));
  return [...new Set(changes)];
}

function exists(file: PdfFile, num: number): boolean {
  const entry = file.entries.get(num);
  return entry !== undefined && entry.kind !== 'free';
}
