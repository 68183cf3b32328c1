/** Reads the document security store of a PDF (ISO 32000-2 section 12.8.4.3). Anybody may have put anything there: nothing of it is trusted by standing there. */
import { readCertificate } from './certificate.ts';
import { issuerKey } from './crl.ts';
import { ListRefused } from './crl-entries.ts';
import { mustBeIssued } from './crl-issuer.ts';
import { type RevocationList, readRevocationList } from './crl-reader.ts';
import { DerRefused } from './der-reader.ts';
import type { Proofs } from './dss-proofs.ts';
import type { PdfFile } from './pdf.ts';
import { decodeStream } from './pdf-filters.ts';
import { PdfStream, type PdfValue } from './pdf-objects.ts';
import type { Trust } from './trust.ts';

const mostProofs = 500;

/** The streams that a list of the store refers to, decoded, with the reference of each. Throws PdfRefused. */
export function readProofList(file: PdfFile, list: PdfValue): readonly { readonly ref: PdfValue; readonly bytes: Uint8Array }[] {
  return (file.items(list) ?? []).slice(0, mostProofs).flatMap((ref) => {
    const stream = file.resolve(ref);
    return stream instanceof PdfStream ? [{ ref, bytes: decodeStream(stream, file.budget, (value) => file.resolve(value)) }] : [];
  });
}

/** What is in the store; nothing where there is none. Throws PdfRefused. */
export function readStore(file: PdfFile): Proofs {
  const store = file.dict(file.catalog().dict.get('DSS'));
  const bytesOf = (key: string): readonly Uint8Array[] => readProofList(file, store?.get(key) ?? null).map(({ bytes }) => bytes);
  return { certificates: bytesOf('Certs'), lists: bytesOf('CRLs') };
}

/** What can be read of certificates or lists, DER; what cannot is left out. */
export function whatCanBeRead<T>(ders: readonly Uint8Array[], read: (der: Uint8Array) => T): readonly T[] {
  return ders.flatMap((der) => {
    try {
      return [read(der)];
    } catch (problem) {
      if (problem instanceof DerRefused || problem instanceof ListRefused) return [];
      throw problem;
    }
  });
}

/**
 * The same trust, helped by what a document carries: its certificates may be links on the way, never roots, and its lists count when an issuer that is
 * trusted signed them. They are for moments that are proven: with a time that is only claimed, whoever made the document would choose the list that suits.
 */
export function trustWith(trust: Trust, store: Proofs): Trust {
  const known = new Set([...trust.roots, ...trust.intermediates].map(({ der }) => Buffer.from(der).toString('latin1')));
  const links = whatCanBeRead(store.certificates, readCertificate).filter(({ der }) => !known.has(Buffer.from(der).toString('latin1')));
  const helped: Trust = { ...trust, intermediates: [...trust.intermediates, ...links] };
  const lists = whatCanBeRead(store.lists, (der) => {
    const list = readRevocationList(der);
    mustBeIssued(list, helped);
    return list;
  });
  if (lists.length === 0) return helped;
  const carried = new Map<string, readonly RevocationList[]>();
  for (const list of lists) carried.set(issuerKey(list.issuerElement), [...(carried.get(issuerKey(list.issuerElement)) ?? []), list]);
  const { revocation = { lists: new Map(), policy: { stale: 'warn' } } } = trust;
  return { ...helped, revocation: { ...revocation, carried } };
}
