/**
 * What the kiosk is told: one public state at a time, each with exactly the data that its screen shows. It carries no PIN, no path, no native
 * text, and no decision that the kiosk would have to take. The agent's `signing/view.ts` is the only place that makes these.
 */
import type { FingerName } from './finger.ts';
import type { ReceiptOutcome } from './receipt.ts';
import type { PinView } from './pin.ts';
import type { DocumentRefusal, DocumentRemark, ProblemCode, Recover, TroubleScreen } from './problems.ts';
import type { TermsView } from './terms.ts';
import type { FileVerdictView, SignedFileView } from './verification.ts';

/** The holder, as their certificate names them. */
export interface HolderView {
  readonly name: string;
  readonly issuer: string;
  /** Serial number of the certificate, hex. */
  readonly serial: string;
  /** Last day of validity, RFC 3339. */
  readonly validTo: string;
  /** Set when that is less than 30 days away. */
  readonly expiresSoon?: true;
}

export interface CertificateChoice extends HolderView {
  /** SHA-256 of the certificate, hex: what the kiosk sends back. */
  readonly certificateSha256: string;
}

/** What a file is that is no PDF, by its content. */
export const otherKinds = [
  'text',
  'xml',
  'picture',
  'text-document',
  'spreadsheet',
  'presentation',
  'packed-files',
  'container',
  'unknown',
] as const;
export type OtherKind = (typeof otherKinds)[number];

/** How a document is signed: in the PDF itself; in a .p7s of its own; in a container for it; in a container for any number of files. */
export type OutputFormat = 'pades' | 'cades' | 'asic-s' | 'asic-e';

/** A file that is no PDF: it cannot be shown. */
export interface OtherView {
  readonly kind: OtherKind;
  /** As RFC 2045 writes it. */
  readonly mimeType: string;
  /** The files of a container, with the SHA-256 of each, hex; empty for everything else. */
  readonly files: readonly { readonly name: string; readonly digest: string }[];
}

export interface DocumentView {
  /** Opaque id: what the kiosk sends back, and the key of GET /api/documents/:id. */
  readonly id: string;
  /** Name for a person; control characters and direction overrides are escaped. */
  readonly name: string;
  readonly pages: number;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of the bytes, hex. */
  readonly digest: string;
  /** Signatures that are already in it. */
  readonly signatures: number;
  /** Name of its class, as the organisation calls it; absent where it has none. */
  readonly documentClass?: string;
  /** What the signature will say besides; absent where it says nothing more. */
  readonly terms?: TermsView;
  /** Where the signature is seen on the page; absent where it is invisible and cannot be placed. */
  readonly mark?: MarkView;
  /** What the holder should know before they sign it; absent where there is nothing. */
  readonly remarks?: readonly RemarkView[];
  /** Set for a file that is no PDF. */
  readonly other?: OtherView;
  /** Absent where the PDF itself is signed. */
  readonly format?: Exclude<OutputFormat, 'pades'>;
}

/** A visible signature on a page as it is shown; whole points (1/72 inch), from its top left corner. */
export interface MarkView {
  /** Largest size: on a page that is smaller it is cut to the page. */
  readonly width: number;
  readonly height: number;
  /** Whether the holder may place it and take it away. */
  readonly byHand: boolean;
  /** Where it stands; `page` counts from 1. Absent while it stands nowhere. */
  readonly box?: MarkBox;
}

