/** The finger of a holder for one consent: which reader is asked, by which of the two contracts, and what the log is to say of the answer. */
import { DeviceError, isDeviceError } from '../../drivers/errors.ts';
import type { FingerName, FingerprintReader, MatchingReader, ReaderPrompt, ReaderSource } from '../../drivers/fingerprint.ts';
import type { Fields } from '../log/events.ts';
import { verifyAssertion } from '../people/assertion.ts';
import type { Enrolled, EnrolledCredential, EnrolledPrints } from '../people/enrolment.ts';
import { askDevice, SigningProblem } from './problem.ts';

export interface FingerParts {
  readonly readers: ReaderSource;
  /** Readers that sign nothing; absent unless the configuration takes the station's word for a finger. */
  readonly matchers?: ReaderSource<MatchingReader> | undefined;
  readonly rpId: string;
  readonly onPrompt: (prompt: ReaderPrompt) => void;
}

export interface FingerOrder {
  readonly enrolled: Enrolled;
  /** Of the consent, 32 bytes. */
  readonly digest: Uint8Array;
  /** How often a finger did not match for this consent. */
  readonly tries: number;
}

/** Waits for the finger. Gives the fields of `finger-matched`; throws SigningProblem. */
export function matchFinger(
  parts: FingerParts,
  { enrolled, digest, tries }: FingerOrder,
  signal: AbortSignal,
): Promise<Fields<'finger-matched'>> {
  return enrolled.assurance === 'signed-by-reader'
    ? signedMatch(parts, enrolled, digest, signal)
    : assertedMatch(parts, enrolled, { digest, tries }, signal);
}

/** The fingers in turn, from the first: a cut on one of them is no end of the visit. */
export function fingerToAsk({ fingers }: EnrolledPrints, tries: number): FingerName {
  return fingers[tries % fingers.length] ?? fingers[0];
}

async function signedMatch(parts: FingerParts, credential: EnrolledCredential, digest: Uint8Array, signal: AbortSignal) {
  const assertion = await askDevice('fingerprint', async () => {
    const reader = await chooseReader(parts.readers, credential);
    const request = { rpId: parts.rpId, credentialId: credential.credentialId, clientDataHash: digest };
    return reader.verify(request, { signal, onPrompt: parts.onPrompt }).finally(() => reader.close());
  });
  if (signal.aborted) throw new SigningProblem('cancelled');
  const verdict = verifyAssertion({ assertion, credential, rpId: parts.rpId, clientDataHash: digest });
  if (!verdict.ok) throw new SigningProblem('assertion-refused');
  return {
    consent_sha256: hex(digest),
    credential_id: hex(assertion.credentialId),
    authenticator_data: hex(assertion.authenticatorData),
    client_data_hash: hex(assertion.clientDataHash),
    signature: hex(assertion.signature),
    sign_count: verdict.signCount,
    assurance: 'signed-by-reader',
  } as const;
}

/** A reader that does not sign does not lock itself either: the station ends the visit after so many fingers that did not match. */
const mostTries = 5;

interface AssertedOrder {
  readonly digest: Uint8Array;
  readonly tries: number;
}

async function assertedMatch(
  { matchers, onPrompt }: FingerParts,
  prints: EnrolledPrints,
  { digest, tries }: AssertedOrder,
  signal: AbortSignal,
) {
  // Nobody's word is taken where the configuration does not say so, whatever is enrolled.
  if (matchers === undefined) throw new SigningProblem('not-enrolled');
  if (tries >= mostTries) throw new SigningProblem('reader-locked', { triesLeft: 0 });
  const match = await askDevice('fingerprint', async () => {
    const [chosen, other] = matchers.readers();
    if (chosen === undefined) throw new DeviceError('reader-lost', 'no fingerprint reader is plugged in');
    // The prints fit the reader that they were taken at; which of two that is, nobody knows.
    if (other !== undefined) throw new DeviceError('busy', 'two fingerprint readers are plugged in', { recover: 'ask-staff' });
    const reader = await matchers.open(chosen.id);
    const finger = fingerToAsk(prints, tries);
    return reader
      .verify({ user: prints.subject, finger }, { signal, onPrompt })
      .catch((error: unknown) => Promise.reject(counted(error, mostTries - tries - 1)))
      .finally(() => reader.close());
  });
  if (signal.aborted) throw new SigningProblem('cancelled');
  return {
    consent_sha256: hex(digest),
    assurance: match.assurance,
    reader: match.device,
    finger: match.finger,
    matched_at: match.at.toISOString(),
  } as const;
}

/** A finger that did not match, with what is left after it; prints that are not on this computer are no matter of the card. */
function counted(error: unknown, triesLeft: number): Error {
  if (isDeviceError(error) && error.code === 'no-usable-key') return new SigningProblem('not-enrolled', { cause: error });
  if (!isDeviceError(error) || error.code !== 'not-matched') return error instanceof Error ? error : new Error(String(error));
  const origin = error.origin === undefined ? {} : { origin: error.origin };
  return new DeviceError(triesLeft === 0 ? 'reader-locked' : 'not-matched', error.message, { triesLeft, cause: error, ...origin });
}

/** Opens the reader of the credential's model; with one reader plugged in, that one. Throws DeviceError reader-lost when there is none. */
async function chooseReader(source: ReaderSource, credential: EnrolledCredential): Promise<FingerprintReader> {
  const readers = source.readers();
  const chosen = readers.find(({ aaguid }) => aaguid === credential.aaguid) ?? readers[0];
  if (chosen === undefined) throw new DeviceError('reader-lost', 'no fingerprint reader is plugged in');
  return source.open(chosen.id);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
