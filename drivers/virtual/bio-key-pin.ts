/**
 * authenticatorClientPIN of a virtual bio key (CTAP 2.1 section 6.5.5): a PIN that can be set, changed and tried, and the tokens that it or a finger gives.
 * The right PIN gives back the tries of the finger too: that is how an officer unblocks a key.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { CborFields, CborMap } from '../fido/cbor.ts';
import type { PinUvVersion, SharedSecret } from '../fido/pin-uv-protocol.ts';
import { ctapStatus } from '../fido/status.ts';
import type { Task } from './bio-key-hid.ts';
import type { Capabilities } from './bio-key-info.ts';
import type { Person } from './bio-key-person.ts';
import { decrypted, Refusal } from './bio-key-refusal.ts';
import type { BioKeyStore } from './bio-key-store.ts';
import { type TokenDesk, tokenPermission } from './bio-key-token.ts';

const subCommand = {
  getPinRetries: 1,
  getKeyAgreement: 2,
  setPin: 3,
  changePin: 4,
  getPinToken: 5,
  getTokenUsingUv: 6,
  getUvRetries: 7,
  getTokenUsingPin: 9,
} as const;

/** Wrong PINs in a row before it wants to be unplugged. */
const softLimit = 3;
const credentials = tokenPermission.makeCredential | tokenPermission.getAssertion;

/** What a token is to be good for. */
interface Grant {
  readonly permissions: number;
  readonly rpId?: string | undefined;
}

export class ClientPin {
  readonly #store: BioKeyStore;
  readonly #desk: TokenDesk;
  readonly #person: Person;
  readonly #capabilities: Capabilities;
  #wrongInARow = 0;

  constructor(store: BioKeyStore, desk: TokenDesk, person: Person, capabilities: Capabilities) {
    this.#store = store;
    this.#desk = desk;
    this.#person = person;
    this.#capabilities = capabilities;
  }

  powerCycle(): void {
    this.#wrongInARow = 0;
  }

