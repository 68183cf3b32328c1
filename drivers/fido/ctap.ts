/**
 * CTAP2 commands (CTAP 2.1 section 6) in canonical CBOR over one channel. Each method is one command and one answer; whatever the reader says wrong
 * becomes a DeviceError.
 */
import type { KeyObject } from 'node:crypto';
import { DeviceError } from '../errors.ts';
import { CborError, CborFields, type CborMap, type CborValue, decodeCbor, encodeCbor } from './cbor.ts';
import type { CallOptions, CtapChannel } from './channel.ts';
import { coseAlgorithm, coseOfPublicKey, publicKeyOfCose } from './cose.ts';
import { capability, hidCommand } from './framing.ts';
import type { PinUvVersion } from './pin-uv-protocol.ts';
import { ctapStatus, deviceErrorOf } from './status.ts';

/** First byte of a CTAP2 message (section 6). */
export const ctapCommand = { makeCredential: 0x01, getAssertion: 0x02, getInfo: 0x04, clientPin: 0x06 } as const;
/** authenticatorClientPIN subcommands (section 6.5.5) that are used here: none of them carries a PIN. */
export const clientPinCommand = { getKeyAgreement: 0x02, getTokenUsingUv: 0x06, getUvRetries: 0x07 } as const;
/** Permissions of a pinUvAuthToken (section 6.5.5.7). */
export const permission = { makeCredential: 0x01, getAssertion: 0x02 } as const;
/** uvModality bit of a fingerprint sensor inside the authenticator (FIDO registry of predefined values, section 3.1). */
const fingerprintModality = 0x02;

export interface AuthenticatorInfo {
  readonly versions: readonly string[];
  /** 32 hex digits. */
  readonly aaguid: string;
  readonly options: ReadonlyMap<string, boolean>;
  /** In the order that the authenticator prefers. */
  readonly pinUvAuthProtocols: readonly number[];
  /** True when it says in any of the known ways that it has a fingerprint sensor. */
  readonly fingerprint: boolean;
}

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

function map(entries: readonly (readonly [number | string, CborValue | undefined])[]): CborMap {
  return new Map(entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])));
}

function parsed<T>(what: string, parse: () => T): T {
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
    const answer = await this.#send('getInfo', ctapCommand.getInfo, undefined, options);
    return parsed('getInfo', () => {
      const flags = new Map<string, boolean>();
      const given = answer.raw(4);
      for (const [name, value] of given instanceof Map ? (given as ReadonlyMap<unknown, unknown>) : []) {
        if (typeof name === 'string' && typeof value === 'boolean') flags.set(name, value);
      }
      return {
        versions: answer.list(1).filter((version) => typeof version === 'string'),
        aaguid: Buffer.from(answer.bytes(3)).toString('hex'),
        options: flags,
        pinUvAuthProtocols: answer.has(6) ? answer.list(6).filter((version) => typeof version === 'number') : [],
        fingerprint:
          flags.has('bioEnroll') ||
          flags.has('userVerificationMgmtPreview') ||
          ((answer.optionalInteger(0x12) ?? 0) & fingerprintModality) !== 0,
      };
    });
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
    const algorithm = map([
      ['alg', coseAlgorithm.es256],
      ['type', 'public-key'],
    ]);
    const fields = map([
      [1, request.clientDataHash],
      [2, map([['id', request.rpId]])],
      [3, map([['id', request.userId]])],
      [4, [algorithm]],
      [7, map([['rk', false]])],
      [8, request.auth.param],
      [9, request.auth.version],
    ]);
    const answer = await this.#send('makeCredential', ctapCommand.makeCredential, fields, options);
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
    const credential = map([
      ['id', request.credentialId],
      ['type', 'public-key'],
    ]);
    const fields = map([
      [1, request.rpId],
      [2, request.clientDataHash],
      [3, [credential]],
      [6, request.auth.param],
      [7, request.auth.version],
    ]);
    const answer = await this.#send('getAssertion', ctapCommand.getAssertion, fields, options);
    return parsed('getAssertion', () => ({
      ...(answer.has(1) ? { credentialId: answer.map(1).bytes('id') } : {}),
      authenticatorData: answer.bytes(2),
      signature: answer.bytes(3),
    }));
  }

  #clientPin(
    what: string,
    subCommand: number,
    fields: readonly (readonly [number, CborValue])[],
    options: CallOptions,
  ): Promise<CborFields> {
    return this.#send(what, ctapCommand.clientPin, map([[2, subCommand], ...fields]), options);
  }

  async #send(what: string, command: number, fields: CborMap | undefined, options: CallOptions): Promise<CborFields> {
    const body = fields === undefined ? new Uint8Array(0) : encodeCbor(fields);
    const answer = await this.#channel.call(hidCommand.cbor, Buffer.concat([Uint8Array.of(command), body]), options);
    const status = answer[0];
    if (status === undefined) throw new DeviceError('device-error', `${what}: an empty answer`, { recover: 'ask-staff' });
    if (status !== ctapStatus.ok) throw deviceErrorOf(status, what);
    return parsed(what, () => new CborFields(answer.length === 1 ? new Map() : decodeCbor(answer.subarray(1)), what));
  }
}
