/** What is asked for when a PDF is to be signed. */
import type { Hash, SignatureScheme } from './algorithms.ts';
import type { AppearanceRequest } from './appearance-request.ts';
import type { Commitment } from '../contract/terms.ts';

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
  /** SHA-256 of the document that was shown and consented to, lower-case hex: no other bytes are signed. */
  readonly documentDigest?: string;
  /** Goes into /Reason; never together with `commitment`. */
  readonly reason?: string;
  /** What the signature commits to, as a signed attribute; never together with `reason`. */
  readonly commitment?: Commitment;
  /** Fully qualified name of an empty signature field that is there already. */
  readonly field?: string;
  /** Certifies the document: no change is allowed after this signature (DocMDP, P = 1). Only as the first signature. */
  readonly certify?: boolean;
  /** Where the signature is seen on a page; invisible without it. */
  readonly appearance?: AppearanceRequest;
}

/** What of it decides whether a document can take the signature. */
export type PadesWishes = Pick<PadesRequest, 'certificate' | 'chain' | 'hash' | 'reason' | 'field' | 'certify'> & {
  /** Whether it is to be seen, wherever that is. */
  readonly appearance?: object;
};

/**
 * Throws an Error for a request that contradicts itself: ETSI EN 319 142-1 section 6.3, requirements d and m, have a reason or a commitment type,
 * not both, because either says why the document was signed and they could say different things.
 */
export function checkRequest(request: PadesRequest): void {
  if (request.reason !== undefined && request.commitment !== undefined)
    throw new Error('a signature has a reason or a commitment type, not both (ETSI EN 319 142-1 section 6.3)');
}