export interface MarkBox {
  readonly page: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface RemarkView {
  readonly code: DocumentRemark;
  /** Which parts of the document it is about, such as names of fonts, made safe to show; empty where there is nothing to name. */
  readonly subjects: readonly string[];
}

export interface RefusedDocumentView {
  readonly name: string;
  readonly refusal: DocumentRefusal;
  /** Which part of the document it is about, such as the name of a signature, made safe to show. */
  readonly subject?: string;
}

/** One line of trust on the start screen (UX.md rule 13). */
export interface StationView {
  /** Name of the station, for example `branch-12.example.org`. */
  readonly name: string;
  /** A demo station uses virtual devices, and every screen says so. */
  readonly demo: boolean;
  /** Number of entries in the log, and that it was verified at start. */
  readonly logSize: number;
  /** A card can be put in: a card reader is there, or only tokens that bring their own are used here. */
  readonly cardReaderReady: boolean;
  readonly fingerprintReaderReady: boolean;
  /** The oldest revocation list in use (RFC 3339), and whether any of them is past its time; absent where there is none. */
  readonly revocationLists?: { readonly oldest: string; readonly stale: boolean };
}

/** The steps of signing, in their order; each is shown only while it is really going on. */
export type SigningStep = 'preparing' | 'card-signing' | 'checking' | 'saving';

/** How a visit ended; it is read from the log, never guessed. `partly-signed`: some documents are signed, and certainly no others. */
export type VisitOutcome = 'signed' | 'partly-signed' | 'nothing-signed' | 'outcome-unknown';

/** Which of the documents of this visit it is, counted from 1. */
export interface PlaceView {
  readonly place: number;
  readonly of: number;
}

/** A document that is signed. */
export interface SignedDocumentView {
  readonly document: DocumentView;
  /** Number of the `sign.done` entry. */
  readonly entry: number;
  /** RFC 3339: the station's clock, not a timestamp by a third party. */
  readonly at: string;
  /** SHA-256 of the signed document, hex. */
  readonly outputDigest: string;
  /** Name of the file in the outbox. */
  readonly outputName: string;
  /** False while the signed document waits in the station because the outbox could not take it: staff fetch it later. */
  readonly delivered: boolean;
  /** Absent where the log has no key: then nobody gets a receipt. */
  readonly receipt?: ReceiptOutcome;
}

/** What became of each document, where several were agreed to and not all of them are signed. */
export interface TallyView {
  readonly signed: readonly SignedDocumentView[];
  /** The one of which nobody can tell. */
  readonly unknown?: DocumentView;
  readonly notSigned: readonly DocumentView[];
}

export type PublicState =
  | { readonly screen: 'start'; readonly documentsWaiting: number }
  | { readonly screen: 'insert-card' }
  | { readonly screen: 'reading-card' }
  | { readonly screen: 'choose-certificate'; readonly certificates: readonly CertificateChoice[] }
  | {
      readonly screen: 'choose-document';
      readonly holder: HolderView;
      readonly documents: readonly DocumentView[];
      readonly refused: readonly RefusedDocumentView[];
      /** How many of them one visit may sign. */
      readonly most: number;
    }
  | {
      readonly screen: 'review-document';
      readonly holder: HolderView;
      readonly document: DocumentView;
      readonly place: PlaceView;
      /** The station is still opening it: its bytes are not there yet. */
      readonly opening?: true;
    }
  | {
      readonly screen: 'confirm';
      readonly holder: HolderView;
      readonly documents: readonly DocumentView[];
      /** A member of staff vouches for the holder: no finger is asked for. */
      readonly vouched?: true;
    }
  | {
      readonly screen: 'touch-reader';
      readonly document: DocumentView;
      readonly prompt: 'touch' | 'processing';
      /** The one finger that is asked for; absent where any enrolled finger will do. */
      readonly finger?: FingerName;
      /** Set when the finger before this one did not match. */
      readonly previous?: 'not-matched' | 'touch-timeout';
      readonly triesLeft?: number;
    }
  | { readonly screen: 'last-try'; readonly document: DocumentView }
  | {
      readonly screen: 'enter-pin';
      readonly document: DocumentView;
      /** One PIN serves several documents, unless the key wants it for each of them and the reader has a pad of its own. */
      readonly place: PlaceView;
      readonly pin: PinView;
    }
  | { readonly screen: 'signing'; readonly document: DocumentView; readonly place: PlaceView; readonly step: SigningStep }
  | {
      readonly screen: 'check-choose';
      readonly files: readonly SignedFileView[];
      /** How many more lie there than are listed. */
      readonly more: number;
      /** The folder has not been looked into yet. */
      readonly looking?: true;
      /** The folder for files to be checked is missing or cannot be read. */
      readonly unreachable?: true;
    }
  | { readonly screen: 'checking-file'; readonly file: SignedFileView }
  | { readonly screen: 'check-verdict'; readonly file: SignedFileView; readonly verdict: FileVerdictView }
  | (SignedDocumentView & {
      readonly screen: 'signed';
      /** Those that were signed before it in this visit, in their order; absent where it was the only one. */
      readonly earlier?: readonly SignedDocumentView[];
      /** Set once the token is out: nothing is left to do, and `continue` leads back to the start. */
      readonly cardTaken?: true;
    })
  | { readonly screen: 'take-card'; readonly outcome: VisitOutcome; readonly tally?: TallyView }
  | {
      readonly screen: 'trouble';
      readonly trouble: TroubleScreen;
      readonly problem: ProblemCode;
      readonly recover: Recover;
      /** Whether anything was signed in this visit: the sentence under the headline. */
      readonly outcome: VisitOutcome;
      /** Absent while an intent is still open, and where one document or none was agreed to. */
      readonly tally?: TallyView;
      readonly triesLeft?: number;
      /** After too many fingers: whole seconds, from this message on, before `continue` leads on. Then another message comes. */
      readonly waitSeconds?: number;
      readonly entry?: number;
      /** True when `continue` leads on (try again); false when only taking the card does. */
      readonly canContinue: boolean;
      readonly refusal?: DocumentRefusal;
    };

export type ScreenName = PublicState['screen'];

/** A question laid over the screen: the visit ends by itself unless somebody answers. */
export interface IdleWarning {
  /** Whole seconds that are left. */
  readonly secondsLeft: number;
}

/** One message of the event stream. `seq` rises by one with each; a gap means that the kiosk must reconnect. */
export interface StateMessage {
  readonly seq: number;
  /** Number of this visit since the agent started; it changes when the screen must be wiped. */
  readonly visit: number;
  readonly station: StationView;
  readonly state: PublicState;
  /** A member of staff vouches for the holder: the step of the finger is left out. */
  readonly withoutFinger?: true;
  readonly idle?: IdleWarning;
}
