/**
 * Everything that can go wrong, as a closed list of codes with the advice that belongs to each: the one table that the log, the screens and
 * the HTTP answers share. No text for people stands here; the kiosk has a text in every language for every code.
 */

/** What the person at the counter can do about it. */
export type Recover = 'retry' | 're-enter-pin' | 'reinsert' | 'other-token' | 'ask-staff' | 'none';

/** The screen that shows a problem (UX.md, trouble screens). */
export type TroubleScreen =
  | 'wrong-pin'
  | 'pin-locked'
  | 'no-pin'
  | 'unsupported-card'
  | 'two-cards'
  | 'no-usable-certificate'
  | 'certificate-expired'
  | 'certificate-revoked'
  | 'not-enrolled'
  | 'finger-not-matched'
  | 'reader-locked'
  | 'card-removed'
  | 'outcome-unknown'
  | 'card-reader-lost'
  | 'document-refused'
  | 'cancelled'
  | 'out-of-service';

/** The operation that the log gets for a problem inside a visit (LOG.md, catalogue). */
export type ProblemEvent =
  'token-in' | 'finger-refused' | 'pin-wrong' | 'pin-locked' | 'sign.failed' | 'sign.outcome-unknown' | 'document-refused';

interface ProblemRow {
  readonly recover: Recover;
  readonly screen: TroubleScreen;
  readonly event: ProblemEvent;
}

/** One row per problem. A test proves that every row has a text in every language. */
export const problems = {
  'no-token': { recover: 'reinsert', screen: 'card-removed', event: 'sign.failed' },
  'token-removed': { recover: 'reinsert', screen: 'card-removed', event: 'sign.failed' },
  'token-changed': { recover: 'reinsert', screen: 'card-removed', event: 'sign.failed' },
  'two-tokens': { recover: 'retry', screen: 'two-cards', event: 'token-in' },
  'unsupported-token': { recover: 'other-token', screen: 'unsupported-card', event: 'token-in' },
  'reader-lost': { recover: 'ask-staff', screen: 'card-reader-lost', event: 'sign.failed' },
  'fingerprint-reader-lost': { recover: 'ask-staff', screen: 'card-reader-lost', event: 'finger-refused' },
  busy: { recover: 'retry', screen: 'card-reader-lost', event: 'sign.failed' },
  'pin-wrong': { recover: 're-enter-pin', screen: 'wrong-pin', event: 'pin-wrong' },
  'pin-locked': { recover: 'other-token', screen: 'pin-locked', event: 'pin-locked' },
  'pin-length': { recover: 're-enter-pin', screen: 'wrong-pin', event: 'pin-wrong' },
  'pin-expired': { recover: 'other-token', screen: 'pin-locked', event: 'pin-locked' },
  'pin-timeout': { recover: 'retry', screen: 'no-pin', event: 'pin-wrong' },
  'not-matched': { recover: 'retry', screen: 'finger-not-matched', event: 'finger-refused' },
  'reader-locked': { recover: 'ask-staff', screen: 'reader-locked', event: 'finger-refused' },
  'touch-timeout': { recover: 'retry', screen: 'finger-not-matched', event: 'finger-refused' },
  'assertion-refused': { recover: 'ask-staff', screen: 'finger-not-matched', event: 'finger-refused' },
  'finger-paused': { recover: 'retry', screen: 'finger-not-matched', event: 'finger-refused' },
  'finger-disabled': { recover: 'ask-staff', screen: 'reader-locked', event: 'finger-refused' },
  'vouch-lapsed': { recover: 'ask-staff', screen: 'finger-not-matched', event: 'finger-refused' },
  'not-enrolled': { recover: 'ask-staff', screen: 'not-enrolled', event: 'token-in' },
  cancelled: { recover: 'none', screen: 'cancelled', event: 'sign.failed' },
  'idle-timeout': { recover: 'none', screen: 'cancelled', event: 'sign.failed' },
  'no-usable-key': { recover: 'other-token', screen: 'no-usable-certificate', event: 'token-in' },
  'certificate-unusable': { recover: 'other-token', screen: 'no-usable-certificate', event: 'token-in' },
  'certificate-expired': { recover: 'other-token', screen: 'certificate-expired', event: 'token-in' },
  'certificate-not-yet-valid': { recover: 'other-token', screen: 'certificate-expired', event: 'token-in' },
  'certificate-revoked': { recover: 'other-token', screen: 'certificate-revoked', event: 'token-in' },
  'revocation-unknown': { recover: 'ask-staff', screen: 'no-usable-certificate', event: 'token-in' },
  'certificate-untrusted': { recover: 'other-token', screen: 'no-usable-certificate', event: 'token-in' },
  'mechanism-unsupported': { recover: 'other-token', screen: 'no-usable-certificate', event: 'sign.failed' },
  'module-crashed': { recover: 'reinsert', screen: 'card-reader-lost', event: 'sign.failed' },
  'module-timeout': { recover: 'reinsert', screen: 'card-reader-lost', event: 'sign.failed' },
  'device-error': { recover: 'reinsert', screen: 'card-reader-lost', event: 'sign.failed' },
  'signature-refused': { recover: 'ask-staff', screen: 'out-of-service', event: 'sign.failed' },
  'outcome-unknown': { recover: 'ask-staff', screen: 'outcome-unknown', event: 'sign.outcome-unknown' },
  'document-refused': { recover: 'ask-staff', screen: 'document-refused', event: 'document-refused' },
  'document-changed': { recover: 'ask-staff', screen: 'document-refused', event: 'sign.failed' },
  'output-failed': { recover: 'ask-staff', screen: 'out-of-service', event: 'sign.failed' },
  'not-reached': { recover: 'none', screen: 'cancelled', event: 'sign.failed' },
  'no-space': { recover: 'ask-staff', screen: 'out-of-service', event: 'token-in' },
  'log-unavailable': { recover: 'ask-staff', screen: 'out-of-service', event: 'sign.failed' },
  fault: { recover: 'ask-staff', screen: 'out-of-service', event: 'sign.failed' },
} as const satisfies Record<string, ProblemRow>;

