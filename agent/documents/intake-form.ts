/**
 * Values of form fields (ISO 32000-1 section 12.7). A field has a value and a drawing of it; where the drawing is missing, or every program is told to
 * make it anew, programs show different documents for one signature.
 */
import type { Findings } from './intake-findings.ts';
import { type PdfFile } from './pdf.ts';
import { PdfArray, PdfDict, PdfName, PdfStream, PdfString, type PdfValue, isName } from './pdf-objects.ts';
import { readTextString } from './pdf-serialise.ts';

/** Flag of an annotation that is never seen (table 165). */
const hidden = 2;

/** True for a value that a program would show: text, choices, a box that is ticked. */
function isShown(file: PdfFile, value: PdfValue): boolean {
  const found = file.resolve(value);
  if (found instanceof PdfString) return readTextString(found) !== ''; // also one of a byte order mark alone
  if (found instanceof PdfName) return found.value !== 'Off';
  if (found instanceof PdfArray) return found.items.some((item) => isShown(file, item));
  return found instanceof PdfStream;
}

/** True for a widget whose normal appearance is a drawing, or one drawing for each of its states (section 12.5.5). */
function isDrawn(file: PdfFile, widget: PdfDict): boolean {
  const appearance = file.resolve(file.dict(widget.get('AP'))?.get('N') ?? null);
  if (appearance instanceof PdfStream) return true;
  const states = file.dict(appearance);
  return [...(states?.entries.values() ?? [])].some((state) => file.resolve(state) instanceof PdfStream);
}

/** A box or a button whose drawing shows another state than its value (section 12.7.4.2): ticked in the one and not in the other. */
function showsAnotherState(file: PdfFile, widget: PdfDict, value: PdfValue): boolean {
  const states = file.resolve(file.dict(widget.get('AP'))?.get('N') ?? null);
  if (!(states instanceof PdfDict)) return false;
  const nameOf = (entry: PdfValue): string => {
    const found = file.resolve(entry);
    return found instanceof PdfName ? found.value : 'Off';
  };
  const [meant, shown] = [nameOf(value), nameOf(widget.get('AS'))];
  return shown === 'Off' ? meant !== 'Off' && states.get(meant) !== null : shown !== meant;
}

/** Walks the fields with what they inherit (section 12.7.3.1); `readFields` has walked the tree before and refused one that loops or is too large. Throws PdfRefused. */
export function judgeForm(file: PdfFile, findings: Findings): void {
  const form = file.dict(file.catalog().dict.get('AcroForm'));
  const drawnAnew = file.resolve(form?.get('NeedAppearances') ?? null) === true;
  const visit = (value: PdfValue, inherited: { readonly kind: PdfValue; readonly value: PdfValue }, depth: number): void => {
    file.budget.checkDepth(depth);
    const dict = file.dict(value);
    if (dict === undefined) return;
    const kind = dict.get('FT') === null ? inherited.kind : file.resolve(dict.get('FT'));
    const own = dict.get('V') === null ? inherited.value : dict.get('V');
    const kids = file.items(dict.get('Kids')) ?? [];
    for (const kid of kids) visit(kid, { kind, value: own }, depth + 1);
    if (kids.length > 0 || isName(kind, 'Sig')) return;
    const flags = file.resolve(dict.get('F'));
    if (dict.get('Rect') === null || (typeof flags === 'number' && (flags & hidden) !== 0)) return;
    const otherwise = isName(kind, 'Btn') && showsAnotherState(file, dict, own);
    if (otherwise || (isShown(file, own) && (drawnAnew || !isDrawn(file, dict)))) findings.refuse('hidden-content');
  };
  for (const field of file.items(form?.get('Fields') ?? null) ?? []) visit(field, { kind: null, value: null }, 0);
}
