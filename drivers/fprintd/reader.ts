/**
 * A fingerprint reader behind fprintd: it compares one finger of one user with prints that this computer keeps. Nobody is ever searched for: the user
 * is named by whoever asks, and "any finger" is not a word of the contract. What it says is the station's word and no signature.
 */
import { createHash } from 'node:crypto';
import { DeviceError, isDeviceError } from '../errors.ts';
import type {
  EnrolScanCall,
  FingerName,
  FingerOf,
  MatchingReader,
  ReaderInfo,
  ScanCall,
  ScanFeedback,
  StationMatch,
} from '../fingerprint.ts';
import { systemBusAddress } from './bus.ts';
import { type FprintDevice, staysListed } from './devices.ts';
import { deviceInterface, fingersOf, isFinger, isUser } from './names.ts';
import { enrolResult, verifyResult } from './results.ts';
import { scan } from './scan.ts';
import { FprintSession, type SessionOptions } from './session.ts';

export interface FprintOptions {
  /** Address of the system bus; where it usually is when absent. */
  readonly address?: string;
  /** How long one scan is waited for, milliseconds. */
  readonly touchMs?: number;
  /** Limit for questions that need no person, milliseconds. */
  readonly answerMs?: number;
  /** Limit for the bus to start fprintd, milliseconds. */
  readonly startMs?: number;
}

/** The limits that hold when nobody says otherwise. */
export function sessionOptions({ address = systemBusAddress, answerMs = 5000, startMs = 15_000 }: FprintOptions): SessionOptions {
  return { address, answerMs, startMs };
}

export function readerInfoOf({ path, name }: FprintDevice): ReaderInfo {
  const id = createHash('sha256')
    .update(JSON.stringify([path, name]))
    .digest('hex')
    .slice(0, 16);
  return { id: `fprintd-${id}`, name, assurance: 'station-asserted' };
}

export class FprintReader implements MatchingReader {
  readonly info: ReaderInfo;
  readonly #session: FprintSession;
  readonly #device: string;
  readonly #touchMs: number;
  #inUse = false;

  private constructor(device: FprintDevice, session: FprintSession, touchMs: number) {
    this.info = readerInfoOf(device);
    this.#session = session;
    this.#device = device.path;
    this.#touchMs = touchMs;
  }

  /** A conversation of its own, so that closing it lets go of the reader whatever happens. Throws DeviceError: reader-lost, device-error. */
  static async open(device: FprintDevice, options: FprintOptions = {}): Promise<FprintReader> {
    return new FprintReader(device, await FprintSession.open(sessionOptions(options)), options.touchMs ?? 30_000);
  }

  /** True once it was closed, or fprintd went away. */
  get closed(): boolean {
    return this.#session.gone !== undefined;
  }

  async fingers(user: string): Promise<readonly FingerName[]> {
    mustBeUser(user);
    try {
      const [answer] = await this.#call('ListEnrolledFingers', [user]);
      const fingers = fingersOf(answer);
      if (fingers === undefined)
        throw new DeviceError('device-error', 'fprintd lists fingers that there are not', { recover: 'ask-staff' });
      return fingers;
    } catch (error) {
      if (isDeviceError(error) && error.code === 'no-usable-key') return [];
      throw error;
    }
  }

