/** What a visible signature shows and where it stands: what is asked of the signing path, without the drawing of it. */

/** A place on a page as it is shown: turned by its /Rotate, cut to its crop box, origin at the top left; all lengths in points (1/72 inch). */
export interface AppearanceBox {
  /** Counted from 1. */
  readonly page: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** What a reader of the page learns; every text as it is to be drawn. */
export interface AppearanceContent {
  /** Name of the holder. */
  readonly name: string;
  readonly reason?: string;
  /** The station. */
  readonly place: string;
  /** The station's clock. */
  readonly signedAt: Date;
  /** Number of the log entry that announced the signature (`sign.intent`). */
  readonly entry?: number;
  /** Text of the QR code that says where the record is. */
  readonly qr?: string;
  /** Language of the words before each line; English where it is absent. */
  readonly language?: 'en' | 'de';
}

export interface AppearanceRequest {
  readonly box: AppearanceBox;
  readonly content: AppearanceContent;
}
