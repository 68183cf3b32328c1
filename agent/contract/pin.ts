/** What the screen shows while a PIN is asked for. The PIN itself never stands in it. */

export interface PinView {
  readonly minLength: number;
  readonly maxLength: number;
  /** Absent where the token does not tell. */
  readonly triesLeft?: number;
  /** The token says that tries were used, and not how many are left. */
  readonly fewTries?: true;
  readonly lastTry: boolean;
  /** Where the PIN is typed. */
  readonly pad: 'screen' | 'reader';
  /** Set while the reader's own pad waits for the PIN. */
  readonly waiting?: PadWait;
  /** Set when the try before this one was wrong, or the PIN had a length the card cannot take. */
  readonly previous?: 'pin-wrong' | 'pin-length';
}

/** The reader's own pad waits for the PIN; the agent counts. */
export interface PadWait {
  /** The second time: this card asks for the PIN once more, for this very signature, after the first one was right. */
  readonly time: 1 | 2;
  /** Whole seconds that are left; absent once the reader may end the wait at any moment. */
  readonly secondsLeft?: number;
}
