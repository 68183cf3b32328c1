/** PAdES B-B signatures (ETSI EN 319 142-1) as an incremental update; in two steps, because the token only makes the signature. */
import { createHash } from 'node:crypto';
import { type Hash, SignatureRefused, digestOf } from './algorithms.ts';
import { readCertificate } from './certificate.ts';
import { type CmsSigner, assembleSignedData, measureSignedData, signedAttributes } from './cms.ts';
import { checkOutput } from './pades-check.ts';
import { placeRange, signatureDictionary } from './pades-dictionary.ts';
import { chooseField, placeSignature } from './pades-field.ts';
import { certifyDocument, signatureReferences } from './pades-references.ts';
import { type PadesRequest, checkRequest } from './pades-request.ts';
import { openPdf } from './pdf.ts';
import { readFields } from './pdf-fields.ts';
import { PdfRefused, defaultPdfLimits } from './pdf-objects.ts';
import { IncrementalUpdate } from './pdf-writer.ts';
import type { PreparedSignature } from './prepared.ts';
import { checkSeedValue } from './seed-value.ts';
import { type SignatureReport, mostSignatures, verifyPdf } from './verify.ts';

export { SignatureRefused } from './algorithms.ts';
export type { PadesRequest } from './pades-request.ts';

/** Intake has counted the pages; here only what protects us counts. */
const signingLimits = { ...defaultPdfLimits, maxPages: Number.POSITIVE_INFINITY };
/** Room for a timestamp and revocation data that may be added later, bytes. */
const contentsReserve = 8192;

/** The hash that fits the strength of the key: P-384 with SHA-384, P-521 with SHA-512, everything else with SHA-256. Throws DerRefused. */
export function chooseHash(certificate: Uint8Array): Hash {
  const { key } = readCertificate(certificate);
  if (key?.kind !== 'ec') return 'sha256';
  switch (key.curve) {
    case 'P-256':
      return 'sha256';
    case 'P-384':
      return 'sha384';
    case 'P-521':
      return 'sha512';
  }
}

/** The signatures that are there already. Throws PdfRefused when they cannot be judged, or when there is no room for one more. */
function earlierSignatures(document: Uint8Array): readonly SignatureReport[] {
  const { refusal, signatures } = verifyPdf(document);
  if (refusal !== undefined) throw new PdfRefused(refusal, 'the earlier signatures cannot be judged');
  if (signatures.length >= mostSignatures) throw new PdfRefused('too-complex', 'as many signatures as can be judged');
  return signatures;
}

/**
 * Prepares a signature. Where the document has room behind it (`documentMemory`) it is written there, and only the newest preparation for the same bytes
 * can be finished. Throws PdfRefused when the document cannot be signed, DerRefused or SignatureRefused when certificate and scheme do not
 * fit, and an Error when the document is not the one with the digest that was asked for.
 */
export function preparePades(document: Uint8Array, request: PadesRequest): PreparedSignature {
  checkRequest(request);
  const certificate = readCertificate(request.certificate);
  const signer: CmsSigner = { certificate, chain: request.chain, hash: request.hash, scheme: request.scheme };
  const file = openPdf(document, signingLimits);
  const fields = readFields(file);
  const chosen = chooseField(file, fields, request);
  if (chosen !== undefined) checkSeedValue(file, chosen, request);
  const before = earlierSignatures(document);

  // The document is hashed once: what it was asked for by and what is signed follow from the same bytes.
  const documentDigest = createHash('sha256').update(document);
  checkDigest(documentDigest, request);
  const attributes = (digest: Uint8Array): Uint8Array =>
    signedAttributes(certificate, request.hash, digest, { commitment: request.commitment });
  const blank = attributes(digestOf(request.hash));
  const contentsBytes = measureSignedData(signer, blank) + contentsReserve;
  const update = new IncrementalUpdate(file);
  const signature = update.allocate();
  const certify = request.certify === true;
  update.set(signature, signatureDictionary(request, signatureReferences(file, certify, chosen), contentsBytes));
  const catalogChanges = {
    ...placeSignature(file, update, fields, chosen, signature, request.appearance),
    ...(certify ? certifyDocument(file, update, fields, signature) : {}),
  };
  const catalog = file.catalog();
  if (Object.keys(catalogChanges).length > 0) update.set(catalog.ref, catalog.dict.with(catalogChanges));
  const updated = update.finish(documentDigest.copy().update(blank).digest().subarray(0, 16));
  const { covered, digits } = placeRange(updated.bytes, updated.offsets.get(signature.num) ?? 0, contentsBytes);
  const [start, end] = covered;
  const message = attributes(
    request.hash === 'sha256'
      ? documentDigest.copy().update(start.subarray(document.length)).update(end).digest()
      : digestOf(request.hash, start, end),
  );

  let outputDigest: string | undefined;
  return {
    message,
    outputDigest() {
      if (outputDigest === undefined) throw new Error('no signature was finished');
      return outputDigest;
    },
    finish(value) {
      const cms = assembleSignedData(signer, message, value);
      if (cms.length > contentsBytes) throw new SignatureRefused('the signature is larger than the room for it');
      if (!updated.holds()) throw new Error('another signature was prepared in this document since');
      const output = Buffer.from(updated.bytes.buffer, updated.bytes.byteOffset, updated.bytes.length);
      output.write(
        Buffer.from(cms)
          .toString('hex')
          .toUpperCase()
          .padEnd(contentsBytes * 2, '0'),
        digits,
        'latin1',
      );
      checkOutput(updated.bytes, before, request);
      // The check has hashed every byte of the output where it stands now, and found in front what `documentDigest` was made of.
      outputDigest = documentDigest.copy().update(updated.bytes.subarray(document.length)).digest('hex');
      return updated.bytes;
    },
  };
}

/** Throws an Error when these are not the bytes that were asked for: they were shown, and the holder consented to them. */
function checkDigest(hash: ReturnType<typeof createHash>, { documentDigest }: PadesRequest): void {
  if (documentDigest !== undefined && hash.copy().digest('hex') !== documentDigest)
    throw new Error('these are not the bytes that were to be signed');
}
