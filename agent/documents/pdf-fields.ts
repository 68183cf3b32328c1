/** Finds the signature fields of a PDF (ISO 32000-1 section 12.7) and what earlier signatures allow to be changed (section 12.8.2). */
import { type PdfFile } from './pdf.ts';
import { type PdfDict, PdfRef, PdfRefused, PdfString, type PdfValue, damaged, isName } from './pdf-objects.ts';
import { readTextString } from './pdf-serialise.ts';

const mostFields = 100_000;

/** A signature field that holds a signature. */
export interface SignedField {
  readonly name: string;
  /** The signature dictionary; `ref` is undefined when it is not an indirect object. */
  readonly ref: PdfRef | undefined;
  readonly dict: PdfDict;
}

export interface Fields {
  /** Fully qualified names of all fields. */
  readonly names: ReadonlySet<string>;
  readonly signed: readonly SignedField[];
}

/** Walks the field tree. Throws PdfRefused: `damaged` for a tree that loops. */
export function readFields(file: PdfFile): Fields {
  const names = new Set<string>();
  const signed: SignedField[] = [];
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
    const signature = dict.get('V');
    const signatureDict = isName(kind, 'Sig') ? file.dict(signature) : undefined;
    if (signatureDict !== undefined) signed.push({ name, ref: signature instanceof PdfRef ? signature : undefined, dict: signatureDict });
    for (const kid of file.items(dict.get('Kids')) ?? []) visit(kid, name, kind, depth + 1);
  };
  const form = file.dict(file.catalog().dict.get('AcroForm'));
  for (const field of file.items(form?.get('Fields') ?? null) ?? []) visit(field, '', null, 0);
  return { names, signed };
}

/** Throws PdfRefused `certified-no-changes` when an earlier signature forbids another one: DocMDP or a field lock with P = 1, or all fields locked. */
export function checkPermissions(file: PdfFile, fields: Fields): void {
  const permissions = file.dict(file.catalog().dict.get('Perms'));
  const certifying = file.dict(permissions?.get('DocMDP') ?? null);
  const signatures = [...fields.signed.map((field) => field.dict), ...(certifying === undefined ? [] : [certifying])];
  for (const signature of signatures) {
    for (const reference of file.items(signature.get('Reference')) ?? []) {
      const transform = file.dict(reference);
      const parameters = file.dict(transform?.get('TransformParams') ?? null);
      const method = file.resolve(transform?.get('TransformMethod') ?? null);
      const nothing = file.resolve(parameters?.get('P') ?? null) === 1;
      const allFields = isName(method, 'FieldMDP') && isName(file.resolve(parameters?.get('Action') ?? null), 'All');
      if (nothing || allFields) throw new PdfRefused('certified-no-changes', 'an earlier signature forbids changes');
    }
  }
}
