/**
 * Every text of the kiosk, as one type: a language that lacks a text does not compile. Texts say what happened and what to do; they never
 * plead, never apologise, never blame, and never show a code.
 */
import type { CheckTexts } from './check.ts';
import type { FingerTexts } from './fingers.ts';
import type { OtherFileText } from './other-file.ts';
import type { DocumentRefusal, DocumentRemark, ProblemCode, Recover } from '../../agent/contract/problems.ts';
import type { SigningStep, VisitOutcome } from '../../agent/contract/state.ts';
import type { ReceiptTexts } from './receipt.ts';
import type { SeveralTexts } from './several.ts';
import type { TermsTexts } from './terms.ts';

/** A language, by its BCP 47 tag. */
export type Language = 'en' | 'de';

export interface ProblemText {
  /** Headline: what happened. */
  readonly title: string;
  readonly happened: string;
  /** What to do, where the advice of `recover` does not fit. */
  readonly todo?: string;
}

/** Numbers, sizes and dates reach the texts ready-made by `format.ts`; a plain `number` is there for its plural. */
export interface Catalogue {
  /** The language's name in itself. */
  readonly languageName: string;
  readonly act: {
    readonly cancel: string;
    readonly back: string;
    readonly close: string;
    readonly tryAgain: string;
    readonly toStart: string;
    readonly language: string;
    readonly display: string;
    readonly help: string;
  };
  readonly banner: string;
  readonly steps: { readonly label: string; readonly names: readonly [string, string, string, string, string] };
  readonly start: {
    readonly title: string;
    readonly lead: string;
    readonly begin: string;
    readonly waiting: (count: number, shown: string) => string;
    readonly noneWaiting: string;
    readonly how: readonly [string, string, string, string];
    readonly logIntact: (entries: string) => string;
    readonly cardReader: { readonly ready: string; readonly missing: string };
    readonly fingerprintReader: { readonly ready: string; readonly missing: string };
    /** `age` is the age of the oldest list, like "yesterday". */
    readonly revocationLists: {
      readonly current: (age: string) => string;
      readonly stale: (age: string) => string;
      readonly none: string;
    };
  };
  readonly insertCard: { readonly title: string; readonly lead: string };
  readonly readingCard: { readonly title: string; readonly lead: string };
  readonly chooseCertificate: {
    readonly title: string;
    readonly lead: string;
    readonly issuer: string;
    readonly serial: string;
    readonly validTo: string;
  };
  readonly chooseDocument: {
    readonly title: string;
    readonly lead: (holder: string) => string;
    readonly read: string;
    readonly expiresSoon: (day: string) => string;
    readonly emptyTitle: string;
    readonly emptyTodo: string;
    readonly refusedTitle: string;
    readonly signedBefore: (count: number, shown: string) => string;
    /** The document has something that its reader is told of. */
    readonly remarked: string;
  };
  readonly document: {
    readonly name: string;
    readonly pages: (count: number, shown: string) => string;
    readonly pagesLabel: string;
    readonly size: string;
    readonly digest: string;
    readonly signer: string;
    readonly kind: string;
  };
  /** The signature as it is seen on the page. */
  readonly mark: {
    readonly title: string;
    readonly invisible: string;
    readonly visible: (page: string) => string;
    readonly place: string;
    readonly move: string;
    readonly how: string;
    readonly left: string;
    readonly right: string;
    readonly up: string;
    readonly down: string;
    readonly done: string;
    readonly remove: string;
    /** On the preview. */
    readonly here: string;
    readonly onPage: (page: string) => string;
  };
  readonly review: {
    readonly title: string;
    readonly lead: string;
    readonly done: string;
    readonly otherDocument: string;
    readonly loading: string;
    readonly notYet: string;
    readonly checked: string;
    readonly remarksTitle: string;
    /** What the reader should know; where parts can be named, their names follow after a colon. */
    readonly remarks: Record<DocumentRemark, string>;
    readonly remarksMore: string;
    readonly page: (page: string, of: string) => string;
    readonly pageUp: string;
    readonly pageDown: string;
    readonly zoomIn: string;
    readonly zoomOut: string;
    readonly changedTitle: string;
    readonly changed: string;
    readonly notShownTitle: string;
    readonly notShown: string;
  };
  readonly otherFile: OtherFileText;
  readonly confirm: {
    readonly title: string;
    readonly agree: string;
    readonly points: readonly [string, string, string];
    /** Instead of the last of them, where a member of staff vouches for the holder. */
    readonly pointVouched: string;
    readonly sign: string;
    readonly readAgain: string;
    readonly readFirst: string;
  };
  readonly touchReader: {
    readonly title: string;
    readonly lead: string;
    readonly processingTitle: string;
    readonly processing: string;
    readonly notMatched: string;
    readonly timedOut: string;
    readonly tries: (count: number, shown: string) => string;
    /** Where the reader compares with one finger. */
    readonly use: FingerTexts;
  };
  readonly lastTry: { readonly title: string; readonly lead: string; readonly todo: string; readonly goOn: string };
  readonly enterPin: {
    readonly title: string;
    readonly lead: string;
    readonly clear: string;
    readonly enter: string;
    readonly entered: (count: number, shown: string) => string;
    readonly none: string;
    readonly tooShort: (count: number, shown: string) => string;
    readonly full: string;
    readonly notSent: string;
    readonly wrong: string;
    readonly wrongLength: string;
    readonly tries: (count: number, shown: string) => string;
    readonly fewTries: string;
    readonly triesUnknown: string;
    readonly lastTry: string;
    readonly keys: string;
  };
  /** The PIN is typed on the keys of the card reader. */
  readonly pinOnReader: {
    readonly title: string;
    readonly lead: string;
    /** The reader does not ask yet. */
    readonly soon: string;
    /** The card asks for it a second time. */
    readonly againTitle: string;
    readonly again: string;
    readonly cancel: string;
  };
  readonly signing: {
    readonly steps: Record<SigningStep, { readonly title: string; readonly line: string }>;
    readonly leaveIn: string;
    readonly pulling: string;
    readonly stillWorking: string;
  };
  readonly signed: {
    readonly title: string;
    readonly takeCard: string;
    readonly takeCardHint: string;
    /** The card is out. */
    readonly cardTaken: string;
    /** The signed document could not be handed out yet. */
    readonly notDelivered: string;
    readonly document: string;
    readonly entry: string;
    readonly at: string;
    readonly atNote: string;
    readonly digest: string;
    readonly output: string;
  };
  readonly receipt: ReceiptTexts;
  readonly several: SeveralTexts;
  readonly check: CheckTexts;
  readonly terms: TermsTexts;
  readonly outcome: Record<VisitOutcome, string>;
  readonly takeCard: { readonly title: string; readonly lead: string };
  readonly trouble: {
    readonly problems: Record<ProblemCode, ProblemText>;
    readonly recover: Record<Recover, string>;
    readonly todoTitle: string;
    readonly entry: (entry: string) => string;
    readonly pinTries: (count: number, shown: string) => string;
    readonly fingerTries: (count: number, shown: string) => string;
    /** How long the pause is before the next finger. */
    readonly wait: (seconds: number, shown: string) => string;
    readonly takeCard: string;
    readonly refusals: Record<DocumentRefusal, string>;
  };
  readonly cover: { readonly title: string; readonly lead: string; readonly starting: string };
  readonly idle: {
    readonly title: string;
    readonly lead: string;
    readonly seconds: (count: number, shown: string) => string;
    readonly more: string;
  };
  readonly cancelByCard: string;
  readonly display: {
    readonly title: string;
    readonly textSize: string;
    readonly sizes: readonly [string, string, string, string];
    readonly contrast: string;
    readonly contrasts: readonly [string, string, string, string];
    readonly sound: string;
    readonly soundOn: string;
    readonly soundOff: string;
  };
  readonly help: { readonly title: string; readonly points: readonly string[] };
}
