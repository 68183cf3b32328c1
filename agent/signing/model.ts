/**
 * The words of one visit: what the signing machine remembers, what it is told, and what it asks of the actors. No PIN stands in here: the PIN
 * travels as a `Secret` inside one event and goes straight to the `sign` actor.
 */
import type { ReaderPrompt } from '../../drivers/fingerprint.ts';
import type { Secret } from '../../drivers/secret.ts';
import type { Hash, PadMoment, PinInfo, SignatureScheme, TokenInfo } from '../../drivers/token.ts';
import type { DocumentRefusal, ProblemCode } from '../contract/problems.ts';
import type { ReceiptOutcome } from '../contract/receipt.ts';
import type { DocumentView, HolderView, RefusedDocumentView, VisitOutcome } from '../contract/state.ts';
import type { FileVerdictView, SignedFileView } from '../contract/verification.ts';
import type { PageSize } from '../documents/page-sizes.ts';
import type { PreparedSignature } from '../documents/prepared.ts';
import type { LogEntry } from '../log/entry.ts';
import type { Enrolled } from '../people/enrolment.ts';
import type { Vouch } from '../people/vouches.ts';

/** A key that the holder may sign with: usable, trusted, valid, and with an enrolled finger. */
export interface HolderKey {
  readonly certificateSha256: string;
  readonly certificate: Uint8Array;
  /** The certificates between it and the trust anchor, DER. */
  readonly chain: readonly Uint8Array[];
  readonly holder: HolderView;
  readonly scheme: SignatureScheme;
  readonly hash: Hash;
  readonly enrolled: Enrolled;
  /** A member of staff vouches for the holder: no finger is asked for. */
  readonly vouch?: Vouch;
}

/** A document of this visit without its bytes: only those of the one in hand are held. */
export interface ChosenDocument {
  readonly view: DocumentView;
  /** Name in the inbox folder. */
  readonly fileName: string;
}

/** A document as it was read: to be shown, or to be signed. */
export interface OpenDocument extends ChosenDocument {
  readonly bytes: Uint8Array;
  /** Sizes of its pages as they are shown, points; there where a mark may stand on them. */
  readonly pageSizes?: readonly PageSize[];
}

/** What the holder consented to, once it stands in the log. */
export interface Consent {
  /** SHA-256 over the statement: the challenge for the fingerprint reader. */
  readonly digest: Uint8Array;
  /** The finger must have matched, or the vouch been taken, by then. */
  readonly expires: Date;
  /** The entry of the consent, where it names a vouch. */
  readonly vouched?: { readonly vouch: Vouch; readonly consent: Pick<LogEntry, 'seq' | 'at'> };
}

/** A signature that the holder consented to and that has no outcome yet. */
export interface Intent {
  /** Number of the `sign.intent` entry. */
  readonly entry: number;
  /** Leaf of that entry, hex. */
  readonly leaf: string;
  readonly document: ChosenDocument;
}

/** The document in hand, read anew, and what the token signs of it. */
export interface Prepared {
  readonly document: OpenDocument;
  readonly signature: PreparedSignature;
}

export interface SignedResult {
  readonly entry: number;
  readonly at: string;
  readonly outputDigest: string;
  readonly outputName: string;
  /** False while the signed document still waits in the station because the outbox could not take it. */
  readonly delivered: boolean;
  readonly receipt?: ReceiptOutcome;
}

/** Something went wrong; the cause has a row in `contract/problems.ts`. */
export interface Problem {
  readonly code: ProblemCode;
  readonly triesLeft?: number;
  /** Seconds before the same step may be tried again. */
  readonly waitSeconds?: number;
  readonly origin?: { readonly kind: string; readonly value: string };
  readonly refusal?: DocumentRefusal;
  /** It stands in the log already. */
  readonly recorded?: boolean;
}

export interface Limits {
  /** Time without a touch before the idle question, milliseconds. */
  readonly idleMs: number;
  /** How long the idle question waits, whole seconds. */
  readonly idleWarningSeconds: number;
  /** How long a last page stays when the token is out already, milliseconds. */
  readonly lingerMs: number;
  /** Most documents that one visit may sign. */
  readonly mostDocuments: number;
}

export interface MachineInput {
  readonly limits: Limits;
  /** Makes the id of an operation. */
  readonly newOperation: () => string;
  readonly tokens: readonly TokenInfo[];
}

