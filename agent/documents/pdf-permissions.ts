/** What earlier signatures allow to be changed in a PDF (ISO 32000-1 section 12.8.2). */
import { type PdfFile } from './pdf.ts';
import type { EmptyField, Fields, SignedField } from './pdf-fields.ts';
import { type PdfDict, PdfReal, PdfRefused, PdfString, isName } from './pdf-objects.ts';
import { readTextString } from './pdf-serialise.ts';

/** Everything by which a signature limits later changes: parameters of its DocMDP and FieldMDP transforms (section 12.8.2), and the lock of its field. */
export function locksOf(file: PdfFile, signature: PdfDict, lock: PdfDict | undefined): readonly PdfDict[] {
  const transforms = (file.items(signature.get('Reference')) ?? []).map((reference) => file.dict(reference));
  return [...transforms.map((transform) => file.dict(transform?.get('TransformParams') ?? null)), lock].filter(
    (found) => found !== undefined,
  );
}

interface Limit {
  /** Name of the field whose signature says so; undefined when it stands outside every field. */
  readonly name: string | undefined;
  readonly parameters: PdfDict;
}

function limitsOf(file: PdfFile, fields: Fields): readonly Limit[] {
  const permissions = file.dict(file.catalog().dict.get('Perms'));
  const certifying = file.dict(permissions?.get('DocMDP') ?? null);
  const signatures: readonly Partial<SignedField>[] = [...fields.signed, ...(certifying === undefined ? [] : [{ dict: certifying }])];
  return signatures.flatMap(({ name, dict, lock }) =>
    dict === undefined ? [] : locksOf(file, dict, lock).map((parameters) => ({ name, parameters })),
  );
}

function forbidden(name: string | undefined): PdfRefused {
  return new PdfRefused('certified-no-changes', 'an earlier signature forbids changes', undefined, name);
}

/** True when a lock takes in this field: it, or a field above it, is listed, or is not among those that are left out (table 233). */
function takesIn(file: PdfFile, parameters: PdfDict, field: string): boolean {
  const listed = (file.items(parameters.get('Fields')) ?? [])
    .map((item) => file.resolve(item))
    .some((item) => item instanceof PdfString && (field === readTextString(item) || field.startsWith(`${readTextString(item)}.`)));
  const action = file.resolve(parameters.get('Action'));
  if (isName(action, 'All')) return true;
  return isName(action, 'Exclude') ? !listed : listed;
}

/**
 * The fields that a further signature may go into: `empty` are those that wait and that no lock takes in, `fresh` says whether a new field may be
 * made. Throws PdfRefused `certified-no-changes`, with the name of the field that says so, when there is neither: DocMDP or a lock with P = 1, or a
 * lock that takes in fields which are not there yet: all fields, or all but some. A lock on named fields leaves room for a field of another name.
 */
export function checkPermissions(file: PdfFile, fields: Fields): { readonly empty: readonly EmptyField[]; readonly fresh: boolean } {
  const limits = limitsOf(file, fields);
  for (const { name, parameters } of limits) {
    const permission = file.resolve(parameters.get('P'));
    if ((permission instanceof PdfReal ? permission.value : permission) === 1) throw forbidden(name);
  }
  const empty = fields.empty.filter((field) => limits.every(({ parameters }) => !takesIn(file, parameters, field.name)));
  const closed = limits.find(({ parameters }) => {
    const action = file.resolve(parameters.get('Action'));
    return isName(action, 'All') || isName(action, 'Exclude');
  });
  if (closed !== undefined && empty.length === 0) throw forbidden(closed.name);
  return { empty, fresh: closed === undefined };
}
