/** The receipt that a holder takes away: a proof that the entry of their signature is in the operation log. */

export interface ReceiptView {
  /** What the QR code says: a C2SP tlog-proof that carries the hash of the entry. Absent of a document that another one was signed after. */
  readonly code?: string;
  /** Name of the file in the outbox, which carries the entry itself; absent where it could not be put there. */
  readonly fileName?: string;
}

/** `not-made`: the document is signed, and its receipt can be made later. */
export type ReceiptOutcome = ReceiptView | 'not-made';
