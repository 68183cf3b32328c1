/** PAdES B-B signatures (ETSI EN 319 142-1), invisible, as an incremental update; in two steps, because the token only makes the signature. */
import { type Hash, type SignatureScheme, SignatureRefused, digestOf } from './algorithms.ts';
import { readCertificate } from './certificate.ts';
import { type CmsSigner, assembleSignedData, measureSignedData, signedAttributes } from './cms.ts';
import { type PdfFile, openPdf } from './pdf.ts';
import { type Fields, checkPermissions, readFields } from './pdf-fields.ts';
import { PdfArray, PdfDict, PdfName, PdfRef, PdfStream, type PdfValue, damaged, defaultPdfLimits } from './pdf-objects.ts';
import { type PdfPage, readPages } from './pdf-pages.ts';
import { serialise, textString } from './pdf-serialise.ts';
import { IncrementalUpdate } from './pdf-writer.ts';
import type { PreparedSignature } from './prepared.ts';
import { type SignatureReport, verifyPdf } from './verify.ts';

export { SignatureRefused } from './algorithms.ts';

export interface PadesRequest {
  /** The signer's certificate, DER. */
  readonly certificate: Uint8Array;
  /** Certificates to be carried along, DER each; the signer's own may be the first. */
  readonly chain: readonly Uint8Array[];
  readonly hash: Hash;
  readonly scheme: SignatureScheme;
  /** The station's clock; goes into /M, whole seconds. */
  readonly signedAt: Date;
  /** Id of the operation. */
  readonly operation: string;
  readonly station: string;
  readonly reason?: string;
}

/** Intake has counted the pages; here only what protects us counts. */
const signingLimits = { ...defaultPdfLimits, maxPages: Number.POSITIVE_INFINITY };
/** Room for a timestamp and revocation data that may be added later, bytes. */
const contentsReserve = 8192;
const rangePlaceholder = '[0 0000000000 0000000000 0000000000]';

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

