/** Finds the signature fields of a PDF (ISO 32000-1 section 12.7), those that are signed and those that wait. */
import { type PdfFile } from './pdf.ts';
import { locksOf } from './pdf-permissions.ts';
import { type PdfDict, PdfRef, PdfRefused, PdfString, type PdfValue, damaged, isName } from './pdf-objects.ts';
import { readTextString } from './pdf-serialise.ts';

const mostFields = 100_000;

/** A signature field that holds a signature. */
export interface SignedField {
  readonly name: string;
  /** The signature dictionary; `ref` is undefined when it is not an indirect object. */
  readonly ref: PdfRef | undefined;
  readonly dict: PdfDict;
  /** What the field says is locked by its signature (section 12.7.4.5, table 233). */
  readonly lock: PdfDict | undefined;
}

/** A signature field without a signature, with a widget, which is an object of its own and can therefore be filled in. */
export interface EmptyField {
  readonly name: string;
  readonly ref: PdfRef;
  readonly dict: PdfDict;
  readonly lock: PdfDict | undefined;
  /** What the author wants of the signature (section 12.7.4.5, table 234). */
  readonly seed: PdfDict | undefined;
}

export interface Fields {
  /** Fully qualified names of all fields, and of those that a signature locks although they are not there yet. */
  readonly names: ReadonlySet<string>;
  readonly signed: readonly SignedField[];
  readonly empty: readonly EmptyField[];
}

/** Walks the field tree. Throws PdfRefused: `damaged` for a tree that loops. */
export function readFields(file: PdfFile): Fields {
  const names = new Set<string>();
  const signed: SignedField[] = [];
  const empty: EmptyField[] = [];
  const visited = new Set<number>();
  let seen = 0;
  const visit = (value: PdfValue, parentName: string, inherited: PdfValue, depth: number): void => {
    file.budget.checkDepth(depth);
    seen += 1;
    if (seen > mostFields) throw new PdfRefused('too-complex', 'too many fields');
    if (value instanceof PdfRef) {
      if (visited.has(value.num)) damaged('the field tree meets a field twice');
      visited.add(value.num);
    }
    const dict = file.dict(value);
    if (dict === undefined) return;
    const title = file.resolve(dict.get('T'));
    const own = title instanceof PdfString ? readTextString(title) : undefined;
    const name = own === undefined ? parentName : parentName === '' ? own : `${parentName}.${own}`;
    names.add(name);
    const kind = dict.get('FT') === null ? inherited : file.resolve(dict.get('FT'));
    const kids = file.items(dict.get('Kids')) ?? [];
    const signature = dict.get('V');
    const signatureDict = isName(kind, 'Sig') ? file.dict(signature) : undefined;
    const lock = file.dict(dict.get('Lock'));
    // Kids without a name are widgets of this field and no fields themselves (section 12.7.3.1). What has no widget is shown by no viewer.
    const isWidget = isName(file.resolve(dict.get('Subtype')), 'Widget');
    const isField = own !== undefined && (isWidget || kids.length > 0) && kids.every((kid) => file.dict(kid)?.get('T') === null);
    if (signatureDict !== undefined) {
      signed.push({ name, ref: signature instanceof PdfRef ? signature : undefined, dict: signatureDict, lock });
    } else if (isName(kind, 'Sig') && isField && value instanceof PdfRef && file.resolve(signature) === null) {
      const ref = file.lastReference(value) ?? value;
      empty.push({ name, ref, dict, lock, seed: file.dict(dict.get('SV')) });
    }
    for (const kid of kids) visit(kid, name, kind, depth + 1);
  };
  const form = file.dict(file.catalog().dict.get('AcroForm'));
  for (const field of file.items(form?.get('Fields') ?? null) ?? []) visit(field, '', null, 0);
  for (const lock of signed.flatMap((field) => locksOf(file, field.dict, field.lock))) {
    for (const locked of file.items(lock.get('Fields')) ?? []) {
      const name = file.resolve(locked);
      if (name instanceof PdfString) names.add(readTextString(name));
    }
  }
  return { names, signed, empty };
}