  enrol({ user, finger }: FingerOf, call: EnrolScanCall = {}): Promise<void> {
    return this.#claimed({ user, finger }, call, async () => {
      const of = await this.#stages();
      let passed = 0;
      const judge = (said: string, done: boolean) => {
        const result = enrolResult(said, done);
        if (result.kind === 'failed') throw result.error;
        if (result.kind === 'feedback') return told(call, result.feedback);
        passed += 1;
        call.onStage?.(passed, of);
        if (result.kind === 'completed') return 'done';
        call.onPrompt?.('touch');
        return 'progress';
      };
      const onStarted = () => call.onPrompt?.('touch');
      await scan(this.#session, { device: this.#device, kind: 'Enroll', finger, touchMs: this.#touchMs, judge, onStarted }, call.signal);
    });
  }

  verify({ user, finger }: FingerOf, call: ScanCall = {}): Promise<StationMatch> {
    return this.#claimed({ user, finger }, call, async () => {
      let selected: string | undefined;
      const judge = (said: string, done: boolean) => {
        const result = verifyResult(said, done);
        if (result.kind === 'failed') throw result.error;
        if (result.kind === 'feedback') return told(call, result.feedback);
        // fprintd says with which print it compared; a match with another one is none.
        if (selected !== finger)
          throw new DeviceError('device-error', 'fprintd compared another finger than was asked for', { recover: 'ask-staff' });
        return 'done';
      };
      const onSelected = (said: string): void => {
        selected = said;
      };
      const onStarted = () => call.onPrompt?.('touch');
      const order = { device: this.#device, kind: 'Verify', finger, touchMs: this.#touchMs, judge, onSelected, onStarted } as const;
      await scan(this.#session, order, call.signal);
      return { assurance: 'station-asserted', device: this.info.name, finger, at: new Date() };
    });
  }

  remove({ user, finger }: FingerOf): Promise<void> {
    return this.#claimed({ user, finger }, {}, async () => {
      try {
        await this.#call('DeleteEnrolledFinger', [finger]);
      } catch (error) {
        if (!isDeviceError(error) || error.code !== 'no-usable-key') throw error;
      }
    });
  }

  close(): Promise<void> {
    this.#session.close();
    return Promise.resolve();
  }

  /** The reader is ours, for this user alone, while `use` works. */
  async #claimed<T>({ user, finger }: FingerOf, { signal }: ScanCall, use: () => Promise<T>): Promise<T> {
    mustBeUser(user);
    if (!isFinger(finger)) throw new RangeError('there is no such finger');
    if (this.#inUse) throw new DeviceError('busy', 'this fingerprint reader is in use');
    if (signal?.aborted === true) throw new DeviceError('cancelled', 'cancelled');
    this.#inUse = true;
    let released = true;
    try {
      await this.#call('Claim', [user]);
      try {
        return await use();
      } finally {
        released = await this.#released();
      }
    } catch (error) {
      throw await this.#explained(error);
    } finally {
      // fprintd lets go of everything when the conversation ends.
      if (!released) this.#session.close();
      this.#inUse = false;
    }
  }

  /** A cable that is pulled often looks like a fault of the sensor first; a moment later fprintd has the reader no more. */
  async #explained(error: unknown): Promise<unknown> {
    const unknown = isDeviceError(error) && /-unknown-error$/.test(String(error.origin?.value));
    if (!unknown || this.#session.gone !== undefined) return error;
    if (await staysListed(this.#session, this.#device, 400).catch(() => true)) return error;
    const origin = error.origin === undefined ? {} : { origin: error.origin };
    return new DeviceError('reader-lost', 'the fingerprint reader was unplugged', { cause: error, ...origin });
  }

  async #released(): Promise<boolean> {
    if (this.#session.gone !== undefined) return true;
    try {
      await this.#call('Release');
      return true;
    } catch (error) {
      if (isDeviceError(error)) return false;
      throw error;
    }
  }

  /** Scans that one finger takes; it is known while the reader is claimed. */
  async #stages(): Promise<number | undefined> {
    const [stages] = await this.#session.call({
      path: this.#device,
      interface: 'org.freedesktop.DBus.Properties',
      member: 'Get',
      signature: 'ss',
      body: [deviceInterface, 'num-enroll-stages'],
    });
    return typeof stages === 'number' && stages > 0 ? stages : undefined;
  }

  #call(member: string, body?: readonly string[]): Promise<readonly unknown[]> {
    const call = { path: this.#device, interface: deviceInterface, member };
    return this.#session.call(body === undefined ? call : { ...call, signature: 's', body });
  }
}

function mustBeUser(user: string): void {
  if (!isUser(user)) throw new RangeError('a user of a fingerprint reader is a pseudonym of 32 hex digits');
}

function told({ onFeedback, onPrompt }: ScanCall, feedback: ScanFeedback): 'wait' {
  onFeedback?.(feedback);
  onPrompt?.('touch');
  return 'wait';
}
