/** Looks at a signature field that was added to a signed PDF: whether it is one, holds a signature, and could show or do anything beyond its own mark. */
import { type PdfFile } from './pdf.ts';
import { isPlain } from './pdf-changes-evidence.ts';
import { PdfArray, PdfDict, PdfReal, PdfRef, PdfStream, PdfString, type PdfValue, isName } from './pdf-objects.ts';
import { readTextString } from './pdf-serialise.ts';

export interface NewField {
  readonly name: string;
  readonly kind: 'signature' | 'timestamp';
  /** It takes up room on a page. */
  readonly visible: boolean;
}

/** Entries that lead nowhere, and those that are looked at one by one. */
const plainKeys = ['Type', 'Subtype', 'FT', 'T', 'TU', 'F', 'Ff', 'Rect', 'M', 'NM', 'Border', 'BS', 'DA', 'Q', 'MK', 'AS'];
const otherKeys = ['P', 'V', 'AP', 'Lock', 'SV'];
/** What the appearance of a mark must not hold: contents that stand elsewhere, or are there only sometimes. */
const notInStreams = ['F', 'FFilter', 'Ref', 'OPI', 'OC', 'Alternates', 'PS'];

/** True when the object is one that the signed revision did not have. */
export function isNew(before: PdfFile, value: PdfValue): boolean {
  return value instanceof PdfRef && before.get(value) === null;
}

/** The kind of signature that a new value of a signature field is; undefined when it is none. Throws PdfRefused. */
export function newSignature(before: PdfFile, after: PdfFile, value: PdfValue): 'signature' | 'timestamp' | undefined {
  const dict = after.resolve(value);
  if (!isNew(before, value) || !(dict instanceof PdfDict)) return undefined;
  if (after.items(dict.get('ByteRange')) === undefined || !(dict.get('Contents') instanceof PdfString)) return undefined;
  return isName(after.resolve(dict.get('SubFilter')), 'ETSI.RFC3161') ? 'timestamp' : 'signature';
}

/** True when an appearance has one normal state alone, and nothing in it stands elsewhere or comes and goes. Throws PdfRefused. */
export function isAppearance(before: PdfFile, after: PdfFile, value: PdfValue): boolean {
  const dict = after.resolve(value);
  if (dict === null) return true;
  if (!(dict instanceof PdfDict) || dict.entries.size !== 1 || !(after.resolve(dict.get('N')) instanceof PdfStream)) return false;
  const seen = new Set<number>();
  const pending: PdfValue[] = [dict.get('N')];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    // What was there before is judged where it stands.
    if (next instanceof PdfRef && (seen.has(next.num) || !isNew(before, next))) continue;
    if (next instanceof PdfRef) seen.add(next.num);
    const found = after.resolve(next);
    const inner = found instanceof PdfStream ? found.dict : found;
    if (found instanceof PdfStream && notInStreams.some((key) => found.dict.get(key) !== null)) return false;
    if (inner instanceof PdfDict && ['OCG', 'OCMD'].some((type) => isName(after.resolve(inner.get('Type')), type))) return false;
    if (inner instanceof PdfDict) pending.push(...inner.entries.values());
    else if (inner instanceof PdfArray) pending.push(...inner.items);
  }
  return true;
}

function takesRoom(file: PdfFile, box: PdfValue): boolean {
  const sides = (file.items(box) ?? []).map((side) => (side instanceof PdfReal ? side.value : side));
  const [left, bottom, right, top, ...more] = sides;
  return more.length > 0 || sides.length < 4 || (left !== right && bottom !== top);
}

/** The signature field that was added, with its signature; undefined when the object is none, or is more than that. Throws PdfRefused. */
export function newField(before: PdfFile, after: PdfFile, ref: PdfRef): NewField | undefined {
  const dict = after.resolve(ref);
  if (!isNew(before, ref) || !(dict instanceof PdfDict)) return undefined;
  for (const [key, entry] of dict.entries) {
    const fine = plainKeys.includes(key) ? isPlain(entry) : otherKeys.includes(key);
    if (!fine) return undefined;
  }
  const title = dict.get('T');
  const kind = newSignature(before, after, dict.get('V'));
  const isField = isName(dict.get('FT'), 'Sig') && title instanceof PdfString && title.bytes.length > 0;
  if (!isField || kind === undefined || !isAppearance(before, after, dict.get('AP'))) return undefined;
  return { name: readTextString(title), kind, visible: takesRoom(after, dict.get('Rect')) };
}
