/** What a visit says at the terminal: one line per state, one sentence per problem, and how it ended as an exit code. */
import type { ProblemCode } from '../contract/problems.ts';
import type { HolderView, PadWait, PublicState } from '../contract/state.ts';
import type { CommandIo } from './io.ts';
import type { WalkEnd } from './walk.ts';

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
      return `Document: ${state.document.name}, ${state.document.pages} pages, SHA-256 ${state.document.digest}`;
    case 'touch-reader':
      return state.prompt === 'touch' ? 'Touch the fingerprint reader.' : 'Comparing the finger ...';
    case 'enter-pin':
      return state.pin.waiting === undefined ? undefined : padLine(state.pin.waiting);
    case 'signing':
      return {
        preparing: 'Preparing the document ...',
        'card-signing': 'The card is signing ...',
        checking: 'Checking the signature ...',
        saving: 'Saving ...',
      }[state.step];
    case 'trouble':
      return `${problemSentence(state.problem)}${state.triesLeft === undefined ? '' : ` Tries left: ${state.triesLeft}.`}`;
    case 'start':
    case 'choose-certificate':
    case 'confirm':
    case 'last-try':
    case 'signed':
    case 'take-card':
      return undefined;
  }
}

function lastDays({ expiresSoon, validTo }: HolderView): string {
  return expiresSoon === true ? ` It can be used until ${validTo.slice(0, 10)} only.` : '';
}

function padLine({ time, secondsLeft }: PadWait): string {
  const within = secondsLeft === undefined ? '' : ` (${secondsLeft} seconds)`;
  const what =
    time === 1 ? 'Type your PIN on the card reader' : 'The PIN was right. This card asks for it once more, for this signature: type it';
  return `${what}, then press its green key${within}. The red key cancels.`;
}

/** Gives the exit code: 0 signed, 1 not signed, 3 nobody can tell. With `json`, one object for a program goes to the output. */
export function tellEnd(end: WalkEnd, out: string, json: boolean, io: CommandIo): number {
  if (json) io.out(JSON.stringify(endForProgram(end, out)));
  if (end.screen === 'signed') {
    if (!json) io.out(`Signed: ${out}\n  entry ${end.entry} of the log, ${end.at} by the station's clock\n  SHA-256 ${end.outputDigest}\n`);
    if (!end.delivered) io.err(`The document could not be written there. It is kept in the station and appears at the next start.\n`);
    return end.delivered ? 0 : 1;
  }
  if (end.outcome === 'outcome-unknown') {
    io.err('Nobody can tell whether the card signed. No signed document exists; the log says outcome unknown.\n');
    return 3;
  }
  io.err('Nothing was signed.\n');
  return 1;
}

function endForProgram(end: WalkEnd, out: string): object {
  if (end.screen === 'signed') {
    const { entry, at, document, outputDigest, delivered } = end;
    return { outcome: 'signed', delivered, out, entry, at, document_sha256: document.digest, output_sha256: outputDigest };
  }
  return { outcome: end.outcome, ...(end.screen === 'trouble' ? { problem: end.problem } : {}) };
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
  'log-unavailable': 'The operation log cannot be written. Nothing is signed without it.',
  'document-changed': 'The document was changed after it was read.',
  'not-reached': 'Signing had ended before it was the turn of this document.',
  cancelled: 'Cancelled.',
};

/** One sentence for a problem, for a person at a terminal. */
export function problemSentence(code: ProblemCode): string {
  return sentences[code] ?? `The device failed (${code}).`;
}
