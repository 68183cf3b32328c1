/** The signature dictionary (ISO 32000-1 section 12.8.1): written with room for what is not known yet, and its byte range put into place afterwards. */
import type { PadesRequest } from './pades-request.ts';
import { type PdfArray, PdfDict, PdfName } from './pdf-objects.ts';
import { serialise, textString } from './pdf-serialise.ts';

const rangePlaceholder = '[0 0000000000 0000000000 0000000000]';

/** A date string in UTC (ISO 32000-1 section 7.9.4). */
function pdfDate(date: Date): string {
  return `D:${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
}

/**
 * The dictionary as bytes, with zeros in the place of /ByteRange and /Contents. The station goes into /Location ("CPU host name or physical
 * location of the signing", ISO 32000-1 table 252). The operation goes into /ContactInfo ("information ... to enable a recipient to contact the
 * signer to verify the signature"): it is the number to quote to the organisation, every viewer shows the entry, and no private key of ours is needed.
 */
export function signatureDictionary(request: PadesRequest, references: PdfArray | undefined, contentsBytes: number): Uint8Array {
  const known = new PdfDict({
    Type: new PdfName('Sig'),
    Filter: new PdfName('Adobe.PPKLite'),
    SubFilter: new PdfName('ETSI.CAdES.detached'),
    M: textString(pdfDate(request.signedAt)),
    Location: textString(request.station),
    ContactInfo: textString(`operation ${request.operation}`),
    ...(request.reason === undefined ? {} : { Reason: textString(request.reason) }),
    ...(references === undefined ? {} : { Reference: references }),
  });
  return dictionaryWithRoom(known, contentsBytes);
}

/** A dictionary as bytes, with zeros in the place of /ByteRange and /Contents behind its other entries. */
export function dictionaryWithRoom(known: PdfDict, contentsBytes: number): Uint8Array {
  const head = Buffer.from(serialise(known)).subarray(0, -2);
  return Buffer.concat([head, Buffer.from(`\n/ByteRange ${rangePlaceholder}\n/Contents <${'00'.repeat(contentsBytes)}>>>`)]);
}

/** What a byte range covers: two parts of the file, and between them the hex digits of /Contents, which begin at the offset `digits`. */
export interface PlacedRange {
  readonly covered: readonly [Uint8Array, Uint8Array];
  readonly digits: number;
}

/** Writes the byte range into the dictionary that stands behind the offset `from` (section 12.8.1). */
export function placeRange(bytes: Uint8Array, from: number, contentsBytes: number): PlacedRange {
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
