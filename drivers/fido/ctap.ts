/**
 * CTAP2 commands (CTAP 2.1 section 6) in canonical CBOR over one channel. Each method is one command and one answer; whatever the reader says wrong
 * becomes a DeviceError.
 */
import type { KeyObject } from 'node:crypto';
import { DeviceError } from '../errors.ts';
import { type AuthenticatorInfo, authenticatorInfoOf } from './authenticator-info.ts';
import { CborError, CborFields, type CborMap, type CborValue, decodeCbor, encodeCbor } from './cbor.ts';
import type { CallOptions, CtapChannel } from './channel.ts';
import { coseAlgorithm, coseOfPublicKey, publicKeyOfCose } from './cose.ts';
import { capability, hidCommand } from './framing.ts';
import type { PinUvVersion } from './pin-uv-protocol.ts';
import { ctapStatus, deviceErrorOf } from './status.ts';

/** First byte of a CTAP2 message (section 6). */
export const ctapCommand = { makeCredential: 0x01, getAssertion: 0x02, getInfo: 0x04, clientPin: 0x06, selection: 0x0b } as const;
/** authenticatorClientPIN subcommands (section 6.5.5) that are used here: none of them carries a PIN. */
export const clientPinCommand = { getKeyAgreement: 0x02, getTokenUsingUv: 0x06, getUvRetries: 0x07 } as const;
/** Permissions of a pinUvAuthToken (section 6.5.5.7). */
export const permission = { makeCredential: 0x01, getAssertion: 0x02 } as const;

/** A pinUvAuthParam with the protocol it was made under. */
export interface PinUvAuth {
  readonly version: PinUvVersion;
  readonly param: Uint8Array;
}

export interface MakeCredentialAnswer {
  readonly format: string;
  readonly authenticatorData: Uint8Array;
  /** The statement as received: only canonical CBOR is accepted, so encoding it again gives the same bytes. */
  readonly statement: Uint8Array;
}

export interface GetAssertionAnswer {
  /** Absent when the authenticator leaves it out because it was given only one (section 6.2.2). */
  readonly credentialId?: Uint8Array;
  readonly authenticatorData: Uint8Array;
  readonly signature: Uint8Array;
}

/** A map without the entries that are undefined. */
export function cborMap(entries: readonly (readonly [number | string, CborValue | undefined])[]): CborMap {
  return new Map(entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])));
}

/** Runs `parse`; what it finds wrong with an answer becomes DeviceError device-error. */
export function parsed<T>(what: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof CborError)) throw cause;
    throw new DeviceError('device-error', `${what}: ${cause.message}`, { cause, recover: 'ask-staff' });
  }
}

export class Ctap2 {
  readonly #channel: CtapChannel;

  constructor(channel: CtapChannel) {
    this.#channel = channel;
  }

