/** What a visit says at the terminal: one line per state, one sentence per problem. */
import type { ProblemCode } from '../contract/problems.ts';
import type { PadWait } from '../contract/pin.ts';
import type { DocumentView, HolderView, PlaceView, PublicState, SigningStep } from '../contract/state.ts';
import type { CommandIo } from './io.ts';

/** One line per state, for whoever watches. */
export function tellState(state: PublicState, io: CommandIo): void {
  const line = stateLine(state);
  if (line !== undefined) io.err(`${line}\n`);
}

function stateLine(state: PublicState): string | undefined {
  switch (state.screen) {
    case 'insert-card':
      return 'Insert your card.';
    case 'reading-card':
      return 'Reading the card ...';
    case 'choose-document':
      return `Card of ${state.holder.name} (issued by ${state.holder.issuer}).${lastDays(state.holder)}`;
    case 'review-document':
      if (state.opening === true) return undefined;
      return `Document${numbered(state.place)}: ${state.document.name}, ${lengthOf(state.document)}, SHA-256 ${state.document.digest}`;
    case 'touch-reader':
      return state.prompt === 'touch' ? 'Touch the fingerprint reader.' : 'Comparing the finger ...';
    case 'enter-pin':
      return state.pin.waiting === undefined ? undefined : padLine(state.pin.waiting, state);
    case 'signing':
      return `${state.place.of === 1 ? '' : `${state.document.name}${numbered(state.place)}: `}${stepLines[state.step]}`;
    case 'trouble':
      return `${problemSentence(state.problem)}${state.triesLeft === undefined ? '' : ` Tries left: ${state.triesLeft}.`}`;
    case 'start':
    case 'check-choose':
    case 'checking-file':
    case 'check-verdict':
    case 'choose-certificate':
    case 'confirm':
    case 'last-try':
    case 'signed':
    case 'take-card':
      return undefined;
  }
}

const stepLines: Readonly<Record<SigningStep, string>> = {
  preparing: 'Preparing the document ...',
  'card-signing': 'The card is signing ...',
  checking: 'Checking the signature ...',
  saving: 'Saving ...',
};

/** How much a document is: pages, or its kind and size where it is no PDF. */
export function lengthOf({ other, pages, size }: DocumentView): string {
  return other === undefined ? `${pages} pages` : `${other.mimeType}, ${size} bytes`;
}

function numbered({ place, of }: PlaceView): string {
  return of === 1 ? '' : ` (${place} of ${of})`;
}

function lastDays({ expiresSoon, validTo }: HolderView): string {
  return expiresSoon === true ? ` It can be used until ${validTo.slice(0, 10)} only.` : '';
}

function padLine({ time, secondsLeft }: PadWait, { document, place }: Extract<PublicState, { screen: 'enter-pin' }>): string {
  const within = secondsLeft === undefined ? '' : ` (${secondsLeft} seconds)`;
  const forEach = place.of > 1 && (place.place > 1 || time === 2);
  const which = forEach ? `${document.name}${numbered(place)}: ` : '';
  const again = 'The PIN was right. This card asks for it once more, for this signature: type it';
  const first =
    place.place === 1 ? 'Type your PIN on the card reader' : 'This card asks for the PIN for each document: type it on the card reader';
  return `${which}${time === 1 ? first : again}, then press its green key${within}. The red key cancels.`;
}

const sentences: Partial<Readonly<Record<ProblemCode, string>>> = {
  'token-removed': 'The card was taken out.',
  'token-changed': 'Another card is in the reader.',
  'two-tokens': 'Two cards are inserted. Take one out.',
  'unsupported-token': 'This card cannot be read here.',
  'reader-lost': 'The card reader does not answer.',
  'fingerprint-reader-lost': 'There is no fingerprint reader.',
  'pin-wrong': 'The PIN was wrong.',
  'pin-length': 'A PIN of this length cannot be right. It was not tried.',
  'pin-locked': 'The PIN of this card is locked.',
  'pin-timeout': 'No PIN was typed on the card reader in time.',
  'not-matched': 'The finger did not match.',
  'reader-locked': 'The fingerprint reader has locked itself after too many tries.',
  'touch-timeout': 'No finger came.',
  'finger-paused': 'Too many fingers did not match. The next one may be tried after a pause.',
  'finger-disabled': 'The finger of this person did not match too often. It counts again once it was enrolled anew.',
  'vouch-lapsed': 'The word of the member of staff who vouched counts no longer.',
  'not-enrolled': 'No finger is enrolled for this card.',
  'no-usable-key': 'There is no certificate for signing on this card.',
  'certificate-unusable': 'The certificate on this card is not for signing documents.',
  'certificate-expired': 'The certificate on this card has expired.',
  'certificate-not-yet-valid': 'The certificate on this card is not valid yet.',
  'certificate-revoked': 'The certificate on this card has been revoked.',
  'revocation-unknown': 'Whether this card was revoked cannot be told: the revocation list is missing or too old.',
  'certificate-untrusted': 'This station does not trust the issuer of this card.',
  'outcome-unknown': 'The card was asked to sign and no answer came.',
  'output-failed': 'The signed document could not be written. It was thrown away.',
  'no-space': 'The disk of the station is almost full. Nothing new is begun until there is room; the card was not asked.',
  'log-unavailable': 'The operation log cannot be written. Nothing is signed without it.',
  'document-changed': 'The document was changed after it was read.',
  'not-reached': 'Signing had ended before it was the turn of this document.',
  cancelled: 'Cancelled.',
};

/** One sentence for a problem, for a person at a terminal. */
export function problemSentence(code: ProblemCode): string {
  return sentences[code] ?? `The device failed (${code}).`;
}