/** A date string in UTC (ISO 32000-1 section 7.9.4). */
function pdfDate(date: Date): string {
  return `D:${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
}

/**
 * The signature dictionary with room for what is not known yet. The station goes into /Location ("CPU host name or physical location of
 * the signing", ISO 32000-1 table 252). The operation goes into /ContactInfo ("information ... to enable a recipient to contact the signer
 * to verify the signature"): it is the number to quote to the organisation, every viewer shows the entry, and no private key of ours is needed.
 */
function signatureDictionary(request: PadesRequest, contentsBytes: number): Uint8Array {
  const known = new PdfDict({
    Type: new PdfName('Sig'),
    Filter: new PdfName('Adobe.PPKLite'),
    SubFilter: new PdfName('ETSI.CAdES.detached'),
    M: textString(pdfDate(request.signedAt)),
    Location: textString(request.station),
    ContactInfo: textString(`operation ${request.operation}`),
    ...(request.reason === undefined ? {} : { Reason: textString(request.reason) }),
  });
  const head = Buffer.from(serialise(known)).subarray(0, -2);
  return Buffer.concat([head, Buffer.from(`\n/ByteRange ${rangePlaceholder}\n/Contents <${'00'.repeat(contentsBytes)}>>>`)]);
}

function freeName(fields: Fields): string {
  const taken = new Set([...fields.names].map((name) => name.split('.')[0]));
  for (let number = fields.signed.length + 1; ; number += 1) if (!taken.has(`Signature${number}`)) return `Signature${number}`;
}

/** A field that is its own widget: no place on the page, yet with an appearance, as PDF/A-1 wants of every widget (ISO 19005-1 section 6.3.3). */
function signatureField(update: IncrementalUpdate, name: string, page: PdfRef, signature: PdfRef): PdfDict {
  const nowhere = new PdfArray([0, 0, 0, 0]);
  const appearance = update.allocate();
  const form = new PdfDict({ Type: new PdfName('XObject'), Subtype: new PdfName('Form'), BBox: nowhere, Resources: new PdfDict({}) });
  update.set(appearance, new PdfStream(form, new Uint8Array(0)));
  return new PdfDict({
    Type: new PdfName('Annot'),
    Subtype: new PdfName('Widget'),
    FT: new PdfName('Sig'),
    T: textString(name),
    F: 132, // print, locked
    Rect: nowhere,
    P: page,
    V: signature,
    AP: new PdfDict({ N: appearance }),
  });
}

/** Appends to an array where it lives: an indirect one is set anew, and undefined comes back; a direct or absent one comes back longer. */
function appendTo(file: PdfFile, update: IncrementalUpdate, holder: PdfValue, item: PdfValue): PdfArray | undefined {
  const found = file.resolve(holder);
  if (found !== null && !(found instanceof PdfArray)) damaged('an array is something else');
  const longer = new PdfArray([...(found?.items ?? []), item]);
  const last = lastReference(file, holder);
  if (last === undefined || found === null) return longer;
  update.set(last, longer);
  return undefined;
}

/** The last reference of a chain: the one whose object is no reference itself. */
function lastReference(file: PdfFile, value: PdfValue): PdfRef | undefined {
  let last: PdfRef | undefined;
  for (let next = value; next instanceof PdfRef; next = file.get(next)) last = next;
  return last;
}

function addToPage(file: PdfFile, update: IncrementalUpdate, page: PdfPage, field: PdfRef): void {
  const annotations = appendTo(file, update, page.dict.get('Annots'), field);
  if (annotations !== undefined) update.set(page.ref, page.dict.with({ Annots: annotations }));
}

/** Adds the field to the interactive form, wherever that lives, and sets SignaturesExist and AppendOnly (section 12.7.2, table 219). */
function addToForm(file: PdfFile, update: IncrementalUpdate, field: PdfRef): void {
  const catalog = file.catalog();
  const formValue = catalog.dict.get('AcroForm');
  const form = file.resolve(formValue);
  if (form !== null && !(form instanceof PdfDict)) damaged('the form is something else');
  const old = form ?? new PdfDict({});
  const flags = file.resolve(old.get('SigFlags'));
  const fields = appendTo(file, update, old.get('Fields'), field);
  const set = typeof flags === 'number' ? flags | 3 : 3;
  if (fields === undefined && set === flags) return;
  const changed = old.with({ SigFlags: set, ...(fields === undefined ? {} : { Fields: fields }) });
  const formRef = lastReference(file, formValue);
  if (form !== null && formRef !== undefined) update.set(formRef, changed);
  else if (form !== null) update.set(catalog.ref, catalog.dict.with({ AcroForm: changed }));
  else {
    const made = update.allocate();
    update.set(made, changed);
    update.set(catalog.ref, catalog.dict.with({ AcroForm: made }));
  }
}

/** Writes the byte range into its place (section 12.8.1) and gives the two covered parts and where the hex digits of /Contents begin. */
function placeRange(
  bytes: Uint8Array,
  from: number,
  contentsBytes: number,
): { covered: readonly [Uint8Array, Uint8Array]; digits: number } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const placeAt = buffer.indexOf(`/ByteRange ${rangePlaceholder}\n/Contents <`, from);
  const rangeAt = placeAt + '/ByteRange '.length;
  const contentsStart = rangeAt + rangePlaceholder.length + '\n/Contents '.length;
  const contentsEnd = contentsStart + 2 + contentsBytes * 2;
  const range = `[0 ${contentsStart} ${contentsEnd} ${bytes.length - contentsEnd}]`;
  if (placeAt === -1 || range.length > rangePlaceholder.length) throw new RangeError('no room for the byte range');
  buffer.write(range.padEnd(rangePlaceholder.length), rangeAt, 'latin1');
  return { covered: [bytes.subarray(0, contentsStart), bytes.subarray(contentsEnd)], digits: contentsStart + 1 };
}

/** Reads the output back as a stranger would: the file unchanged in front, every earlier signature as it was, ours intact over everything. */
function checkOutput(document: Uint8Array, output: Uint8Array, before: readonly SignatureReport[], request: PadesRequest): void {
  if (!Buffer.from(document).equals(output.subarray(0, document.length))) throw new SignatureRefused('the document was changed');
  const after = verifyPdf(output).signatures;
  const own = after.find((report) => report.coversWholeDocument);
  const signer = readCertificate(request.certificate);
  if (own?.intact !== true || own.signer?.serial !== signer.serial)
    throw new SignatureRefused('the signature does not hold in the finished document');
  if (after.length !== before.length + 1) throw new SignatureRefused('the finished document has another number of signatures');
  for (const earlier of before) {
    const now = after.find((report) => report.field === earlier.field);
    const worse = now?.intact !== earlier.intact || (earlier.verdict !== 'TOTAL-FAILED' && now.changes.length > earlier.changes.length);
    if (worse) throw new SignatureRefused(`the earlier signature ${earlier.field} would no longer hold`);
  }
}

/** Prepares a signature. Throws PdfRefused when the document cannot be signed, DerRefused or SignatureRefused when certificate and scheme do not fit. */
export function preparePades(document: Uint8Array, request: PadesRequest): PreparedSignature {
  const certificate = readCertificate(request.certificate);
  const signer: CmsSigner = { certificate, chain: request.chain, hash: request.hash, scheme: request.scheme };
  const file = openPdf(document, signingLimits);
  const fields = readFields(file);
  checkPermissions(file, fields);
  const page = readPages(file)[0] ?? damaged('no pages');
  const before = verifyPdf(document).signatures;

  const blank = signedAttributes(certificate, request.hash, digestOf(request.hash));
  const contentsBytes = measureSignedData(signer, blank) + contentsReserve;
  const update = new IncrementalUpdate(file);
  const signature = update.allocate();
  const field = update.allocate();
  update.set(signature, signatureDictionary(request, contentsBytes));
  update.set(field, signatureField(update, freeName(fields), page.ref, signature));
  addToPage(file, update, page, field);
  addToForm(file, update, field);
  const updated = update.finish(digestOf('sha256', document, blank).subarray(0, 16));
  const { covered, digits } = placeRange(updated.bytes, updated.offsets.get(signature.num) ?? 0, contentsBytes);
  const message = signedAttributes(certificate, request.hash, digestOf(request.hash, ...covered));

  return {
    message,
    finish(value) {
      const cms = assembleSignedData(signer, message, value);
      if (cms.length > contentsBytes) throw new SignatureRefused('the signature is larger than the room for it');
      const output = Buffer.from(updated.bytes);
      output.write(Buffer.from(cms).toString('hex').toUpperCase(), digits, 'latin1');
      checkOutput(document, output, before, request);
      return new Uint8Array(output.buffer, output.byteOffset, output.length);
    },
  };
}
