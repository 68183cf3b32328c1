/**
 * What a diagnostic signature signs. It must never be taken for a declaration of will, so it says that it is none, and it cannot be the signed
 * attributes of a document: those are DER and begin with the byte 0x31 (RFC 5652 section 5.4), this begins with a letter. Nobody but this
 * program chooses a byte of it.
 */
import { randomBytes } from 'node:crypto';

const nonceBytes = 32;

/** A new text, ASCII, lines ended by line feeds. `nonce` is random and used once. */
export function diagnosticText(nonce: Uint8Array = randomBytes(nonceBytes)): string {
  if (nonce.length !== nonceBytes) throw new RangeError(`a nonce has ${nonceBytes} bytes`);
  return [
    'countersign/v1/token-test',
    'Countersign diagnostic, no declaration of will.',
    'This signature was made to see whether a token works. It agrees to nothing and belongs to no document.',
    `nonce ${Buffer.from(nonce).toString('hex')}`,
    '',
  ].join('\n');
}
