/** The texts for a visit with several documents. Numbers reach them ready-made; a plain `number` is there for its plural. */
export interface SeveralTexts {
  readonly chooseTitle: string;
  readonly chooseLead: (holder: string) => string;
  readonly read: (count: number, shown: string) => string;
  /** As long as none is picked. */
  readonly readNone: string;
  readonly readAll: (count: number, shown: string) => string;
  /** The button was touched, and no document is picked. */
  readonly pickFirst: string;
  readonly tooMany: (most: string) => string;
  readonly place: (place: string, of: string) => string;
  /** Back to the document before this one. */
  readonly before: string;
  readonly points: readonly [string, string, string];
  /** Instead of the last of them, where a member of staff vouches for the holder. */
  readonly pointVouched: string;
  readonly sign: (count: number, shown: string) => string;
  readonly readFirst: string;
  readonly signedTitle: (count: number, shown: string) => string;
  readonly takeCardHint: string;
  readonly notDelivered: string;
  /** The reader's own pad asks for the PIN of a document after the first. */
  readonly pinTitle: (place: string, of: string) => string;
  readonly pinLead: string;
  /** The pad asks a second time for the first of them. */
  readonly pinAgain: string;
  readonly tally: (signed: string, of: string) => string;
  readonly signedList: string;
  readonly unknownList: string;
  readonly notSignedList: string;
  readonly entry: (entry: string) => string;
}
