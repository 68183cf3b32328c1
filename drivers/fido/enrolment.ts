/**
 * An enrolment officer's way to one key: makes a key from the factory ready for its holder, opens its fingers with its PIN, gives back the tries of one
 * that locked itself. The PIN is random, is handed out to be sealed before the key has it, and no station ever needs it to sign.
 */
import { DeviceError } from '../errors.ts';
import type { FingerCall, KnownFinger } from '../finger-keeper.ts';
import type { ReaderCall } from '../fingerprint.ts';
import type { Secret } from '../secret.ts';
import type { AuthenticatorInfo } from './authenticator-info.ts';
import { BioEnrolment } from './bio-enrolment.ts';
import { type CallOptions, CtapChannel } from './channel.ts';
import { Ctap2 } from './ctap.ts';
import { changePin, type PinTries, pinTries, setPin, tokenByPin } from './device-pin.ts';
import { factoryReset } from './factory-reset.ts';
import { FingerSession, type FingerSessionOptions } from './finger-session.ts';
import { Patience } from './patience.ts';
import { RandomPin } from './random-pin.ts';
import { readerIdOf, type ReaderOptions } from './reader.ts';
import type { HidTransport } from './transport.ts';

export type EnrolmentOptions = ReaderOptions & Partial<FingerSessionOptions>;

/** Takes the PIN into safekeeping. The key gets it only after this resolved, so that there is no PIN that nobody has. */
export type KeepPin = (pin: Secret) => Promise<void>;

export interface KeyState {
  readonly pinSet: boolean;
  readonly fingersEnrolled: boolean;
  /** Absent while no PIN is set. */
  readonly pinTries?: PinTries;
  /** Tries of a finger that are left before the key locks itself. */
  readonly fingerTries: number;
}

export interface PrepareCall extends FingerCall {
  /** Called when it is the turn of a finger. */
  readonly onFinger?: (name: string, index: number) => void;
}

/** A holder whose one finger is hurt still signs: fewer are not enrolled. */
export const fewestFingers = 2;

export class KeyEnrolment {
  readonly #channel: CtapChannel;
  readonly #ctap: Ctap2;
  readonly #options: EnrolmentOptions;
  readonly #short: CallOptions;

  private constructor(channel: CtapChannel, options: EnrolmentOptions) {
    this.#channel = channel;
    this.#ctap = new Ctap2(channel);
    this.#options = options;
    this.#short = { deadlineMs: options.answerMs ?? 5000 };
  }

  /** Opens the key that a ReaderSource over the same transport lists under `readerId`. Throws DeviceError: reader-lost, busy, device-error. */
  static async open(transport: HidTransport, readerId: string, options: EnrolmentOptions = {}): Promise<KeyEnrolment> {
    const hid = (await transport.list()).find((one) => readerIdOf(one) === readerId);
    if (hid === undefined) throw new DeviceError('reader-lost', 'this key is not plugged in');
    return new KeyEnrolment(await CtapChannel.open(transport, hid.path, options), options);
  }

  /** What the key says of itself now. Throws DeviceError, as every method here does. */
  info(): Promise<AuthenticatorInfo> {
    return this.#ctap.getInfo(this.#short);
  }

