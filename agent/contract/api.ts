/**
 * The HTTP interface between kiosk and agent, same origin, loopback only.
 *
 * | route | what it does |
 * | --- | --- |
 * | `POST /api/session` | a page that was served by this agent takes its session: sets the cookie `countersign` (HttpOnly, SameSite=Strict), answers `{ csrf }`, which goes into the header `x-countersign` of every other call |
 * | `GET /api/events` | server-sent events: `StateMessage` as JSON, one per line `data:`; a comment line every second as a sign of life |
 * | `GET /api/documents/:id` | the very bytes that will be signed; only while that document is being reviewed |
 * | `POST /api/actions` | an `Action` as JSON; 204, or 409 `not-now` when the state does not take it |
 * | `POST /api/pin` | binary body `application/octet-stream` of exactly `pinBodyLength` bytes: one length byte, the PIN bytes, then zeros; 204 or 409 |
 */

/** What a person can do at the screen. The agent ignores nothing: an action that does not fit the state is refused with `not-now`. */
export type Action =
  | { readonly type: 'begin' }
  | { readonly type: 'choose-certificate'; readonly certificateSha256: string }
  /** One or several, each once, in the order in which they are read and signed. */
  | { readonly type: 'choose-documents'; readonly documentIds: readonly string[] }
  /**
   * While a document is shown whose mark the holder may place: where it stands, from the top left corner of the page (counted from 1) as it is shown,
   * whole points. Refused where it would leave the page.
   */
  | { readonly type: 'place-mark'; readonly page: number; readonly left: number; readonly top: number }
  /** Takes that mark away again: the signature is then invisible. */
  | { readonly type: 'remove-mark' }
  /** The last page was reached or the holder says that they have read it: on to the next document, after the last one to `confirm`. */
  | { readonly type: 'reviewed' }
  /** "Sign this document", the consent. The digests are those that the screen showed, in their order; others are refused. */
  | { readonly type: 'consent'; readonly digests: readonly string[] }
  /** From the first screen: somebody has a signed file, and wants to know what its signatures are worth. No card is needed. */
  | { readonly type: 'check' }
  | { readonly type: 'check-file'; readonly fileId: string }
  | { readonly type: 'back' }
  | { readonly type: 'continue' }
  | { readonly type: 'cancel' }
  /** Answers the idle question; doubles the limit for this visit. */
  | { readonly type: 'more-time' }
  /** Somebody touched the screen. */
  | { readonly type: 'alive' };

export type ActionType = Action['type'];

/**
 * Length of the body of POST /api/pin, bytes. Every PIN has the same, so that its length tells nothing. (What an HTTP parser's buffer keeps is
 * overwritten by the agent itself: `agent/http/wash.ts`.)
 */
export const pinBodyLength = 4096 + 1 + 64;
/** Longest PIN that the station takes, bytes. */
export const pinMaxLength = 64;
/** Most documents that any station lets a holder sign in one visit; a station may allow fewer. */
export const mostDocuments = 200;
export const csrfHeader = 'x-countersign';
export const sessionCookie = 'countersign';

/** Workbench (demo stations only): what a person can do to the virtual hardware. */
export type WorkbenchAction =
  | { readonly type: 'insert-card'; readonly card: string }
  | { readonly type: 'remove-card' }
  /** The card is pulled when the next signature is being made. */
  | { readonly type: 'pull-card-while-signing' }
  | { readonly type: 'touch'; readonly finger: string }
  | { readonly type: 'unplug-fingerprint-reader' }
  | { readonly type: 'plug-fingerprint-reader' };

export interface WorkbenchCard {
  readonly id: string;
  /** For a person: "Ada Lovelace, RSA-2048". */
  readonly title: string;
  readonly pin: string;
}

/** `GET /workbench/state`. */
export interface WorkbenchState {
  readonly cards: readonly WorkbenchCard[];
  readonly inserted?: string;
  readonly fingers: readonly { readonly id: string; readonly title: string; readonly enrolled: boolean }[];
  readonly fingerprintReaderPlugged: boolean;
  /** Newest entries of the log, newest last. */
  readonly log: readonly { readonly seq: number; readonly op: string; readonly at: string; readonly problem?: string }[];
}