  async handle(fields: CborFields, task: Task): Promise<CborMap> {
    const wanted = fields.integer(2);
    const current = this.#capabilities.generation === '2.1';
    switch (wanted) {
      case subCommand.getPinRetries:
        return new Map<number, number | boolean>([
          [3, this.#store.pinRetries],
          [4, this.#wrongInARow >= softLimit],
        ]);
      case subCommand.getUvRetries:
        return new Map([[5, this.#store.uvRetries]]);
      case subCommand.getKeyAgreement:
        this.#desk.protocol(fields.integer(1));
        return new Map([[1, this.#desk.publicKey()]]);
      case subCommand.setPin:
        return this.#setPin(fields);
      case subCommand.changePin:
        return this.#changePin(fields);
      case subCommand.getPinToken:
        // Section 6.5.5.7.1: the token of old has the two permissions that there were then; before them it was good for everything.
        return this.#tokenByPin(fields, { permissions: current ? credentials : 0xff });
    }
    if (!current || (wanted !== subCommand.getTokenUsingUv && wanted !== subCommand.getTokenUsingPin))
      throw new Refusal(ctapStatus.invalidSubcommand);
    const byFinger = wanted === subCommand.getTokenUsingUv;
    const grant = this.#grant(fields, byFinger ? credentials : credentials | tokenPermission.bioEnrollment);
    return byFinger ? this.#tokenByFinger(fields, grant, task) : this.#tokenByPin(fields, grant);
  }

  #grant(fields: CborFields, allowed: number): Grant {
    this.#desk.protocol(fields.integer(1));
    const permissions = fields.integer(9);
    const rpId = fields.optionalText(10);
    if (permissions <= 0) throw new Refusal(ctapStatus.invalidParameter);
    if ((permissions & ~allowed) !== 0) throw new Refusal(ctapStatus.unauthorizedPermission);
    if ((permissions & credentials) !== 0 && rpId === undefined) throw new Refusal(ctapStatus.missingParameter);
    return { permissions, rpId };
  }

  async #tokenByFinger(fields: CborFields, grant: Grant, task: Task): Promise<CborMap> {
    const { version, secret } = this.#agreed(fields);
    this.#desk.drop();
    await this.#person.verify(task);
    return new Map([[2, secret.encrypt(this.#desk.issue(version, { ...grant, present: true }))]]);
  }

  #tokenByPin(fields: CborFields, grant: Grant): CborMap {
    const { version, secret } = this.#agreed(fields);
    const pinHash = fields.bytes(6);
    if (this.#store.pinHash === undefined) throw new Refusal(ctapStatus.pinNotSet);
    this.#try(pinHash, secret);
    if (this.#store.pinMustChange) throw new Refusal(ctapStatus.pinInvalid);
    return new Map([[2, secret.encrypt(this.#desk.issue(version, { ...grant, present: false }))]]);
  }

  #setPin(fields: CborFields): CborMap {
    const { secret } = this.#agreed(fields);
    const newPin = fields.bytes(5);
    if (this.#store.pinHash !== undefined || !proves(secret, newPin, fields.bytes(4))) throw new Refusal(ctapStatus.pinAuthInvalid);
    this.#store.setPin(hashOf(this.#acceptable(decrypted(secret, newPin, 64))));
    this.#desk.drop();
    return new Map();
  }

  #changePin(fields: CborFields): CborMap {
    const { secret } = this.#agreed(fields);
    const newPin = fields.bytes(5);
    const oldHash = fields.bytes(6);
    const param = fields.bytes(4);
    if (this.#store.pinHash === undefined) throw new Refusal(ctapStatus.pinNotSet);
    this.#refuseBlocked();
    if (!proves(secret, Buffer.concat([newPin, oldHash]), param)) throw new Refusal(ctapStatus.pinAuthInvalid);
    this.#try(oldHash, secret);
    const hash = hashOf(this.#acceptable(decrypted(secret, newPin, 64)));
    if (this.#store.pinMustChange && timingSafeEqual(hash, this.#store.pinHash)) throw new Refusal(ctapStatus.pinPolicyViolation);
    this.#store.setPin(hash);
    this.#desk.drop();
    return new Map();
  }

  #agreed(fields: CborFields): { readonly version: PinUvVersion; readonly secret: SharedSecret } {
    const version = this.#desk.protocol(fields.integer(1));
    return { version, secret: this.#desk.secret(version, fields.map(3)) };
  }

  #refuseBlocked(): void {
    if (this.#store.pinRetries <= 0) throw new Refusal(ctapStatus.pinBlocked);
    if (this.#wrongInARow >= softLimit) throw new Refusal(ctapStatus.pinAuthBlocked);
  }

  /** Counts the try, then compares (section 6.5.5.7.2). Throws Refusal 0x31, 0x32 or 0x34 for a PIN that is wrong or not taken any more. */
  #try(encryptedHash: Uint8Array, secret: SharedSecret): void {
    this.#refuseBlocked();
    this.#store.countPinTry();
    this.#wrongInARow += 1;
    const expected = this.#store.pinHash;
    if (expected === undefined || !timingSafeEqual(decrypted(secret, encryptedHash, 16), expected)) {
      this.#desk.renew();
      this.#refuseBlocked();
      throw new Refusal(ctapStatus.pinInvalid);
    }
    this.#wrongInARow = 0;
    this.#store.resetPinTries();
    this.#store.resetTries();
  }

  /** The PIN in 64 bytes that zeros fill up: UTF-8, long enough, 63 bytes at most. Throws Refusal 0x37. */
  #acceptable(padded: Uint8Array): Uint8Array {
    const end = padded.findLastIndex((byte) => byte !== 0) + 1;
    const pin = padded.subarray(0, end);
    let length: number;
    try {
      length = Array.from(new TextDecoder('utf-8', { fatal: true }).decode(pin)).length;
    } catch {
      throw new Refusal(ctapStatus.pinPolicyViolation);
    }
    if (length < this.#capabilities.minPinLength || pin.length > 63) throw new Refusal(ctapStatus.pinPolicyViolation);
    return pin;
  }
}

function proves(secret: SharedSecret, message: Uint8Array, param: Uint8Array): boolean {
  const expected = secret.authenticate(message);
  return expected.length === param.length && timingSafeEqual(expected, param);
}

/** LEFT(SHA-256(pin), 16). */
function hashOf(pin: Uint8Array): Uint8Array {
  return createHash('sha256').update(pin).digest().subarray(0, 16);
}
