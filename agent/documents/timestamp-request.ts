/**
 * The request to a time stamping authority (RFC 3161 section 2.4.1). It holds a digest and nothing else of the document, so that it may leave the
 * station on a drive.
 */
import { type Hash, digestAlgorithm, digestOf } from './algorithms.ts';
import { boolean, integer, octetString, sequence, unsignedInteger } from './der.ts';

/** What is stamped: the digest of some bytes, and by which hash. */
export interface Imprint {
  readonly hash: Hash;
  readonly digest: Uint8Array;
}

/** The imprint of these bytes. */
export function imprintOf(hash: Hash, ...parts: readonly Uint8Array[]): Imprint {
  return { hash, digest: digestOf(hash, ...parts) };
}

function messageImprint({ hash, digest }: Imprint): Uint8Array {
  return sequence(digestAlgorithm(hash), octetString(digest));
}

/**
 * The nonce of a request, 8 bytes. It follows from the imprint: the answer comes back days later and perhaps to another station, so nothing has to be
 * kept, and still an answer to somebody else's request about the same digest is told apart. That an answer is no older one needs no secret nonce here:
 * nobody could ask before there was a signature, and an earlier proof of existence is as good.
 */
export function nonceFor(imprint: Imprint): Uint8Array {
  return digestOf('sha256', Buffer.from('countersign timestamp nonce\0'), messageImprint(imprint)).subarray(0, 8);
}

/** TimeStampReq, DER: version 1, the nonce that `nonceFor` gives, and the wish that the authority's certificate comes with the answer. */
export function timestampRequest(imprint: Imprint): Uint8Array {
  return sequence(integer(1), messageImprint(imprint), unsignedInteger(nonceFor(imprint)), boolean(true));
}
