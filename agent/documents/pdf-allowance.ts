/** What one signature allows to be added after it (ISO 32000-2 sections 12.8.2.2 and 12.8.2.4): its certification, and the fields that it locks. */
import { type PdfFile } from './pdf.ts';
import type { SignedField } from './pdf-fields.ts';
import { type PdfDict, PdfReal, PdfString, type PdfValue, isName } from './pdf-objects.ts';
import { readTextString } from './pdf-serialise.ts';

/** ISO 32000-2 table 257: 1 nothing, 2 filling in and signing, 3 also marks. Proofs and document timestamps may follow all of them. */
export type CertificationLevel = 1 | 2 | 3;

export interface Allowance {
  /** The strictest level that the signature, or the lock of its field, sets; undefined when it sets none. */
  readonly level: CertificationLevel | undefined;
  /** True when the signature locks the field with this name, whether it is there yet or not. */
  readonly locks: (field: string) => boolean;
}

/** A level that cannot be read counts as the strictest; one that is left out is 2 (table 257). */
function levelOf(file: PdfFile, value: PdfValue): CertificationLevel {
  const found = file.resolve(value);
  const level = found instanceof PdfReal ? found.value : (found ?? 2);
  return level === 2 || level === 3 ? level : 1;
}

/** True when a lock takes in a field: it, or a field above it, is listed, or is not among those that are left out (table 236). */
function lockOf(file: PdfFile, parameters: PdfDict): (field: string) => boolean {
  const action = file.resolve(parameters.get('Action'));
  const listed = (file.items(parameters.get('Fields')) ?? [])
    .map((item) => file.resolve(item))
    .flatMap((item) => (item instanceof PdfString ? readTextString(item) : []));
  const isListed = (field: string): boolean => listed.some((name) => field === name || field.startsWith(`${name}.`));
  if (isName(action, 'Include')) return isListed;
  if (isName(action, 'Exclude')) return (field) => !isListed(field);
  return () => true;
}

/** Reads what a signature allows. Throws PdfRefused. */
export function allowanceOf(file: PdfFile, { dict, lock }: SignedField): Allowance {
  const levels: CertificationLevel[] = [];
  const locks: ((field: string) => boolean)[] = [];
  for (const reference of file.items(dict.get('Reference')) ?? []) {
    const transform = file.dict(reference);
    const method = file.resolve(transform?.get('TransformMethod') ?? null);
    const parameters = file.dict(transform?.get('TransformParams') ?? null);
    if (isName(method, 'DocMDP')) levels.push(levelOf(file, parameters?.get('P') ?? null));
    if (isName(method, 'FieldMDP')) locks.push(parameters === undefined ? () => true : lockOf(file, parameters));
  }
  const certifying = file.dict(file.dict(file.catalog().dict.get('Perms'))?.get('DocMDP') ?? null);
  if (certifying === dict && levels.length === 0) levels.push(2);
  if (lock !== undefined) {
    locks.push(lockOf(file, lock));
    if (lock.get('P') !== null) levels.push(levelOf(file, lock.get('P')));
  }
  const level = levels.length === 0 ? undefined : levels.reduce((left, right) => (right < left ? right : left));
  return { level, locks: (field) => locks.some((one) => one(field)) };
}
