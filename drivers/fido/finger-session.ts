/** The fingers of one key in the hands of an officer whose PIN the key took: the contract `FingerKeeper` over bio enrolment. */
import { DeviceError, isDeviceError } from '../errors.ts';
import type { FingerCall, FingerKeeper, FingerSample, KnownFinger } from '../finger-keeper.ts';
import type { BioEnrolment } from './bio-enrolment.ts';
import type { CallOptions } from './channel.ts';
import type { FingerToken } from './device-pin.ts';
import { Patience } from './patience.ts';

export interface FingerSessionOptions {
  /** Limit for questions that need no person, milliseconds. */
  readonly answerMs: number;
  /** How long the key waits for one sample before it says that there is no finger, milliseconds. */
  readonly sampleMs: number;
  /** How long the station gives a person for one finger, all its samples together, milliseconds. */
  readonly fingerMs: number;
}

export class FingerSession implements FingerKeeper {
  readonly #bio: BioEnrolment;
  readonly #token: FingerToken;
  readonly #options: FingerSessionOptions;
  readonly #short: CallOptions;

  constructor(bio: BioEnrolment, token: FingerToken, options: FingerSessionOptions) {
    this.#bio = bio;
    this.#token = token;
    this.#options = options;
    this.#short = { deadlineMs: options.answerMs };
  }

  fingers(): Promise<readonly KnownFinger[]> {
    return this.#bio.enumerate(this.#token, this.#short);
  }

  async enrolFinger(name: string, call: FingerCall = {}): Promise<KnownFinger> {
    await this.#checkName(name);
    const patience = new Patience(this.#options.fingerMs, call.signal);
    let id: Uint8Array;
    try {
      id = await this.#samples(patience.options(call.onPrompt), call.onSample);
    } catch (error) {
      await this.#forgetHalf(error);
      throw patience.explained(error);
    } finally {
      patience.end();
    }
    try {
      await this.#bio.setName(this.#token, id, name, this.#short);
    } catch (error) {
      // A finger that nobody can name is not left behind; when it cannot be removed either, the first error says why.
      await this.#bio.remove(this.#token, id, this.#short).catch(() => undefined);
      throw error;
    }
    return { id: Buffer.from(id).toString('hex'), name };
  }

  async renameFinger(id: string, name: string): Promise<void> {
    await this.#checkName(name);
    await this.#bio.setName(this.#token, bytesOf(id), name, this.#short);
  }

  async removeFinger(id: string): Promise<void> {
    await this.#bio.remove(this.#token, bytesOf(id), this.#short);
  }

  close(): Promise<void> {
    this.#token.wipe();
    return Promise.resolve();
  }

  /** All the samples of one finger; the id of its template. A sample that was bad is told and the next one taken, until the time is over. */
  async #samples(waiting: CallOptions, onSample: FingerCall['onSample']): Promise<Uint8Array> {
    const { sampleMs } = this.#options;
    const begun = await this.#bio.begin(this.#token, sampleMs, waiting);
    let { sample } = begun;
    for (;;) {
      onSample?.(sample);
      if (sample.remaining === 0) return begun.id;
      refuseFull(sample);
      sample = await this.#bio.next(this.#token, begun.id, sampleMs, waiting);
    }
  }

  /** Lets the key forget what it has of the finger. It does so by itself too, at the next beginning and without power, so an answer is not needed. */
  async #forgetHalf(error: unknown): Promise<void> {
    if (isDeviceError(error) && (error.code === 'reader-lost' || error.code === 'busy')) return;
    await this.#bio.cancel(this.#short).catch(() => undefined);
  }

  /** Throws RangeError for a name that is empty or longer than the key keeps: it would be cut, or refused after the finger was enrolled. */
  async #checkName(name: string): Promise<void> {
    const { maxNameBytes } = await this.#bio.sensorInfo(this.#short);
    const length = Buffer.byteLength(name);
    if (length === 0 || length > maxNameBytes) throw new RangeError(`a name of a finger has 1 to ${maxNameBytes} bytes`);
  }
}

/** Another sample cannot make room. */
function refuseFull({ feedback, native }: FingerSample): void {
  if (feedback !== 'database-full') return;
  const message = `the key has no room for another finger (sample status ${native})`;
  throw new DeviceError('device-error', message, { recover: 'ask-staff' });
}

function bytesOf(id: string): Uint8Array {
  if (!/^(?:[0-9a-f]{2})+$/.test(id)) throw new RangeError('the id of a finger is made of hex digits');
  return new Uint8Array(Buffer.from(id, 'hex'));
}
