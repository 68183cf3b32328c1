/** A fingerprint reader that signs: CTAP 2.1 with built-in user verification, as the contract in `drivers/fingerprint.ts` asks for it. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { DeviceError, isDeviceError } from '../errors.ts';
import type { Assertion, Enrolment, EnrolRequest, FingerprintReader, ReaderCall, ReaderInfo, VerifyRequest } from '../fingerprint.ts';
import { newCredentialOf } from './authenticator-data.ts';
import type { AuthenticatorInfo } from './authenticator-info.ts';
import { CborError } from './cbor.ts';
import { type CallOptions, type ChannelOptions, CtapChannel } from './channel.ts';
import { Ctap2, permission } from './ctap.ts';
import { Patience } from './patience.ts';
import type { HidInfo, HidTransport } from './transport.ts';
import { tokenByFinger, type UvToken } from './user-verification.ts';

export interface ReaderOptions extends ChannelOptions {
  /** How long the station waits for a finger, milliseconds. The reader has a limit of its own, often 30 s; the shorter one ends the call. */
  readonly touchMs?: number;
  /** Limit for questions that need no person, milliseconds. */
  readonly answerMs?: number;
}

/** What tells one reader from another while both stay plugged in. */
export function readerIdOf(hid: HidInfo): string {
  const name = JSON.stringify([hid.path, hid.vendorId, hid.productId, hid.serial]);
  return `fido-${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
}

export class FidoReader implements FingerprintReader {
  readonly info: ReaderInfo;
  /** What the authenticator says of itself. */
  readonly authenticator: AuthenticatorInfo;
  readonly #channel: CtapChannel;
  readonly #ctap: Ctap2;
  readonly #touchMs: number;
  readonly #short: CallOptions;
  #inUse = false;

  private constructor(hid: HidInfo, channel: CtapChannel, ctap: Ctap2, authenticator: AuthenticatorInfo, options: ReaderOptions) {
    const name = hid.product === '' ? 'Fingerprint reader' : hid.product;
    this.info = { id: readerIdOf(hid), name, assurance: 'signed-by-reader', aaguid: authenticator.aaguid };
    this.authenticator = authenticator;
    this.#channel = channel;
    this.#ctap = ctap;
    this.#touchMs = options.touchMs ?? 30_000;
    this.#short = { deadlineMs: options.answerMs ?? 5000 };
  }

  /** Opens a channel and asks who is there. Throws DeviceError: reader-lost, busy, mechanism-unsupported, device-error. */
  static async open(transport: HidTransport, hid: HidInfo, options: ReaderOptions = {}): Promise<FidoReader> {
    const channel = await CtapChannel.open(transport, hid.path, options);
    try {
      const ctap = new Ctap2(channel);
      const authenticator = await ctap.getInfo({ deadlineMs: options.answerMs ?? 5000 });
      return new FidoReader(hid, channel, ctap, authenticator, options);
    } catch (error) {
      await channel.close();
      throw error;
    }
  }

  /** True once it was closed or unplugged. */
  get closed(): boolean {
    return this.#channel.closed;
  }

  /** Tries left before the reader locks itself; undefined where it does not tell. Throws DeviceError reader-lost, busy. */
  async triesLeft(): Promise<number | undefined> {
    try {
      return await this.#ctap.getUvRetries(this.#short);
    } catch (error) {
      if (isDeviceError(error) && error.origin?.kind === 'ctap') return undefined;
      throw error;
    }
  }

  enrol(request: EnrolRequest, call: ReaderCall = {}): Promise<Enrolment> {
    if (request.userId.length === 0 || request.userId.length > 64) throw new RangeError('a user id has 1 to 64 bytes');
    return this.#withFinger(permission.makeCredential, request, call, async (token, options) => {
      const { rpId, userId, clientDataHash } = request;
      const answer = await this.#ctap.makeCredential({ rpId, userId, clientDataHash, auth: token.spend(clientDataHash) }, options);
      try {
        return {
          ...newCredentialOf(answer.authenticatorData, rpId),
          authenticatorData: answer.authenticatorData,
          attestationFormat: answer.format,
          attestationStatement: answer.statement,
        };
      } catch (cause) {
        if (!(cause instanceof CborError)) throw cause;
        throw new DeviceError('device-error', `makeCredential: ${cause.message}`, { cause, recover: 'ask-staff' });
      }
    });
  }

  verify(request: VerifyRequest, call: ReaderCall = {}): Promise<Assertion> {
    return this.#withFinger(permission.getAssertion, request, call, async (token, options) => {
      const { rpId, credentialId, clientDataHash } = request;
      const answer = await this.#ctap.getAssertion({ rpId, credentialId, clientDataHash, auth: token.spend(clientDataHash) }, options);
      const answered = answer.credentialId ?? credentialId;
      if (answered.length !== credentialId.length || !timingSafeEqual(answered, credentialId)) {
        throw new DeviceError('device-error', 'the fingerprint reader answered for another credential', { recover: 'ask-staff' });
      }
      return { credentialId, authenticatorData: answer.authenticatorData, clientDataHash, signature: answer.signature };
    });
  }

  close(): Promise<void> {
    return this.#channel.close();
  }

  /** One touch: one token, and `use` spends it. Nothing here is tried a second time, so the person decides about every try that counts. */
  async #withFinger<T>(
    permissions: number,
    request: { readonly rpId: string; readonly clientDataHash: Uint8Array },
    call: ReaderCall,
    use: (token: UvToken, options: CallOptions) => Promise<T>,
  ): Promise<T> {
    if (request.clientDataHash.length !== 32) throw new RangeError('a client data hash has 32 bytes');
    if (this.#inUse) throw new DeviceError('busy', 'this fingerprint reader is in use');
    this.#inUse = true;
    const patience = new Patience(this.#touchMs, call.signal);
    const { signal } = patience;
    const waiting = patience.options(call.onPrompt);
    let token: UvToken | undefined;
    try {
      token = await tokenByFinger(
        this.#ctap,
        this.authenticator,
        { permissions, rpId: request.rpId },
        { short: { ...this.#short, signal }, touch: waiting },
      );
      return await use(token, waiting);
    } catch (error) {
      throw await this.#explained(patience.explained(error));
    } finally {
      patience.end();
      token?.wipe();
      this.#inUse = false;
    }
  }

  /** Adds to a mismatch what only the reader can tell: how many tries are left. */
  async #explained(error: unknown): Promise<unknown> {
    if (!isDeviceError(error) || error.code !== 'not-matched') return error;
    const origin = error.origin === undefined ? {} : { origin: error.origin };
    const triesLeft = await this.triesLeft().catch(() => undefined);
    if (triesLeft === undefined) return error;
    // The reader counts before it compares: with none left it is locked, though it still called this one a mismatch.
    return new DeviceError(triesLeft === 0 ? 'reader-locked' : 'not-matched', error.message, { triesLeft, cause: error, ...origin });
  }
}
