/**
 * The pinUvAuthToken of a virtual bio key and the key agreement that carries it (CTAP 2.1 sections 6.5.2.1, 6.5.5.4 and 6.5.6): one token at a time,
 * with permissions, an organisation, a presence, and an end.
 */
import { generateKeyPairSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { CborFields, CborMap } from '../fido/cbor.ts';
import { coseAlgorithm, coseOfPublicKey, publicKeyOfCose } from '../fido/cose.ts';
import { authenticate, isPinUvVersion, type PinUvVersion, SharedSecret } from '../fido/pin-uv-protocol.ts';
import { ctapStatus } from '../fido/status.ts';
import { Refusal } from './bio-key-refusal.ts';

/** Permissions of a token (section 6.5.5.7). */
export const tokenPermission = { makeCredential: 0x01, getAssertion: 0x02, bioEnrollment: 0x08 } as const;

/** How long a touch counts as presence after its token was given, milliseconds (section 6.5.2.1, user present time limit). */
const presenceMs = 30_000;
/** How long a token may wait for its first use, milliseconds (initial usage time limit over USB). */
const firstUseMs = 30_000;
/** How long a token lives that is used, milliseconds (max usage time period). */
const wholeUseMs = 600_000;

interface Token {
  readonly version: PinUvVersion;
  readonly bytes: Uint8Array;
  readonly permissions: number;
  /** Undefined: the first command that names an organisation binds it. */
  rpId: string | undefined;
  readonly presentUntil: number;
  readonly issued: number;
  usableUntil: number;
}

export class TokenDesk {
  readonly #protocols: readonly PinUvVersion[];
  #agreement = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  #token: Token | undefined;

  constructor(protocols: readonly PinUvVersion[]) {
    this.#protocols = protocols;
  }

  /** Forgets the token and the key agreement key: at a power cycle and after a wrong PIN. */
  renew(): void {
    this.#token = undefined;
    this.#agreement = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  }

  /** Ends the token: its permissions are used up (sections 6.1.2 and 6.2.2), or there is a new PIN. */
  drop(): void {
    this.#token = undefined;
  }

  /** Throws Refusal 0x02 for a protocol that this key does not speak. */
  protocol(value: number): PinUvVersion {
    if (!isPinUvVersion(value) || !this.#protocols.includes(value)) throw new Refusal(ctapStatus.invalidParameter);
    return value;
  }

  /** The key's half of the key agreement, as COSE_Key. */
  publicKey(): CborMap {
    return coseOfPublicKey(this.#agreement.publicKey, coseAlgorithm.ecdhHkdf256);
  }

  /** `decapsulate` with the client's half. Throws CborError when that is no P-256 key. */
  secret(version: PinUvVersion, platformKey: CborFields): SharedSecret {
    return SharedSecret.of(version, this.#agreement.privateKey, publicKeyOfCose(platformKey, coseAlgorithm.ecdhHkdf256));
  }

  /** Gives a new token, in the clear; the one before it ends. `present`: it was given for a touch. */
  issue(
    version: PinUvVersion,
    grant: { readonly permissions: number; readonly rpId?: string | undefined; readonly present: boolean },
  ): Uint8Array {
    const now = performance.now();
    const { permissions, rpId, present } = grant;
    const times = { issued: now, usableUntil: now + firstUseMs, presentUntil: present ? now + presenceMs : 0 };
    this.#token = { version, bytes: randomBytes(32), permissions, rpId, ...times };
    return this.#token.bytes;
  }

  /**
   * `verify` of section 6.5.6 with the permission and the organisation that the command needs; tells whether the person behind the token was present.
   * Throws Refusal 0x33 when any of it does not hold.
   */
  check(
    proof: { readonly version: number; readonly param: Uint8Array; readonly message: Uint8Array },
    needed: { readonly permission: number; readonly rpId?: string },
  ): { readonly present: boolean } {
    const version = this.protocol(proof.version);
    const token = this.#token;
    const now = performance.now();
    if (token !== undefined && now >= token.usableUntil) this.#token = undefined;
    const expected = this.#token && authenticate(version, this.#token.bytes, proof.message);
    if (token?.version !== version || expected?.length !== proof.param.length || !timingSafeEqual(expected, proof.param))
      throw new Refusal(ctapStatus.pinAuthInvalid);
    if ((token.permissions & needed.permission) === 0) throw new Refusal(ctapStatus.pinAuthInvalid);
    if (needed.rpId !== undefined) {
      token.rpId ??= needed.rpId;
      if (token.rpId !== needed.rpId) throw new Refusal(ctapStatus.pinAuthInvalid);
    }
    token.usableUntil = token.issued + wholeUseMs;
    return { present: now < token.presentUntil };
  }
}
