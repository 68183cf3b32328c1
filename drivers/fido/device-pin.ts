/**
 * The PIN of a key (CTAP 2.1 section 6.5.5), for enrolment officers alone: set, change, and the token that enrols fingers. Nothing that signs may import
 * this: a token by PIN sets the same user-verified flag as a finger. So the only token that can be had here is one for the fingers, the
 * permission `be`, and a wrong PIN is never tried again.
 */
import { createHash, type KeyObject } from 'node:crypto';
import { DeviceError, isDeviceError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import type { AuthenticatorInfo } from './authenticator-info.ts';
import { type CborFields, type CborValue } from './cbor.ts';
import type { CallOptions } from './channel.ts';
import { coseAlgorithm, coseOfPublicKey } from './cose.ts';
import { cborMap, type Ctap2, ctapCommand, parsed, type PinUvAuth } from './ctap.ts';
import { authenticate, isPinUvVersion, type PinUvVersion, SharedSecret } from './pin-uv-protocol.ts';
import { ctapStatus } from './status.ts';

/** authenticatorClientPIN subcommands that carry a PIN or tell of one. */
const subCommand = { getPinRetries: 0x01, setPin: 0x03, changePin: 0x04, getPinToken: 0x05, getTokenUsingPin: 0x09 } as const;
/** Permission of a token that enrols, names and removes fingers (section 6.5.5.7). */
const bioEnrolment = 0x08;
/** A PIN is padded with zeros to this many bytes, and has at least one of them behind it. */
const paddedLength = 64;
const hashLength = 16;

export interface PinTries {
  /** Wrong PINs in a row that are left before the key takes none any more, ever. */
  readonly left: number;
  /** True when it takes no PIN before it was unplugged and plugged in again (0x34). */
  readonly unplugFirst: boolean;
}

/** A token for the fingers of a key. It lives until the key ends it: at most ten minutes, and at the next token or power cycle. */
export class FingerToken {
  readonly #version: PinUvVersion;
  #token: Uint8Array | undefined;

  constructor(version: PinUvVersion, token: Uint8Array) {
    this.#version = version;
    this.#token = token;
  }

  /** pinUvAuthParam over `message`. Throws Error once wiped. */
  authenticate(message: Uint8Array): PinUvAuth {
    if (this.#token === undefined) throw new Error('this token was wiped');
    return { version: this.#version, param: authenticate(this.#version, this.#token, message) };
  }

  wipe(): void {
    this.#token?.fill(0);
    this.#token = undefined;
  }
}

/** Section 6.5.5.2. Throws DeviceError. */
export async function pinTries(ctap: Ctap2, options: CallOptions): Promise<PinTries> {
  const answer = await ctap.command('getPINRetries', ctapCommand.clientPin, cborMap([[2, subCommand.getPinRetries]]), options);
  return parsed('getPINRetries', () => ({ left: answer.integer(3), unplugFirst: answer.optionalBoolean(4) ?? false }));
}

/** Section 6.5.5.5: the first PIN of a key that has none. Takes and wipes `pin`. Throws DeviceError; 0x33 for a key that has one, 0x37 for a PIN it does not like. */
export async function setPin(ctap: Ctap2, info: AuthenticatorInfo, pin: Secret, options: CallOptions): Promise<void> {
  try {
    const agreed = await agree(ctap, info, options);
    const newPin = await encryptedPin(agreed.secret, pin, info.minPinLength);
    const fields: [number, CborValue][] = [
      [4, agreed.secret.authenticate(newPin)],
      [5, newPin],
    ];
    await send(ctap, 'setPIN', subCommand.setPin, agreed, fields, options);
  } finally {
    pin.wipe();
  }
}

/** Section 6.5.5.6. Takes and wipes both. Throws DeviceError as `tokenByPin`; 0x37 for a PIN that the key does not like. */
export async function changePin(
  ctap: Ctap2,
  info: AuthenticatorInfo,
  pins: { readonly current: Secret; readonly next: Secret },
  options: CallOptions,
): Promise<void> {
  try {
    await refuseBlocked(ctap, options);
    const agreed = await agree(ctap, info, options);
    const newPin = await encryptedPin(agreed.secret, pins.next, info.minPinLength);
    const oldHash = await encryptedHash(agreed.secret, pins.current);
    const fields: [number, CborValue][] = [
      [4, agreed.secret.authenticate(Buffer.concat([newPin, oldHash]))],
      [5, newPin],
      [6, oldHash],
    ];
    await counted(ctap, options, () => send(ctap, 'changePIN', subCommand.changePin, agreed, fields, options));
  } finally {
    pins.current.wipe();
    pins.next.wipe();
  }
}

/**
 * Sections 6.5.5.7.1 and 6.5.5.7.2: a token for the fingers. Takes and wipes `pin`. The right PIN also gives back the tries of a key that locked itself.
 * Throws DeviceError: reader-locked, before the PIN is sent, when the key would not take it; device-error with 0x31 and `triesLeft` for a wrong one.
 */
export async function tokenByPin(ctap: Ctap2, info: AuthenticatorInfo, pin: Secret, options: CallOptions): Promise<FingerToken> {
  try {
    await refuseBlocked(ctap, options);
    const agreed = await agree(ctap, info, options);
    const pinHash: [number, CborValue] = [6, await encryptedHash(agreed.secret, pin)];
    // A key from before permissions knows only the token that is good for everything.
    const current = info.options.get('pinUvAuthToken') === true;
    const fields: [number, CborValue][] = current ? [pinHash, [9, bioEnrolment]] : [pinHash];
    const command = current ? subCommand.getTokenUsingPin : subCommand.getPinToken;
    const answer = await counted(ctap, options, () => send(ctap, 'token by PIN', command, agreed, fields, options));
    const encrypted = parsed('token by PIN', () => answer.bytes(2));
    // Protocol one: 16 or 32 bytes of token; protocol two: 32 bytes behind an IV of 16.
    const lengths = agreed.version === 1 ? [16, 32] : [48];
    if (!lengths.includes(encrypted.length))
      throw new DeviceError('device-error', 'the token has a wrong length', { recover: 'ask-staff' });
    return new FingerToken(agreed.version, agreed.secret.decrypt(encrypted));
  } finally {
    pin.wipe();
  }
}

interface Agreed {
  readonly version: PinUvVersion;
  readonly publicKey: KeyObject;
  readonly secret: SharedSecret;
}

async function agree(ctap: Ctap2, info: AuthenticatorInfo, options: CallOptions): Promise<Agreed> {
  const version = info.pinUvAuthProtocols.find(isPinUvVersion);
  if (version === undefined || !info.options.has('clientPin'))
    throw new DeviceError('mechanism-unsupported', 'this key takes no PIN', { recover: 'ask-staff' });
  return { version, ...SharedSecret.encapsulate(version, await ctap.getKeyAgreement(version, options)) };
}

function send(
  ctap: Ctap2,
  what: string,
  command: number,
  { version, publicKey }: Agreed,
  fields: readonly (readonly [number, CborValue])[],
  options: CallOptions,
): Promise<CborFields> {
  const common: [number, CborValue][] = [
    [1, version],
    [2, command],
    [3, coseOfPublicKey(publicKey, coseAlgorithm.ecdhHkdf256)],
  ];
  return ctap.command(what, ctapCommand.clientPin, cborMap([...common, ...fields]), options);
}

/** Throws DeviceError reader-locked where trying a PIN could only make it worse. */
async function refuseBlocked(ctap: Ctap2, options: CallOptions): Promise<void> {
  const { left, unplugFirst } = await pinTries(ctap, options);
  if (left > 0 && !unplugFirst) return;
  const [why, value] = left > 0 ? ['no PIN before it is unplugged', ctapStatus.pinAuthBlocked] : ['no PIN any more', ctapStatus.pinBlocked];
  throw new DeviceError('reader-locked', `the key takes ${why}`, { triesLeft: left, origin: { kind: 'ctap', value } });
}

/** Adds to a wrong PIN how many are left. */
async function counted<T>(ctap: Ctap2, options: CallOptions, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!isDeviceError(error) || error.origin?.value !== ctapStatus.pinInvalid) throw error;
    const tries = await pinTries(ctap, options).catch(() => undefined);
    const triesLeft = tries === undefined ? {} : { triesLeft: tries.left };
    throw new DeviceError(error.code, error.message, { ...triesLeft, origin: error.origin, recover: error.recover, cause: error });
  }
}

/** newPinEnc. Throws DeviceError when the PIN is too short or too long for the key. */
async function encryptedPin(secret: SharedSecret, pin: Secret, minLength: number): Promise<Uint8Array> {
  const padded = new Uint8Array(new ArrayBuffer(paddedLength));
  try {
    await pin.take((bytes) => {
      // Every code point of UTF-8 has one byte that does not continue another. Counted in place: a filter would leave a copy of the PIN behind.
      let length = 0;
      for (const byte of bytes) if ((byte & 0xc0) !== 0x80) length += 1;
      if (length < minLength || bytes.length >= paddedLength || bytes.at(-1) === 0)
        throw new DeviceError('device-error', `this key takes a PIN of ${minLength} characters or more and 63 bytes or fewer`, {
          recover: 'ask-staff',
        });
      padded.set(bytes);
    });
    return secret.encrypt(padded);
  } finally {
    padded.fill(0);
  }
}

/** pinHashEnc: the first 16 bytes of SHA-256, encrypted. */
async function encryptedHash(secret: SharedSecret, pin: Secret): Promise<Uint8Array> {
  const digest = await pin.take((bytes) => createHash('sha256').update(bytes).digest());
  try {
    return secret.encrypt(digest.subarray(0, hashLength));
  } finally {
    digest.fill(0);
  }
}