export type ProblemCode = keyof typeof problems;

/** Why a document cannot be signed; each has a sentence for a clerk (`agent/documents/refusal-sentences.ts`). */
export const documentRefusals = [
  'not-a-file',
  'unreadable',
  'empty',
  'too-large',
  'not-a-pdf',
  'junk-before-header',
  'junk-after-end',
  'encrypted',
  'damaged',
  'no-pages',
  'too-many-pages',
  'certified-no-changes',
  'no-such-field',
  'field-demands',
  'not-first-signature',
  'too-complex',
  'scripts',
  'launches-programs',
  'dynamic-form',
  'rich-media',
  'embedded-files',
  'external-content',
  'sends-data',
  'acts-when-opened',
  'hidden-content',
  'fonts-not-embedded',
  'signature-broken',
  'active-content',
  'packed-unread',
  'class-needs-pdf',
  'took-too-long',
  'examination-failed',
] as const;

export type DocumentRefusal = (typeof documentRefusals)[number];

/** What a person should know of a document although it may be signed. The list may grow and never shrink: the log holds these codes. */
export const documentRemarks = [
  'links',
  'layers',
  'missing-fonts',
  'embedded-files',
  'form-fields',
  'screen-only-marks',
  'unchecked-signatures',
  'usage-rights',
] as const;

export type DocumentRemark = (typeof documentRemarks)[number];

/** What an HTTP answer says when something is refused: no stack, no native text, no path. */
export interface HttpProblem {
  readonly code: ProblemCode | HttpRefusal;
  readonly recover: Recover;
  readonly triesLeft?: number;
  readonly entry?: number;
}

/** Refusals of the HTTP room itself. */
export type HttpRefusal =
  | 'wrong-host'
  | 'wrong-origin'
  | 'no-session'
  | 'not-found'
  | 'bad-request'
  | 'not-now'
  | 'too-large'
  | 'too-many-requests'
  | 'unsupported-media-type'
  | 'method-not-allowed';
