/** The texts of the receipt that a holder takes away. */
export interface ReceiptTexts {
  readonly title: string;
  /** Under the code. */
  readonly lead: string;
  /** Where several documents were signed. */
  readonly leadSeveral: string;
  /** What the code is, for whoever does not see it. */
  readonly code: string;
  /** What the file is called, in a list of facts. */
  readonly file: string;
  readonly notMade: string;
}
