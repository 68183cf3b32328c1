/** What a signature says beyond that somebody signs: the class of a document asks for it, and the holder is told before they agree. */

/** What a signature can commit to (RFC 5126 section 5.11.1). */
export const commitments = [
  'proof-of-origin',
  'proof-of-receipt',
  'proof-of-delivery',
  'proof-of-sender',
  'proof-of-approval',
  'proof-of-creation',
] as const;
export type Commitment = (typeof commitments)[number];

/** At least one of these is there. */
export interface TermsView {
  /** Nobody may change the document afterwards, nor sign it (ISO 32000-2 section 12.8.2.2, P = 1). */
  readonly certifies?: true;
  /** Stands in the signature as its reason. */
  readonly reason?: string;
  readonly commitment?: Commitment;
}
