/** What comes back from a time stamping authority (RFC 3161 section 2.4.2), and out of it the token, or a sentence that says why there is none. */
import { derFromBer } from './ber.ts';
import { tags } from './der.ts';
import { type DerElement, DerRefused, children, expectTag, readBitString, readDer, readSequence, readSmallInteger } from './der-reader.ts';
import { printable } from './printable.ts';

/** A timestamp that cannot be used; the message is for a clerk. */
export class TimestampRefused extends Error {
  override readonly name = 'TimestampRefused';
}

/** PKIFailureInfo, by the number of its bit. */
const failures: Readonly<Record<number, string>> = {
  0: 'it does not take this hash',
  2: 'it does not permit such a request',
  5: 'it could not read the request',
  14: 'its clock is not available',
  15: 'it does not offer the policy that was asked for',
  16: 'it does not know an extension of the request',
  17: 'it cannot give what was asked for besides',
  25: 'its system failed',
};

const mostBytes = 1_000_000;

/** Bytes of a file in DER or BER, or in base64 with or without the lines of PEM. */
function derOf(contents: Uint8Array): Uint8Array {
  if (contents[0] === tags.sequence) return contents;
  const text = Buffer.from(contents).toString('latin1').trim();
  const base64 = text.replace(/^-----BEGIN [A-Z0-9 ]+-----\s/, '').replace(/\s-----END [A-Z0-9 ]+-----$/, '');
  if (base64 === '' || !/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(base64)) throw new DerRefused('neither DER nor base64');
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

/** What a PKIStatusInfo says: status, and the reasons that stand in it as far as they are known. */
function refusal(status: number, info: readonly DerElement[]): string {
  const said = info
    .filter(({ tag }) => tag === tags.sequence)
    .flatMap((texts) => children(texts).map((text) => Buffer.from(expectTag(text, tags.utf8String).content).toString('utf8')));
  const bits = info.filter(({ tag }) => tag === tags.bitString).map(readBitString);
  const known = Object.entries(failures).flatMap(([bit, words]) => {
    const octet = bits[0]?.[Math.floor(Number(bit) / 8)] ?? 0;
    return (octet & (0x80 >> (Number(bit) % 8))) === 0 ? [] : [words];
  });
  const because = known.length === 0 ? `its answer is number ${status}` : known.join(', and ');
  const words = said.length === 0 ? '' : ` In its own words: "${printable(said.join(' '), 200)}".`;
  return `The time stamping authority gave no timestamp: ${because}.${words}`;
}

/**
 * The token (ContentInfo, DER) in a file: a TimeStampResp or the token alone, as DER or base64. Throws TimestampRefused when it is none, or when the
 * authority refused. What came as BER is given as DER, which is what a signature has to carry.
 */
export function tokenIn(contents: Uint8Array): Uint8Array {
  try {
    if (contents.length > mostBytes) throw new DerRefused('too long');
    const der = derFromBer(derOf(contents));
    const [first, token, ...more] = readSequence(readDer(der));
    if (first?.tag === tags.oid) return der;
    const [status, ...info] = readSequence(first);
    const number = readSmallInteger(status);
    // 0 granted, 1 granted with modifications: whether these matter is seen in the token.
    if (number > 1) throw new TimestampRefused(refusal(number, info));
    if (token === undefined || more.length > 0) throw new DerRefused('no token');
    return token.bytes;
  } catch (problem) {
    if (!(problem instanceof DerRefused)) throw problem;
    throw new TimestampRefused('This file is no answer of a time stamping authority.', { cause: problem });
  }
}
