/**
 * Makes a key from the factory ready for a holder who is present: its model is looked at before anything is done to it, its PIN is sealed in the log before it
 * has it, and its fingers are named. However this ends, what is said at the end is what the key is like then.
 */
import { isDeviceError } from '../../drivers/errors.ts';
import { KeyEnrolment, type KeyState } from '../../drivers/fido/enrolment.ts';
import type { HidTransport } from '../../drivers/fido/transport.ts';
import type { Actor } from '../log/catalogue.ts';
import type { EventOf } from '../log/events.ts';
import type { SealingFacts } from '../log/staff-grants.ts';
import type { LogStore } from '../log/store.ts';
import { type AttestationPolicy, judgeModel } from '../people/attestation.ts';
import { newSubject, readerNotAllowed } from '../people/enrol.ts';
import { keepPin, type KeptPin, pinCanBeOpened } from '../people/reader-pin.ts';
import { StartRefused } from '../refusals.ts';
import type { CommandIo } from './io.ts';
import { deviceWords } from './reader-words.ts';
import { sampleWords } from './reader-sample-words.ts';

export interface KeyOrder {
  readonly keyTransport: HidTransport;
  readonly readerId: string;
  /** A demo's virtual key may have come with fingers. */
  readonly demo: boolean;
  readonly accepted: AttestationPolicy;
  readonly log: Pick<LogStore, 'appendAll'>;
  readonly sealing: SealingFacts;
  /** SHA-256 of the holder's certificate, hex. */
  readonly certificateSha256: string;
  readonly actor: Actor;
  /** Names of the fingers: two or more, all different. */
  readonly names: readonly string[];
  /** Data folder, for what a person is told to type. */
  readonly data: string;
  readonly io: CommandIo;
  readonly signal: AbortSignal;
}

/** How to begin anew with a key that is half ready. */
export function beginAnew(data: string): string {
  return `Make it as it came from the factory with: countersign reader reset --data ${data}; then call countersign enrol again.`;
}

/**
 * The pseudonym under which the key was made ready; undefined for the key of a demo that came with fingers. Throws ReaderNotAllowed for a model that is not
 * allowed here, and StartRefused for a key that is not from the factory, in a log in which nobody could open its PIN, and when it ends half way.
 */
export async function readyKey(order: KeyOrder): Promise<string | undefined> {
  const { accepted, demo, data, io } = order;
  const keys = await KeyEnrolment.open(order.keyTransport, order.readerId);
  try {
    const { aaguid } = await keys.info();
    const verdict = judgeModel(aaguid, accepted);
    if (!verdict.ok) throw readerNotAllowed(order, aaguid, verdict.why);
    const state = await keys.state();
    if (demo && state.fingersEnrolled) return undefined;
    if (state.pinSet || state.fingersEnrolled)
      throw new StartRefused(
        `Nothing was enrolled: this key ${state.pinSet ? 'has a PIN' : 'knows fingers'} already. Whoever knows its PIN could put another finger on it. ${beginAnew(data)}`,
        1,
      );
    if (!pinCanBeOpened(order.sealing))
      throw new StartRefused(
        'Nothing was enrolled: the key gets a random PIN, which is sealed in the log for supervisors and auditors, and nobody can open what is sealed in this log. Who can, is made with: countersign log staff make.',
        1,
      );
    const longest = await keys.longestName();
    const long = order.names.find((name) => Buffer.byteLength(name) > longest);
    if (long !== undefined) throw new StartRefused(`This key keeps names of at most ${longest} bytes, and "${long}" is longer.`, 1);
    io.err(`Fingerprint key: ${verdict.model}. It gets a random PIN, and then ${order.names.length} fingers.`);
    return await prepare(keys, aaguid, order);
  } finally {
    await keys.close();
  }
}

async function prepare(keys: KeyEnrolment, aaguid: string, order: KeyOrder): Promise<string> {
  const { log, sealing, certificateSha256: certificate_sha256, actor, names, io, signal } = order;
  const subject = newSubject();
  let kept: KeptPin | undefined;
  try {
    const fingers = await keys.prepare(
      {
        names,
        async keep(pin) {
          kept = await keepPin(log, sealing, { op: 'reader-pin', actor, subject, certificate_sha256, aaguid, action: 'made' }, pin);
          io.err(`Its PIN is sealed in entry ${kept.seq} of the log.`);
        },
      },
      {
        signal,
        onFinger: (name) => io.err(`Now the finger "${name}": lay it on the key and lift it off, as often as is said.`),
        onSample: (sample) => io.err(sampleWords(sample)),
      },
    );
    const added = fingers.map(({ id }): EventOf<'reader-changed'> => ({
      op: 'reader-changed',
      actor,
      action: 'finger-added',
      subject,
      aaguid,
      finger: id,
    }));
    await log.appendAll(added);
    return subject;
  } catch (error) {
    if (!isDeviceError(error)) throw error;
    const standing = await keys.state().catch(() => undefined);
    throw new StartRefused(`Nothing was enrolled. ${deviceWords(error)} ${standingWords(standing, kept, order.data)}`, 1, error);
  }
}

function standingWords(state: KeyState | undefined, kept: KeptPin | undefined, data: string): string {
  if (state === undefined) return `What the key is like now is said by: countersign reader show --data ${data}.`;
  if (state.pinSet) {
    const fingers = state.fingersEnrolled ? 'knows a finger' : 'knows no finger';
    return `The key has the PIN of entry ${kept?.seq ?? '?'} now, ${fingers}, and signs nothing. ${beginAnew(data)}`;
  }
  const nobody = kept === undefined ? '' : ` No key has the PIN of entry ${kept.seq}.`;
  return `The key is as it came from the factory: call countersign enrol again.${nobody}`;
}
