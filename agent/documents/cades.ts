/**
 * CAdES B-B signatures, detached (ETSI EN 319 122-1 section 6.3): a CMS object of its own beside content of any kind, of which only the digest is
 * needed. The signing time is a signed attribute here, because there is no other place for it.
 */
import { type Hash, type SignatureScheme, SignatureRefused, digestOf, signatureHolds } from './algorithms.ts';
import { readCertificate } from './certificate.ts';
import type { Commitment } from '../contract/terms.ts';
import { type CmsSigner, assembleSignedData, checkScheme, signedAttributes } from './cms.ts';
import { readSignedData } from './cms-reader.ts';
import type { PreparedSignature } from './prepared.ts';

export interface CadesRequest {
  /** The signer's certificate, DER. */
  readonly certificate: Uint8Array;
  /** Certificates to be carried along, DER each; the signer's own may be the first. */
  readonly chain: readonly Uint8Array[];
  readonly hash: Hash;
  readonly scheme: SignatureScheme;
  /** The station's clock; goes into signing-time, whole seconds. */
  readonly signedAt: Date;
  /** Kind of the content as RFC 2045 writes it, "text/plain"; left out where a manifest says it (section 5.2.4.2). */
  readonly mimeType?: string;
  readonly commitment?: Commitment;
}

/** Reads the output back as a stranger would: this content, this signer, a signature by this key, and the time that was asked for. */
function checkOutput(output: Uint8Array, contentDigest: Uint8Array, request: CadesRequest): void {
  const found = readSignedData(output);
  const holds =
    found.signer !== undefined &&
    Buffer.from(found.signer.der).equals(request.certificate) &&
    found.digest === request.hash &&
    Buffer.from(found.messageDigest).equals(contentDigest) &&
    found.algorithm !== undefined &&
    signatureHolds(found.signer.publicKey, found.algorithm.scheme, found.algorithm.hash, found.attributes, found.signature) &&
    found.signingTime?.getTime() === Math.floor(request.signedAt.getTime() / 1000) * 1000;
  if (!holds) throw new SignatureRefused('the signature does not hold when it is read back');
}

/**
 * Prepares a signature over content with this digest, which is one by `request.hash`. `finish` gives the whole .p7s, DER. Throws DerRefused or
 * SignatureRefused when certificate and scheme do not fit.
 */
export function prepareCades(contentDigest: Uint8Array, request: CadesRequest): PreparedSignature {
  const certificate = readCertificate(request.certificate);
  const signer: CmsSigner = { certificate, chain: request.chain, hash: request.hash, scheme: request.scheme };
  checkScheme(certificate, request.scheme);
  if (contentDigest.length !== digestOf(request.hash).length)
    throw new SignatureRefused('the digest of the content is one by another hash');
  const message = signedAttributes(certificate, request.hash, contentDigest, {
    signingTime: request.signedAt,
    commitment: request.commitment,
    mimeType: request.mimeType,
  });
  return {
    message,
    finish(value) {
      const output = assembleSignedData(signer, message, value);
      checkOutput(output, contentDigest, request);
      return output;
    },
  };
}
