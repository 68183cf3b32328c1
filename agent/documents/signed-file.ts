/** What kind of signed file it is, by what is in it, never by its name. */

export type SignedFileKind = 'container' | 'detached' | 'pdf';

/** Octets of a file's beginning that are enough to tell. */
export const headBytes = 64;

/** id-signedData as the type of a ContentInfo (RFC 5652 section 3). */
const signedData = Buffer.from('06092a864886f70d010702', 'hex');

/** The kind by the file's first `headBytes` octets; what is neither container nor CMS is judged as a PDF, and refused there when it is none. */
export function kindOfSigned(head: Uint8Array): SignedFileKind {
  const start = Buffer.from(head.subarray(0, headBytes));
  if (start.subarray(0, 2).toString('latin1') === 'PK') return 'container';
  // SEQUENCE, its length in one to five octets, then the type.
  const at = start.indexOf(signedData);
  return start[0] === 0x30 && at >= 2 && at <= 6 ? 'detached' : 'pdf';
}
