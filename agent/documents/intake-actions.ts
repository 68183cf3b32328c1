/**
 * Actions in a document (ISO 32000-1 section 12.6): what a viewer would do when it opens the document, or when somebody clicks. Ours runs none of
 * them, but whoever gets the signed document may have one that does.
 */
import type { DocumentRefusal } from '../contract/problems.ts';
import type { Findings } from './intake-findings.ts';
import { type PdfFile } from './pdf.ts';
import type { PdfDict } from './pdf-objects.ts';
import { PdfArray, PdfName, PdfString, type PdfValue, isName } from './pdf-objects.ts';
import type { OnDict } from './pdf-pages.ts';
import { readTextString } from './pdf-serialise.ts';

/** Kinds of actions that are refused wherever they stand, also where no viewer would look for them. No other dictionary has such a value under /S. */
const refusedActions: ReadonlyMap<string, DocumentRefusal> = new Map([
  ['JavaScript', 'scripts'],
  ['Launch', 'launches-programs'],
  ['SubmitForm', 'sends-data'],
  ['ImportData', 'external-content'],
  ['GoToR', 'external-content'],
  ['GoToE', 'external-content'],
  ['Rendition', 'rich-media'],
  ['Movie', 'rich-media'],
  ['Sound', 'rich-media'],
  ['GoTo3DView', 'rich-media'],
  ['RichMediaExecute', 'rich-media'],
  ['Hide', 'hidden-content'],
  ['SetOCGState', 'hidden-content'],
]);

const turnsPages = ['NextPage', 'PrevPage', 'FirstPage', 'LastPage'];

/** Judges the address of a link; a program behind it is a script, a file beside the document is none of its parts. */
function judgeAddress(address: PdfValue, findings: Findings): void {
  const text = address instanceof PdfString ? readTextString(address).replace(/[\p{Cc}\p{Cf}\s]/gu, '') : '';
  const scheme = /^([a-z][a-z0-9+.-]*):/iu.exec(text)?.[1]?.toLowerCase();
  if (scheme === 'javascript' || scheme === 'vbscript' || scheme === 'data') findings.refuse('scripts');
  else if (scheme === 'file' || /^(\\\\|\/\/)/.test(text)) findings.refuse('external-content');
  else findings.remark('links');
}

/** True when all that happens is that another place of this document is shown. */
function onlyTurnsPages(file: PdfFile, action: PdfValue, visited: Set<PdfDict>): boolean {
  const found = file.resolve(action);
  if (found instanceof PdfArray) return found.items.every((item) => onlyTurnsPages(file, item, visited));
  const dict = file.dict(found);
  if (dict === undefined || visited.has(dict)) return true;
  visited.add(dict);
  const kind = file.resolve(dict.get('S'));
  const name = file.resolve(dict.get('N'));
  const turns = isName(kind, 'Named') && name instanceof PdfName && turnsPages.includes(name.value);
  if (!turns && !isName(kind, 'GoTo')) return false;
  let next = true;
  if (dict.get('Next') !== null) next = onlyTurnsPages(file, dict.get('Next'), visited);
  return next;
}

/** What the viewer does by itself on opening: a plain destination is an array, a name or a string, and does nothing else. */
function judgeOpening(file: PdfFile, findings: Findings): void {
  const opening = file.resolve(file.catalog().dict.get('OpenAction'));
  if (opening instanceof PdfArray || opening === null) return;
  if (file.dict(opening) !== undefined && !onlyTurnsPages(file, opening, new Set())) findings.refuse('acts-when-opened');
}

/** True for a name tree in which anything stands. */
export function hasNames(file: PdfFile, tree: PdfValue): boolean {
  const dict = file.dict(tree);
  return ['Names', 'Kids'].some((key) => (file.items(dict?.get(key) ?? null)?.length ?? 0) > 0);
}

/** Judges what happens on opening at once, and gives the judge of single dictionaries. Both throw PdfRefused. */
export function judgeActions(file: PdfFile, findings: Findings): OnDict {
  judgeOpening(file, findings);
  const names = file.dict(file.catalog().dict.get('Names'));
  if (hasNames(file, names?.get('JavaScript') ?? null)) findings.refuse('scripts');
  return (dict) => {
    const kind = file.resolve(dict.get('S'));
    if (kind instanceof PdfName) {
      const refusal = refusedActions.get(kind.value);
      if (refusal !== undefined) findings.refuse(refusal);
      else if (kind.value === 'URI') judgeAddress(file.resolve(dict.get('URI')), findings);
      else if (kind.value === 'Thread' && dict.get('F') !== null) findings.refuse('external-content');
    }
    if (file.resolve(dict.get('JS')) instanceof PdfString) findings.refuse('scripts');
    // Additional actions run on events such as opening a page, also without a click. A resource may bear the same name, and is no action.
    for (const action of file.dict(dict.get('AA'))?.entries.values() ?? []) {
      const acts = file.resolve(file.dict(action)?.get('S') ?? null) instanceof PdfName;
      if (acts && !onlyTurnsPages(file, action, new Set())) findings.refuse('acts-when-opened');
    }
  };
}
