/** A document with many signatures, made quickly: each is a real one, and nobody checks in between. */
import { digestOf } from '../../agent/documents/algorithms.ts';
import { readCertificate } from '../../agent/documents/certificate.ts';
import { assembleSignedData, signedAttributes } from '../../agent/documents/cms.ts';
import { placeRange, signatureDictionary } from '../../agent/documents/pades-dictionary.ts';
import { placeSignature } from '../../agent/documents/pades-field.ts';
import { openPdf } from '../../agent/documents/pdf.ts';
import { readFields } from '../../agent/documents/pdf-fields.ts';
import { IncrementalUpdate } from '../../agent/documents/pdf-writer.ts';
import type { DocumentSigner } from './document-signer.ts';
import { signWith } from './signing-keys.ts';

const contentsBytes = 2048;

/** The document with `count` signatures more by the P-256 holder, each in a new field. */
export function signedManyTimes(document: Uint8Array, signer: DocumentSigner, count: number): Uint8Array {
  const holder = signer.holder('P-256');
  const request = signer.request(holder, 'ecdsa', 'sha256');
  const certificate = readCertificate(request.certificate);
  let signed = document;
  for (let made = 0; made < count; made += 1) {
    const file = openPdf(signed);
    const update = new IncrementalUpdate(file);
    const signature = update.allocate();
    update.set(signature, signatureDictionary(request, undefined, contentsBytes));
    const changes = placeSignature(file, update, readFields(file), undefined, signature, undefined);
    const catalog = file.catalog();
    if (Object.keys(changes).length > 0) update.set(catalog.ref, catalog.dict.with(changes));
    const { bytes, offsets } = update.finish(new Uint8Array(16));
    const { covered, digits } = placeRange(bytes, offsets.get(signature.num) ?? 0, contentsBytes);
    const message = signedAttributes(certificate, 'sha256', digestOf('sha256', ...covered));
    const value = signWith(holder.key, 'ecdsa', 'sha256', message);
    const cms = assembleSignedData({ certificate, chain: request.chain, hash: 'sha256', scheme: 'ecdsa' }, message, value);
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).write(Buffer.from(cms).toString('hex'), digits, 'latin1');
    signed = bytes;
  }
  return signed;
}
