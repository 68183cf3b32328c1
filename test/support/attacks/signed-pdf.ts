/** Signed PDFs that are written by hand, so that they can hold whatever an attack needs: certifications, locks, forms, objects nobody leads to. */
import { digestOf } from '../../../agent/documents/algorithms.ts';
import { readCertificate } from '../../../agent/documents/certificate.ts';
import { assembleSignedData, signedAttributes } from '../../../agent/documents/cms.ts';
import { type HandMade, handMade } from '../sample-pdf.ts';
import { type Issued, signWith } from '../signing-keys.ts';

/** Hex digits. */
const room = 8192;
const blankRange = '[0 0000000000 0000000000 0000000000]';

/** The entries of a signature dictionary that nobody has signed yet. `more` goes in front of the place of the signature. */
export function unsignedSignature(more = '', signedAt = soon()): string {
  const date = signedAt.toISOString().slice(0, 19).replace(/[-:T]/g, '');
  const head = `<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/M(D:${date}Z)${more}`;
  return `${head}/ByteRange ${blankRange}/Contents <${'0'.repeat(room)}>>>`;
}

/** A little ahead, so that every certificate that a test issues is valid by then. */
function soon(): Date {
  return new Date(Date.now() + 300_000);
}

/** The CMS over two parts of a file, by the key of `signer`; `shown` is the certificate that the signed attributes name. */
export function cmsOver(parts: readonly Uint8Array[], signer: Issued, shown = signer): Uint8Array {
  const attributes = signedAttributes(readCertificate(shown.certificate), 'sha256', digestOf('sha256', ...parts));
  const cms = { certificate: readCertificate(signer.certificate), chain: [], hash: 'sha256', scheme: 'ecdsa' } as const;
  return assembleSignedData(cms, attributes, signWith(signer.key, 'ecdsa', 'sha256', attributes));
}

/** Signs the last signature dictionary of a file that waits for it, over everything else in the file. */
export function sealed(pdf: Uint8Array, signer: Issued): Uint8Array {
  return sealedWith(pdf, (covered) => cmsOver(covered, signer));
}

/** The same, with a CMS that somebody else makes over what is covered. */
export function sealedWith(pdf: Uint8Array, cmsOf: (covered: readonly Uint8Array[]) => Uint8Array): Uint8Array {
  const bytes = Buffer.from(pdf);
  const rangeAt = bytes.lastIndexOf(blankRange, undefined, 'latin1');
  const start = rangeAt + blankRange.length + '/Contents '.length;
  const end = start + room + 2;
  if (rangeAt === -1) throw new Error('nothing waits for a signature');
  bytes.write(`[0 ${start} ${end} ${bytes.length - end}]`.padEnd(blankRange.length), rangeAt, 'latin1');
  const cms = cmsOf([bytes.subarray(0, start), bytes.subarray(end)]);
  if (cms.length * 2 > room) throw new Error('the signature is larger than the room for it');
  bytes.write(Buffer.from(cms).toString('hex').padEnd(room, '0'), start + 1, 'latin1');
  return Uint8Array.from(bytes);
}

/** A file written by hand, with everything in it signed. */
export function signedByHand(pdf: HandMade, signer: Issued): Uint8Array {
  return sealed(handMade(pdf), signer);
}

/** /Reference of a signature that certifies the document at a level (DocMDP), or locks fields (FieldMDP). */
export function transform(method: 'DocMDP' | 'FieldMDP', parameters: string): string {
  return `/Reference[<</Type/SigRef/TransformMethod/${method}/TransformParams<</Type/TransformParams/V/1.2${parameters}>>>>]`;
}
