/** A document and its signature in one memory: nothing is copied, and what one preparation wrote is never taken for another's. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { append, documentMemory } from '../../../agent/documents/document-memory.ts';
import { preparePades } from '../../../agent/documents/pades.ts';
import { openPdf } from '../../../agent/documents/pdf.ts';
import { PdfRefused } from '../../../agent/documents/pdf-objects.ts';
import { IncrementalUpdate } from '../../../agent/documents/pdf-writer.ts';
import { DocumentSigner } from '../../support/document-signer.ts';
import { agreement } from '../../support/sample-pdf.ts';
import { signWith } from '../../support/signing-keys.ts';
import { opensslAccepts, qpdfCheck } from '../../support/validators.ts';

let signer: DocumentSigner;
beforeAll(() => {
  signer = new DocumentSigner();
});
afterAll(() => signer.end());

function inMemory(bytes: Uint8Array): Uint8Array {
  const memory = documentMemory(bytes.length);
  memory.set(bytes);
  return memory;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

test('what is appended stands in the same memory, or in a copy where there is no room', () => {
  const document = inMemory(Buffer.from('document'));
  const short = append(document, [Buffer.from(' and'), Buffer.from(' more')]);
  expect(Buffer.from(short.bytes).toString()).toBe('document and more');
  expect(short.bytes.buffer).toBe(document.buffer);
  const long = append(document, [new Uint8Array(2 * 1024 * 1024)]);
  expect(long.bytes.buffer).not.toBe(document.buffer);
  expect(short.holds() && long.holds()).toBe(true);
  const own = Uint8Array.from(Buffer.from('document'));
  expect(append(own, [Buffer.from('!')]).bytes.buffer).not.toBe(own.buffer);
  expect(Buffer.from(document).toString()).toBe('document');
});

test('a signature is made in the memory of the document, which stays as it was', () => {
  const document = inMemory(agreement());
  const signed = signer.sign(document, { more: { documentDigest: sha256(document) } });
  expect(signed.buffer).toBe(document.buffer);
  expect(Buffer.from(document).equals(agreement())).toBe(true);
  qpdfCheck(signed);
  expect(opensslAccepts(signed, signer.root.certificatePath)).toBe(true);
  const elsewhere = signer.sign(agreement(), { choice: 'P-384' });
  const again = signer.sign(document, { choice: 'P-384' });
  expect([again.buffer === document.buffer, again.length]).toEqual([true, elsewhere.length]);
  qpdfCheck(again);
  expect(opensslAccepts(again, signer.root.certificatePath)).toBe(true);
});

test('only the newest preparation for the same bytes can be finished, and it can be finished after a wrong signature', () => {
  const holder = signer.holder('P-256');
  const request = signer.request(holder, 'ecdsa', 'sha256');
  const document = inMemory(agreement());
  const [older, newer] = [preparePades(document, request), preparePades(document, request)];
  const signature = signWith(holder.key, 'ecdsa', 'sha256', older.message);
  expect(() => older.finish(signature)).toThrow('another signature was prepared');
  const wrong = Uint8Array.from(signature);
  wrong[5] = (wrong[5] ?? 0) ^ 1;
  expect(() => newer.finish(wrong)).toThrow('does not verify');
  expect(opensslAccepts(newer.finish(signWith(holder.key, 'ecdsa', 'sha256', newer.message)), signer.root.certificatePath)).toBe(true);
});

test('bytes that are not those that were shown are not signed, and bytes that change before the end become no document', () => {
  const holder = signer.holder('P-256');
  const shown = sha256(agreement());
  const document = inMemory(agreement());
  document[2000] = (document[2000] ?? 0) ^ 1;
  const request = { ...signer.request(holder, 'ecdsa', 'sha256'), documentDigest: shown };
  expect(() => preparePades(document, request)).toThrow('not the bytes that were to be signed');
  document[2000] ^= 1;
  const prepared = preparePades(document, request);
  const signature = signWith(holder.key, 'ecdsa', 'sha256', prepared.message);
  document[2000] ^= 1;
  expect(() => prepared.finish(signature)).toThrow('does not hold');
  document[2000] ^= 1;
  expect(prepared.finish(signature).length).toBeGreaterThan(document.length);
});

test('an update behind four gigabytes is refused: its offsets would not fit', () => {
  const file = openPdf(agreement());
  const update = new IncrementalUpdate(file);
  update.set(update.allocate(), 1);
  Object.defineProperty(file, 'bytes', { value: { length: 2 ** 32, at: () => 10 } });
  expect(() => update.finish(new Uint8Array(16))).toThrow(PdfRefused);
  Object.defineProperty(file, 'bytes', { value: agreement() });
  expect(update.finish(new Uint8Array(16)).bytes.length).toBeGreaterThan(agreement().length);
});
