/**
 * What may be added to a signed PDF because it only proves or describes: the document security store (ISO 32000-2 section 12.8.4.3), names of
 * extensions, metadata. None of it can be seen on a page.
 */
import type { Comparison } from './pdf-comparison.ts';
import { type PdfFile } from './pdf.ts';
import { PdfArray, PdfDict, PdfRef, PdfStream, type PdfValue, isName } from './pdf-objects.ts';
import { sameValue } from './pdf-serialise.ts';

const storeLists = ['Certs', 'OCSPs', 'CRLs'];
const proofLists = ['Cert', 'OCSP', 'CRL'];

/** True for a value that leads nowhere, and holds nothing but words and numbers. */
export function isPlain(value: PdfValue): boolean {
  if (value instanceof PdfArray) return value.items.every(isPlain);
  if (value instanceof PdfDict) return [...value.entries.values()].every(isPlain);
  return !(value instanceof PdfRef) && !(value instanceof PdfStream);
}

/** A stream that leads nowhere: a certificate, a list, an answer, a timestamp. */
function isProof(file: PdfFile, value: PdfValue): boolean {
  const found = file.resolve(value);
  return value instanceof PdfRef && found instanceof PdfStream && isPlain(found.dict.without(['Length']));
}

function isListOfProofs(file: PdfFile, value: PdfValue): boolean {
  return value === null || (file.items(value)?.every((item) => isProof(file, item)) ?? false);
}

function refersTo(items: readonly PdfValue[], wanted: PdfValue): boolean {
  return items.some((item) => item instanceof PdfRef && wanted instanceof PdfRef && item.num === wanted.num && item.gen === wanted.gen);
}

/** All that an older list held is still there, and the same. */
function compareLists(comparison: Comparison, old: PdfValue, now: PdfValue): void {
  const items = comparison.after.items(now) ?? [];
  for (const item of comparison.before.items(old) ?? []) {
    comparison.judge(refersTo(items, item), 'proofs were taken away');
    comparison.frozen(item, item, 'a proof', 'DSS');
  }
}

/** The proofs for one signature (table 262). */
function isProofsOfSignature(file: PdfFile, value: PdfValue): boolean {
  const dict = file.dict(value);
  if (dict === undefined || file.resolve(value) instanceof PdfStream) return false;
  return [...dict.entries].every(([key, entry]) => {
    if (proofLists.includes(key)) return isListOfProofs(file, entry);
    return key === 'TS' ? isProof(file, entry) : (key === 'Type' || key === 'TU') && isPlain(file.resolve(entry));
  });
}

function isStore(file: PdfFile, store: PdfDict): boolean {
  return [...store.entries].every(([key, entry]) => {
    if (storeLists.includes(key)) return isListOfProofs(file, entry);
    if (key !== 'VRI') return key === 'Type' && isPlain(entry);
    const signatures = file.dict(entry);
    return signatures !== undefined && [...signatures.entries.values()].every((one) => isProofsOfSignature(file, one));
  });
}

/** Judges the document security store. True when proofs were added to it. Throws PdfRefused. */
export function compareStore(comparison: Comparison, old: PdfValue, now: PdfValue): boolean {
  const { before, after } = comparison;
  const [oldStore, newStore] = [before.dict(old), after.dict(now)];
  if (newStore === undefined) {
    comparison.judge(oldStore === undefined, 'proofs were taken away');
    return false;
  }
  const found = after.resolve(now) instanceof PdfDict && isStore(after, newStore);
  comparison.judge(found, 'something else was added among the proofs');
  for (const key of storeLists) compareLists(comparison, oldStore?.get(key) ?? null, newStore.get(key));
  const [oldProofs, newProofs] = [before.dict(oldStore?.get('VRI') ?? null), after.dict(newStore.get('VRI'))];
  for (const [name, entry] of oldProofs?.entries ?? []) {
    const [was, is] = [before.dict(entry), after.dict(newProofs?.get(name) ?? null)];
    for (const key of proofLists) compareLists(comparison, was?.get(key) ?? null, is?.get(key) ?? null);
  }
  return grew(comparison, oldStore, newStore);
}

/** True when the store holds a proof that it did not hold before. */
function grew({ before, after }: Comparison, old: PdfDict | undefined, now: PdfDict): boolean {
  const proofsOf = (file: PdfFile, store: PdfDict | undefined): readonly PdfValue[] =>
    storeLists.flatMap((key) => file.items(store?.get(key) ?? null) ?? []);
  const known = proofsOf(before, old);
  return proofsOf(after, now).some((item) => !refersTo(known, item));
}

/** Extensions that the document names (ISO 32000-1 section 7.12): all that were named still are, and what is new leads nowhere. Throws PdfRefused. */
export function compareExtensions(comparison: Comparison, old: PdfValue, now: PdfValue): void {
  const [was, is] = [comparison.before.resolve(old), comparison.after.resolve(now)];
  const kept = was instanceof PdfDict ? [...was.entries.keys()] : [];
  const changed = 'the extensions that the document names were changed';
  comparison.judge((is === null && kept.length === 0) || (is instanceof PdfDict && [...is.entries.values()].every(isPlain)), changed);
  const { entries } = is instanceof PdfDict ? is : new PdfDict({});
  comparison.judge(
    kept.every((key) => entries.has(key)),
    changed,
  );
}

/** Title, author and dates of the document. True when they changed, to something that still is a description. Throws PdfRefused. */
export function compareDescriptions(comparison: Comparison, oldMetadata: PdfValue, newMetadata: PdfValue): boolean {
  const { before, after } = comparison;
  const info = after.trailer.get('Info');
  const infoDict = after.resolve(info);
  comparison.judge(infoDict === null || (infoDict instanceof PdfDict && isPlain(infoDict)), 'the description of the document was changed');
  const metadata = after.resolve(newMetadata);
  const isMetadata =
    metadata instanceof PdfStream && isName(metadata.dict.get('Subtype'), 'XML') && isPlain(metadata.dict.without(['Length']));
  comparison.judge(metadata === null || isMetadata, 'the description of the document was changed');
  return differs(before, after, before.trailer.get('Info'), info) || differs(before, after, oldMetadata, newMetadata);
}

function differs(before: PdfFile, after: PdfFile, old: PdfValue, now: PdfValue): boolean {
  return !sameValue(before.resolve(old), after.resolve(now));
}
