/**
 * The authenticator inside a virtual bio key: takes a CTAP 2.1 command apart and gives it to the part that answers it. Its parts are the token desk, the
 * PIN, the fingers and the credentials; they share one store and one sensor.
 */
import { CborError, CborFields, type CborMap, decodeCbor, encodeCbor } from '../fido/cbor.ts';
import type { PinUvVersion } from '../fido/pin-uv-protocol.ts';
import { ctapStatus } from '../fido/status.ts';
import { Credentials } from './bio-key-credentials.ts';
import { FingerEnrolment } from './bio-key-fingers.ts';
import type { Task } from './bio-key-hid.ts';
import { type Capabilities, type Generation, infoOf, maxMessageSize } from './bio-key-info.ts';
import { Person } from './bio-key-person.ts';
import { ClientPin } from './bio-key-pin.ts';
import { Refusal } from './bio-key-refusal.ts';
import type { Sensor } from './bio-key-sensor.ts';
import type { BioKeyStore } from './bio-key-store.ts';
import { TokenDesk } from './bio-key-token.ts';

/** First byte of a CTAP2 message (section 6); bio enrolment has a second number from before it was in the standard. */
const commandByte = {
  makeCredential: 0x01,
  getAssertion: 0x02,
  getInfo: 0x04,
  clientPin: 0x06,
  reset: 0x07,
  bioEnrollment: 0x09,
  selection: 0x0b,
  bioEnrollmentPreview: 0x40,
} as const;

/** How long after it got power a key lets itself be reset, milliseconds (section 6.6). */
const resetWindowMs = 10_000;

export interface AuthenticatorOptions {
  readonly store: BioKeyStore;
  readonly sensor: Sensor;
  /** How long the comparison of a finger takes, milliseconds. */
  readonly matchMs: number;
  /** Order of the PIN/UV auth protocols in getInfo. */
  readonly protocols: readonly PinUvVersion[];
  /** Good samples that the enrolment of a finger takes; 4 where it is not said. */
  readonly samples?: number | undefined;
  /** Shortest PIN that it takes, Unicode code points; 4 where it is not said. */
  readonly minPinLength?: number | undefined;
  /** `2.1` where it is not said. */
  readonly generation?: Generation | undefined;
}

export class BioKeyAuthenticator {
  readonly #store: BioKeyStore;
  readonly #capabilities: Capabilities;
  readonly #desk: TokenDesk;
  readonly #person: Person;
  readonly #pin: ClientPin;
  readonly #fingers: FingerEnrolment;
  readonly #credentials: Credentials;
  #poweredAt = performance.now();

  constructor(options: AuthenticatorOptions) {
    const { store, sensor, matchMs, protocols, samples = 4, minPinLength = 4, generation = '2.1' } = options;
    this.#store = store;
    this.#capabilities = { generation, protocols, minPinLength };
    this.#desk = new TokenDesk(protocols);
    this.#person = new Person(store, sensor, matchMs);
    this.#pin = new ClientPin(store, this.#desk, this.#person, this.#capabilities);
    this.#fingers = new FingerEnrolment(store.templates, this.#desk, this.#person, samples);
    this.#credentials = new Credentials(store, this.#desk, this.#person);
  }

  /** What a power cycle forgets: the token, the key agreement key, a finger that is half enrolled, the wrong PINs in a row. */
  powerCycle(): void {
    this.#desk.renew();
    this.#pin.powerCycle();
    this.#fingers.powerCycle();
    this.#poweredAt = performance.now();
  }

  /** One command, one answer: a status byte and, where there is one, a map. */
  async handle(request: Uint8Array, task: Task): Promise<Uint8Array> {
    try {
      const answer = await this.#command(request, task);
      return Buffer.concat([Uint8Array.of(ctapStatus.ok), answer.size === 0 ? new Uint8Array(0) : encodeCbor(answer)]);
    } catch (error) {
      if (error instanceof Refusal) return Uint8Array.of(error.status);
      if (error instanceof CborError) return Uint8Array.of(error.missing ? ctapStatus.missingParameter : ctapStatus.cborUnexpectedType);
      throw error;
    }
  }

  async #command(request: Uint8Array, task: Task): Promise<CborMap> {
    if (request.length > maxMessageSize) throw new Refusal(ctapStatus.requestTooLarge);
    switch (request[0]) {
      case commandByte.getInfo:
        return infoOf(this.#store, this.#capabilities);
      case commandByte.reset:
        return this.#reset(task);
      case commandByte.selection:
        await this.#person.touch(task);
        return new Map();
      case commandByte.makeCredential:
        return this.#credentials.make(fieldsOf(request), task);
      case commandByte.getAssertion:
        return this.#credentials.assert(fieldsOf(request), task);
      case commandByte.clientPin:
        return this.#pin.handle(fieldsOf(request), task);
      case commandByte.bioEnrollment:
        if (this.#capabilities.generation !== '2.1') throw new Refusal(ctapStatus.invalidCommand);
        return this.#fingers.handle(fieldsOf(request), task);
      case commandByte.bioEnrollmentPreview:
        return this.#fingers.handle(fieldsOf(request), task);
      case undefined:
      default:
        throw new Refusal(ctapStatus.invalidCommand);
    }
  }

  /** Section 6.6: a touch soon after it was plugged in, and everything that it knows of people is gone. */
  async #reset(task: Task): Promise<CborMap> {
    if (performance.now() >= this.#poweredAt + resetWindowMs) throw new Refusal(ctapStatus.notAllowed);
    await this.#person.touch(task);
    this.#store.wipe();
    this.#desk.renew();
    this.#pin.powerCycle();
    this.#fingers.powerCycle();
    return new Map();
  }
}

/** The parameters behind the command byte. Throws Refusal 0x12 when they are not canonical CBOR, and CborError when they are no map. */
function fieldsOf(request: Uint8Array): CborFields {
  let body: unknown;
  try {
    body = decodeCbor(request.subarray(1));
  } catch {
    throw new Refusal(ctapStatus.invalidCbor);
  }
  return new CborFields(body, 'request');
}