  /** Section 6.4. Throws DeviceError mechanism-unsupported for a key that speaks only U2F. */
  async getInfo(options: CallOptions): Promise<AuthenticatorInfo> {
    if ((this.#channel.capabilities & capability.cbor) === 0)
      throw new DeviceError('mechanism-unsupported', 'this key does not speak CTAP2');
    const answer = await this.command('getInfo', ctapCommand.getInfo, undefined, options);
    return parsed('getInfo', () => authenticatorInfoOf(answer));
  }

  /** Section 6.5.5.4: the authenticator's half of the key agreement. */
  async getKeyAgreement(version: PinUvVersion, options: CallOptions): Promise<KeyObject> {
    const answer = await this.#clientPin('getKeyAgreement', clientPinCommand.getKeyAgreement, [[1, version]], options);
    return parsed('getKeyAgreement', () => publicKeyOfCose(answer.map(1), coseAlgorithm.ecdhHkdf256));
  }

  /** Section 6.5.5.3: tries left before the authenticator locks its own user verification. */
  async getUvRetries(options: CallOptions): Promise<number> {
    const answer = await this.#clientPin('getUvRetries', clientPinCommand.getUvRetries, [], options);
    return parsed('getUvRetries', () => answer.integer(5));
  }

  /** Section 6.5.5.7.3: an encrypted token for a person who is verified by the authenticator itself. Waits for the finger. */
  async getTokenUsingUv(
    request: { readonly version: PinUvVersion; readonly platformKey: KeyObject; readonly permissions: number; readonly rpId: string },
    options: CallOptions,
  ): Promise<Uint8Array> {
    const fields: [number, CborValue][] = [
      [1, request.version],
      [3, coseOfPublicKey(request.platformKey, coseAlgorithm.ecdhHkdf256)],
      [9, request.permissions],
      [10, request.rpId],
    ];
    const answer = await this.#clientPin('getPinUvAuthTokenUsingUv', clientPinCommand.getTokenUsingUv, fields, options);
    return parsed('getPinUvAuthTokenUsingUv', () => answer.bytes(2));
  }

  /** Section 6.1: an ES256 credential that is not discoverable, so that the authenticator stores no data of a person. */
  async makeCredential(
    request: { readonly rpId: string; readonly userId: Uint8Array; readonly clientDataHash: Uint8Array; readonly auth: PinUvAuth },
    options: CallOptions,
  ): Promise<MakeCredentialAnswer> {
    const algorithm = cborMap([
      ['alg', coseAlgorithm.es256],
      ['type', 'public-key'],
    ]);
    const fields = cborMap([
      [1, request.clientDataHash],
      [2, cborMap([['id', request.rpId]])],
      [3, cborMap([['id', request.userId]])],
      [4, [algorithm]],
      [7, cborMap([['rk', false]])],
      [8, request.auth.param],
      [9, request.auth.version],
    ]);
    const answer = await this.command('makeCredential', ctapCommand.makeCredential, fields, options);
    return parsed('makeCredential', () => ({
      format: answer.text(1),
      authenticatorData: answer.bytes(2),
      statement: encodeCbor(answer.has(3) ? (answer.raw(3) as CborValue) : new Map()),
    }));
  }

  /** Section 6.2 for one known credential. */
  async getAssertion(
    request: { readonly rpId: string; readonly credentialId: Uint8Array; readonly clientDataHash: Uint8Array; readonly auth: PinUvAuth },
    options: CallOptions,
  ): Promise<GetAssertionAnswer> {
    const credential = cborMap([
      ['id', request.credentialId],
      ['type', 'public-key'],
    ]);
    const fields = cborMap([
      [1, request.rpId],
      [2, request.clientDataHash],
      [3, [credential]],
      [6, request.auth.param],
      [7, request.auth.version],
    ]);
    const answer = await this.command('getAssertion', ctapCommand.getAssertion, fields, options);
    return parsed('getAssertion', () => ({
      ...(answer.has(1) ? { credentialId: answer.map(1).bytes('id') } : {}),
      authenticatorData: answer.bytes(2),
      signature: answer.bytes(3),
    }));
  }

  /** Section 6.9: resolves once a person touches this authenticator, to tell it from others. Throws DeviceError touch-timeout, cancelled, device-error. */
  async selection(options: CallOptions): Promise<void> {
    await this.command('selection', ctapCommand.selection, undefined, options);
  }

  /**
   * Any command, its parameters and the map of its answer, which is empty where there is none. Throws DeviceError for every status but 0 and for an
   * answer that is not canonical CBOR.
   */
  async command(what: string, command: number, fields: CborMap | undefined, options: CallOptions): Promise<CborFields> {
    const body = fields === undefined ? new Uint8Array(0) : encodeCbor(fields);
    const answer = await this.#channel.call(hidCommand.cbor, Buffer.concat([Uint8Array.of(command), body]), options);
    const status = answer[0];
    if (status === undefined) throw new DeviceError('device-error', `${what}: an empty answer`, { recover: 'ask-staff' });
    if (status !== ctapStatus.ok) throw deviceErrorOf(status, what);
    return parsed(what, () => new CborFields(answer.length === 1 ? new Map() : decodeCbor(answer.subarray(1)), what));
  }

  #clientPin(
    what: string,
    subCommand: number,
    fields: readonly (readonly [number, CborValue])[],
    options: CallOptions,
  ): Promise<CborFields> {
    return this.command(what, ctapCommand.clientPin, cborMap([[2, subCommand], ...fields]), options);
  }
}
