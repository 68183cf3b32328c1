/**
 * Writes proofs into the document security store of a PDF (ISO 32000-2 section 12.8.4.3, ETSI EN 319 142-1 section 5.4), as part of an incremental
 * update. The dictionary is always a new object, and what is in the store stays where it is, so that no object that a signature covers changes.
 */
import { createHash } from 'node:crypto';
import { type Proofs, distinct } from './dss-proofs.ts';
import { readProofList } from './dss-reader.ts';
import type { PdfFile } from './pdf.ts';
import { PdfArray, PdfDict, PdfName, PdfStream, type PdfValue } from './pdf-objects.ts';
import type { IncrementalUpdate } from './pdf-writer.ts';

/** The name under which the store keeps what belongs to one signature: SHA-1 of the whole value of its /Contents, upper-case hex (table 261). It names, and protects nothing. */
export function storeKey(contents: Uint8Array): string {
  return createHash('sha1').update(contents).digest('hex').toUpperCase();
}

/** Puts what is new into a list, and gives the references of all that is in it, by content. */
function addTo(file: PdfFile, update: IncrementalUpdate, list: PdfValue, wanted: readonly Uint8Array[]): ReadonlyMap<string, PdfValue> {
  const keyOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  const references = new Map<string, PdfValue>();
  for (const { ref, bytes } of readProofList(file, list)) references.set(keyOf(bytes), references.get(keyOf(bytes)) ?? ref);
  for (const bytes of wanted) {
    if (references.has(keyOf(bytes))) continue;
    const ref = update.allocate();
    update.set(ref, new PdfStream(new PdfDict({}), bytes));
    references.set(keyOf(bytes), ref);
  }
  return references;
}

/** Adds the proofs of these signatures, each by the value of its /Contents, and gives the entry of the catalog that changes. Throws PdfRefused. */
export function addToStore(
  file: PdfFile,
  update: IncrementalUpdate,
  signatures: readonly { readonly contents: Uint8Array; readonly proofs: Proofs }[],
): Readonly<Record<string, PdfValue>> {
  const old = file.dict(file.catalog().dict.get('DSS')) ?? new PdfDict({ Type: new PdfName('DSS') });
  const all = (pick: (proofs: Proofs) => readonly Uint8Array[]): readonly Uint8Array[] =>
    distinct(signatures.flatMap(({ proofs }) => pick(proofs)));
  const certificates = addTo(
    file,
    update,
    old.get('Certs'),
    all((proofs) => proofs.certificates),
  );
  const lists = addTo(
    file,
    update,
    old.get('CRLs'),
    all((proofs) => proofs.lists),
  );
  const refer = (known: ReadonlyMap<string, PdfValue>, ders: readonly Uint8Array[]): PdfArray =>
    new PdfArray(ders.map((der) => known.get(createHash('sha256').update(der).digest('hex')) ?? null));
  const entries = signatures.map(({ contents, proofs }) => {
    const parts = { Cert: refer(certificates, proofs.certificates), CRL: refer(lists, proofs.lists) };
    return [storeKey(contents), new PdfDict({ Type: new PdfName('VRI'), ...parts })] as const;
  });
  const related = (file.dict(old.get('VRI')) ?? new PdfDict({})).with(Object.fromEntries(entries));
  const keep = (key: string, known: ReadonlyMap<string, PdfValue>): PdfArray => {
    const before = file.items(old.get(key)) ?? [];
    return new PdfArray([...before, ...[...known.values()].filter((ref) => !before.includes(ref))]);
  };
  const store = update.allocate();
  update.set(store, old.with({ Certs: keep('Certs', certificates), CRLs: keep('CRLs', lists), VRI: related }));
  return { DSS: store };
}