export interface Context {
  readonly limits: Limits;
  readonly newOperation: () => string;
  readonly visit: number;
  readonly tokens: readonly TokenInfo[];
  readonly operation: string;
  readonly tokenId: string | undefined;
  readonly pin: PinInfo | undefined;
  readonly previousPin: 'pin-wrong' | 'pin-length' | undefined;
  /** What the reader's own pad is doing; undefined before it was asked. `secondsLeft` ends at 0. */
  readonly pad:
    { readonly doing: 'waiting'; readonly time: 1 | 2; readonly secondsLeft: number } | { readonly doing: 'signing' } | undefined;
  readonly keys: readonly HolderKey[];
  readonly key: HolderKey | undefined;
  readonly documents: readonly DocumentView[];
  readonly refused: readonly RefusedDocumentView[];
  /** Ids of the documents that the holder wants to sign, in the order in which they are read and signed. */
  readonly chosen: readonly string[];
  /** Those of them that were shown, in the same order. */
  readonly shown: readonly ChosenDocument[];
  /** The last of those, while it can be read. */
  readonly document: OpenDocument | undefined;
  readonly consent: Consent | undefined;
  /** Those without an outcome, in their order: the first one is in hand. */
  readonly intents: readonly Intent[];
  readonly prepared: Prepared | undefined;
  readonly prompt: ReaderPrompt;
  readonly previousFinger: 'not-matched' | 'touch-timeout' | undefined;
  /** How often a finger did not match for this consent. */
  readonly fingerTries: number;
  /** The finger matched, or a vouch was taken instead. */
  readonly fingerMatched: boolean;
  readonly signature: Uint8Array | undefined;
  readonly staged: StagedOutput | undefined;
  /** What was signed, in its order. */
  readonly results: readonly SignedResult[];
  readonly problem: Problem | undefined;
  readonly outcome: VisitOutcome;
  readonly problemEntry: number | undefined;
  /** The `token-out` entry of this visit is in the log. */
  readonly tokenOutRecorded: boolean;
  readonly idleFactor: number;
  readonly idleSecondsLeft: number;
  /** What lies there to be checked; undefined before the first look. */
  readonly signedFiles: SignedFiles | undefined;
  /** The file that is being checked, or was. */
  readonly signedFile: SignedFileView | undefined;
  readonly fileVerdict: FileVerdictView | undefined;
}

export interface SignedFiles {
  readonly files: readonly SignedFileView[];
  /** How many more lie there than are listed. */
  readonly more: number;
  /** The folder is missing or cannot be read. */
  readonly unreachable?: true;
}

export interface StagedOutput {
  readonly digest: string;
  readonly size: number;
  readonly name: string;
  readonly signatureDigest: string;
}

/** What the log says of the visit that was under way when it failed. */
export interface LogEnds {
  /** What stands in it as signed, in order. */
  readonly signed: readonly Omit<SignedResult, 'outputName'>[];
  /** Of one signature nobody can tell whether it was made. */
  readonly unknown: boolean;
  /** That the token was taken out stands in it. */
  readonly left: boolean;
}

export type VisitEvent =
  | { readonly type: 'tokens'; readonly tokens: readonly TokenInfo[] }
  | { readonly type: 'inbox'; readonly documents: readonly DocumentView[]; readonly refused: readonly RefusedDocumentView[] }
  | { readonly type: 'prompt'; readonly prompt: ReaderPrompt }
  /** The token tells what it is doing with the pad of its reader. */
  | { readonly type: 'pad'; readonly moment: PadMoment }
  | { readonly type: 'fault' }
  /** A commit has failed, and nobody knows what is in the log. */
  | { readonly type: 'log-lost' }
  /** The log is open again, and says what became of the visit. */
  | { readonly type: 'log-mended'; readonly ends: LogEnds }
  /** Raised by the machine's own idle region. */
  | { readonly type: 'idle.expired' }
  | { readonly type: 'begin' }
  | { readonly type: 'choose-certificate'; readonly certificateSha256: string }
  | { readonly type: 'choose-documents'; readonly documentIds: readonly string[] }
  | { readonly type: 'place-mark'; readonly page: number; readonly left: number; readonly top: number }
  | { readonly type: 'remove-mark' }
  | { readonly type: 'reviewed' }
  | { readonly type: 'consent'; readonly digests: readonly string[] }
  | { readonly type: 'pin'; readonly pin: Secret }
  | { readonly type: 'check' }
  | { readonly type: 'check-file'; readonly fileId: string }
  | { readonly type: 'back' }
  | { readonly type: 'continue' }
  | { readonly type: 'cancel' }
  | { readonly type: 'more-time' }
  | { readonly type: 'alive' };

/** Problems after which the holder may try the same step again, with the same intent. */
export const retryable: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'pin-wrong',
  'pin-length',
  'pin-timeout',
  'not-matched',
  'touch-timeout',
  'finger-paused',
]);
