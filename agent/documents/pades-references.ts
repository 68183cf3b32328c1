/** What a signature says about later changes (ISO 32000-1 section 12.8.2): certification of the document, and the lock that its field asks for. */
import type { PdfFile } from './pdf.ts';
import type { EmptyField, Fields } from './pdf-fields.ts';
import { PdfArray, PdfDict, PdfName, PdfRefused, type PdfRef, type PdfValue } from './pdf-objects.ts';
import type { IncrementalUpdate } from './pdf-writer.ts';

function reference(method: string, parameters: Readonly<Record<string, PdfValue>>): PdfDict {
  return new PdfDict({
    Type: new PdfName('SigRef'),
    TransformMethod: new PdfName(method),
    TransformParams: new PdfDict({ Type: new PdfName('TransformParams'), V: new PdfName('1.2'), ...parameters }),
  });
}

/**
 * The value of /Reference; undefined when the signature says nothing about later changes. `certify` writes DocMDP with P = 1. A field with a lock
 * gets FieldMDP with the lock's own words, its P too, as ISO 32000-1 section 12.7.4.5 asks of whoever signs it.
 */
export function signatureReferences(file: PdfFile, certify: boolean, field: EmptyField | undefined): PdfArray | undefined {
  const references: PdfDict[] = [];
  if (certify) references.push(reference('DocMDP', { P: 1 }));
  if (field?.lock !== undefined) {
    const words = ['Action', 'Fields', 'P'].map((key) => [key, copied(file, field.lock?.get(key) ?? null)] as const);
    references.push(reference('FieldMDP', Object.fromEntries(words.filter(([, value]) => value !== null))));
  }
  return references.length === 0 ? undefined : new PdfArray(references);
}

/** A direct copy of a list or of a plain value: an indirect one could be changed later. */
function copied(file: PdfFile, value: PdfValue): PdfValue {
  const found = file.resolve(value);
  return found instanceof PdfArray ? new PdfArray(found.items.map((item) => file.resolve(item))) : found;
}

/** Throws PdfRefused `not-first-signature` when there is a signature already. */
export function mustBeUncertified(file: PdfFile, { signed }: Fields): void {
  const permissions = file.dict(file.catalog().dict.get('Perms'));
  if (signed.length > 0 || (permissions?.get('DocMDP') ?? null) !== null)
    throw new PdfRefused('not-first-signature', 'the certifying signature is the first');
}

/**
 * Names the certifying signature in the catalog (section 12.8.4) and gives the entries of the catalog that change. Throws PdfRefused
 * `not-first-signature` when there is a signature already: the certifying one is the first (section 12.8.2.2.1).
 */
export function certifyDocument(
  file: PdfFile,
  update: IncrementalUpdate,
  fields: Fields,
  signature: PdfRef,
): Readonly<Record<string, PdfValue>> {
  mustBeUncertified(file, fields);
  const value = file.catalog().dict.get('Perms');
  const old = file.dict(value) ?? new PdfDict({});
  const permissions = old.with({ DocMDP: signature });
  const ref = file.lastReference(value);
  if (ref === undefined) return { Perms: permissions };
  update.set(ref, permissions);
  return {};
}