  async state(): Promise<KeyState> {
    const info = await this.info();
    const pinSet = info.options.get('clientPin') === true;
    const fingerTries = await this.#ctap.getUvRetries(this.#short);
    const fingersEnrolled = hasFingers(info);
    if (!pinSet) return { pinSet, fingersEnrolled, fingerTries };
    return { pinSet, fingersEnrolled, fingerTries, pinTries: await pinTries(this.#ctap, this.#short) };
  }

  /** Bytes (UTF-8) that the name of a finger may have at most. */
  async longestName(): Promise<number> {
    return (await new BioEnrolment(this.#ctap, await this.info()).sensorInfo(this.#short)).maxNameBytes;
  }

  /** Waits for a touch on this key, so that a person can show which of several it is. */
  selection(call: ReaderCall = {}): Promise<void> {
    return this.#waiting(call, (options) => this.#ctap.selection(options));
  }

  /**
   * Makes a key from the factory ready: gives it a random PIN, which `keep` has taken before, and enrols the named fingers. When it ends half way, the
   * key has no PIN, or the one that was kept and the fingers that were enrolled: `unlock` goes on from there, `reset` begins anew.
   * Throws DeviceError: device-error for a key that is not as it came from the factory, mechanism-unsupported for one that could not sign, and as
   * FingerKeeper does; RangeError for fewer than two names.
   */
  async prepare(
    order: { readonly names: readonly string[]; readonly keep: KeepPin },
    call: PrepareCall = {},
  ): Promise<readonly KnownFinger[]> {
    const { names, keep } = order;
    if (new Set(names).size < Math.max(fewestFingers, names.length))
      throw new RangeError(`at least ${fewestFingers} fingers are enrolled, each under its own name`);
    const info = await this.info();
    refuseUnfit(info);
    refuseUsed(info);
    // Asked before there is a PIN: a key that can enrol no fingers is left as it came.
    const bio = new BioEnrolment(this.#ctap, info);
    const pin = new RandomPin(info.minPinLength);
    try {
      await keep(pin.secret());
      await setPin(this.#ctap, info, pin.secret(), this.#short);
      const session = await this.#session(bio, pin.secret());
      try {
        if ((await session.fingers()).length > 0) throw used('it knows fingers already');
        for (const [index, name] of names.entries()) {
          call.onFinger?.(name, index);
          await session.enrolFinger(name, call);
        }
        return await session.fingers();
      } finally {
        await session.close();
      }
    } finally {
      pin.wipe();
    }
  }

  /**
   * Opens the fingers of the key with its PIN; takes and wipes `pin`. The right PIN gives back all tries of a key that locked itself. Throws DeviceError:
   * reader-locked when the key takes no PIN now; device-error with origin 0x31 and `triesLeft` for a wrong one, which is not tried again.
   */
  async unlock(pin: Secret): Promise<FingerSession> {
    try {
      return await this.#session(new BioEnrolment(this.#ctap, await this.info()), pin);
    } finally {
      pin.wipe();
    }
  }

  /** Gives the key another random PIN, which `keep` has taken before; takes and wipes `current`. When this throws, either PIN may be the one it has. */
  async renewPin(current: Secret, keep: KeepPin): Promise<void> {
    const info = await this.info();
    const next = new RandomPin(info.minPinLength);
    try {
      await keep(next.secret());
      await changePin(this.#ctap, info, { current, next: next.secret() }, this.#short);
    } finally {
      current.wipe();
      next.wipe();
    }
  }

  /** Waits for a touch, then the key is as it came from the factory. Throws DeviceError device-error with 0x30 when it was not plugged in just now. */
  reset(call: ReaderCall = {}): Promise<void> {
    return this.#waiting(call, (options) => factoryReset(this.#ctap, options));
  }

  close(): Promise<void> {
    return this.#channel.close();
  }

  async #session(bio: BioEnrolment, pin: Secret): Promise<FingerSession> {
    const token = await tokenByPin(this.#ctap, await this.info(), pin, this.#short);
    const { answerMs = 5000, sampleMs = 15_000, fingerMs = 120_000 } = this.#options;
    const session = new FingerSession(bio, token, { answerMs, sampleMs, fingerMs });
    try {
      // A token that nobody uses ends after half a minute, one that was used after ten.
      await session.fingers();
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  async #waiting(call: ReaderCall, command: (options: CallOptions) => Promise<void>): Promise<void> {
    const patience = new Patience(this.#options.touchMs ?? 30_000, call.signal);
    try {
      await command(patience.options(call.onPrompt));
    } catch (error) {
      throw patience.explained(error);
    } finally {
      patience.end();
    }
  }
}

function hasFingers({ options }: AuthenticatorInfo): boolean {
  return ['uv', 'bioEnroll', 'userVerificationMgmtPreview'].some((name) => options.get(name) === true);
}

function used(why: string): DeviceError {
  return new DeviceError('device-error', `this key is not as it came from the factory: ${why}`, { recover: 'ask-staff' });
}

/** What signing will ask of the key is asked before anything is done to it: a PIN apart from the finger, and a token for the finger. */
function refuseUnfit({ options }: AuthenticatorInfo): void {
  if (options.has('clientPin') && options.get('pinUvAuthToken') === true) return;
  const what = options.has('clientPin') ? 'gives no token for a finger' : 'takes no PIN';
  throw new DeviceError('mechanism-unsupported', `this key ${what}`, { recover: 'ask-staff' });
}

/** Whoever set a PIN before could have enrolled fingers, and could do it again. */
function refuseUsed(info: AuthenticatorInfo): void {
  if (info.options.get('clientPin') === true) throw used('it has a PIN');
  if (hasFingers(info)) throw used('it knows fingers already');
}
