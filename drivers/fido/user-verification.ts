/**
 * Built-in user verification (CTAP 2.1 section 6.5.5.7.3): one touch gives one token, for one permission and one relying party, and a token is used
 * once. There is no way here to get a token by PIN, because the reader's answer would look the same and mean less.
 */
import { DeviceError } from '../errors.ts';
import type { AuthenticatorInfo } from './authenticator-info.ts';
import type { Ctap2, PinUvAuth } from './ctap.ts';
import type { CallOptions } from './channel.ts';
import { authenticate, isPinUvVersion, SharedSecret } from './pin-uv-protocol.ts';

/** A token that can authenticate one clientDataHash and is then overwritten. */
export class UvToken {
  readonly #version: 1 | 2;
  #token: Uint8Array | undefined;

  constructor(version: 1 | 2, token: Uint8Array) {
    this.#version = version;
    this.#token = token;
  }

  /** pinUvAuthParam for makeCredential and getAssertion. Throws Error when it was used before. */
  spend(clientDataHash: Uint8Array): PinUvAuth {
    const token = this.#token;
    if (token === undefined) throw new Error('this token was spent before');
    const param = authenticate(this.#version, token, clientDataHash);
    this.wipe();
    return { version: this.#version, param };
  }

  wipe(): void {
    this.#token?.fill(0);
    this.#token = undefined;
  }
}

/**
 * Waits for a finger that the reader knows. `short` bounds the questions before it, `touch` the wait itself.
 * Throws DeviceError: not-matched, reader-locked, touch-timeout, cancelled, reader-lost, no-usable-key (no finger is enrolled in the reader),
 * mechanism-unsupported (it cannot give a token for a finger).
 */
export async function tokenByFinger(
  ctap: Ctap2,
  info: AuthenticatorInfo,
  request: { readonly permissions: number; readonly rpId: string },
  options: { readonly short: CallOptions; readonly touch: CallOptions },
): Promise<UvToken> {
  if (info.options.get('uv') === false) {
    throw new DeviceError('no-usable-key', 'no finger is enrolled in the fingerprint reader', { recover: 'ask-staff' });
  }
  const version = info.pinUvAuthProtocols.find(isPinUvVersion);
  if (info.options.get('uv') !== true || info.options.get('pinUvAuthToken') !== true || version === undefined) {
    throw new DeviceError('mechanism-unsupported', 'this key gives no token for a finger', { recover: 'ask-staff' });
  }
  const peer = await ctap.getKeyAgreement(version, options.short);
  const { publicKey, secret } = SharedSecret.encapsulate(version, peer);
  const encrypted = await ctap.getTokenUsingUv({ version, platformKey: publicKey, ...request }, options.touch);
  // Protocol one: 16 or 32 bytes of token; protocol two: 32 bytes behind an IV of 16.
  const lengths = version === 1 ? [16, 32] : [48];
  if (!lengths.includes(encrypted.length)) throw new DeviceError('device-error', 'the token has a wrong length', { recover: 'ask-staff' });
  return new UvToken(version, secret.decrypt(encrypted));
}
