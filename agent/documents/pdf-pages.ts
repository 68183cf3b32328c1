/** Walks a PDF: its pages in order, and every object that can be reached from the trailer. */
import { type PdfFile } from './pdf.ts';
import { probeStream } from './pdf-filters.ts';
import { PdfArray, PdfDict, PdfRef, PdfRefused, PdfStream, type PdfValue, damaged, isName } from './pdf-objects.ts';

export interface PdfPage {
  readonly ref: PdfRef;
  readonly dict: PdfDict;
}

/** All pages in order. Throws PdfRefused: `no-pages`, `too-many-pages`, `damaged` (a tree that loops, or whose count is not that of its pages). */
export function readPages(file: PdfFile): readonly PdfPage[] {
  const pages: PdfPage[] = [];
  const visited = new Set<number>();
  const visit = (value: PdfValue, depth: number): void => {
    file.budget.checkDepth(depth);
    const dict = file.resolve(value);
    if (!(value instanceof PdfRef) || !(dict instanceof PdfDict)) damaged('a page is missing');
    if (visited.has(value.num)) damaged('the page tree meets a page twice');
    visited.add(value.num);
    const kids = file.items(dict.get('Kids'));
    if (kids === undefined) {
      const type = file.resolve(dict.get('Type'));
      if (type !== null && !isName(type, 'Page')) damaged('a page that is none');
      pages.push({ ref: value, dict });
      if (pages.length > file.budget.limits.maxPages) throw new PdfRefused('too-many-pages', 'too many pages');
    } else for (const kid of kids) visit(kid, depth + 1);
  };
  const root = file.catalog().dict.get('Pages');
  const rootDict = file.dict(root);
  if (rootDict === undefined) damaged('the page tree is missing');
  const count = file.resolve(rootDict.get('Count'));
  if (file.items(rootDict.get('Kids')) === undefined) damaged('the page tree is missing');
  visit(root, 0);
  if (pages.length === 0) throw new PdfRefused('no-pages', 'no pages');
  if (count !== pages.length) damaged('the page tree miscounts its pages');
  return pages;
}

/** What was met on a walk over the whole file. */
export interface Reached {
  /** Highest object number that is referenced anywhere, whether it exists or not. */
  readonly highestReference: number;
  /** Numbers of the objects that exist and can be reached. */
  readonly objects: ReadonlySet<number>;
  /** Numbers that are referenced and do not exist. */
  readonly dangling: ReadonlySet<number>;
}

/** Is shown a dictionary; `stream` is set when it is that of a stream. */
export type OnDict = (dict: PdfDict, stream: PdfStream | undefined) => void;

/**
 * Parses everything that can be reached from the trailers and shows each dictionary to `onDict`. Throws PdfRefused.
 * With `inflate`, also proves that every Flate stream inflates within the limits.
 */
export function walk(file: PdfFile, options: { readonly inflate?: boolean; readonly onDict?: OnDict } = {}): Reached {
  const objects = new Set<number>();
  const dangling = new Set<number>();
  let highestReference = 0;
  const pending: PdfValue[] = file.sections.map((section) => section.trailer);
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (value instanceof PdfRef) {
      highestReference = Math.max(highestReference, value.num);
      if (objects.has(value.num)) continue;
      const found = file.get(value);
      if (found === null) dangling.add(value.num);
      else objects.add(value.num);
      pending.push(found);
    } else if (value instanceof PdfArray) {
      for (const item of value.items) pending.push(item);
    } else if (value instanceof PdfDict || value instanceof PdfStream) {
      const dict = value instanceof PdfStream ? value.dict : value;
      if (value instanceof PdfStream && options.inflate === true) probeStream(value, file.budget, (entry) => file.resolve(entry));
      options.onDict?.(dict, value instanceof PdfStream ? value : undefined);
      for (const entry of dict.entries.values()) pending.push(entry);
    }
  }
  return { highestReference, objects, dangling };
}
