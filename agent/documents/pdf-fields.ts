/** Finds the signature fields of a PDF (ISO 32000-1 section 12.7) and what earlier signatures allow to be changed (section 12.8.2). */
import { type PdfFile } from './pdf.ts';
import { type PdfDict, PdfReal, PdfRef, PdfRefused, PdfString, type PdfValue, damaged, isName } from './pdf-objects.ts';
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

export interface Fields {
  /** Fully qualified names of all fields, and of those that a signature locks although they are not there yet. */
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
    if (signatureDict !== undefined) {
      const lock = file.dict(dict.get('Lock'));
      signed.push({ name, ref: signature instanceof PdfRef ? signature : undefined, dict: signatureDict, lock });
    }
    for (const kid of file.items(dict.get('Kids')) ?? []) visit(kid, name, kind, depth + 1);
  };
  const form = file.dict(file.catalog().dict.get('AcroForm'));
  for (const field of file.items(form?.get('Fields') ?? null) ?? []) visit(field, '', null, 0);
  for (const lock of signed.flatMap((field) => locksOf(file, field.dict, field.lock))) {
    for (const locked of file.items(lock.get('Fields')) ?? []) {
      const name = file.resolve(locked);
      if (name instanceof PdfString) names.add(readTextString(name));
    }
  }
  return { names, signed };
}

/** Everything by which a signature limits later changes: parameters of its DocMDP and FieldMDP transforms (section 12.8.2), and the lock of its field. */
function locksOf(file: PdfFile, signature: PdfDict, lock: PdfDict | undefined): readonly PdfDict[] {
  const transforms = (file.items(signature.get('Reference')) ?? []).map((reference) => file.dict(reference));
  return [...transforms.map((transform) => file.dict(transform?.get('TransformParams') ?? null)), lock].filter(
    (found) => found !== undefined,
  );
}

/**
 * Throws PdfRefused `certified-no-changes`, with the name of the field, when an earlier signature forbids another one: DocMDP or a lock with P = 1, or
 * a lock that takes in fields which are not there yet: all fields, or all but some. A lock on named fields leaves room for a field of another name.
 */
export function checkPermissions(file: PdfFile, fields: Fields): void {
  const permissions = file.dict(file.catalog().dict.get('Perms'));
  const certifying = file.dict(permissions?.get('DocMDP') ?? null);
  const signatures: readonly Partial<SignedField>[] = [...fields.signed, ...(certifying === undefined ? [] : [{ dict: certifying }])];
  for (const { name, dict, lock } of signatures) {
    for (const parameters of dict === undefined ? [] : locksOf(file, dict, lock)) {
      const permission = file.resolve(parameters.get('P'));
      const nothing = (permission instanceof PdfReal ? permission.value : permission) === 1;
      const action = file.resolve(parameters.get('Action'));
      if (nothing || isName(action, 'All') || isName(action, 'Exclude'))
        throw new PdfRefused('certified-no-changes', 'an earlier signature forbids changes', undefined, name);
    }
  }
}
