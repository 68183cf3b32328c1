/**
 * PIN/UV auth protocols one and two (CTAP 2.1 sections 6.5.6 and 6.5.7), the cryptography alone: a key shared by ECDH, encryption, authentication.
 * They carry a PIN only for an enrolment officer (`device-pin.ts`); at a signature they carry the token for a finger.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';

export type PinUvVersion = 1 | 2;

/** True for a protocol number that is spoken here. */
export function isPinUvVersion(value: unknown): value is PinUvVersion {
  return value === 1 || value === 2;
}

/** HMAC-SHA-256 over `message`: the first 16 bytes under protocol one, all 32 under protocol two. */
export function authenticate(version: PinUvVersion, key: Uint8Array, message: Uint8Array): Uint8Array {
  const mac = createHmac('sha256', key).update(message).digest();
  return new Uint8Array(version === 1 ? mac.subarray(0, 16) : mac);
}

/** What the two ends share after the key agreement. */
export class SharedSecret {
  readonly #version: PinUvVersion;
  readonly #aesKey: Uint8Array;
  readonly #hmacKey: Uint8Array;

  private constructor(version: PinUvVersion, z: Uint8Array) {
    this.#version = version;
    // kdf: protocol one hashes the x coordinate; protocol two makes two keys, of which encryption takes the second.
    const derived = (info: string): Uint8Array => new Uint8Array(hkdfSync('sha256', z, new Uint8Array(32), info, 32));
    this.#aesKey = version === 1 ? createHash('sha256').update(z).digest() : derived('CTAP2 AES key');
    this.#hmacKey = version === 1 ? this.#aesKey : derived('CTAP2 HMAC key');
  }

  /** `ecdh` and `kdf` of section 6.5.6 with our private and the other end's public key. */
  static of(version: PinUvVersion, privateKey: KeyObject, publicKey: KeyObject): SharedSecret {
    const z = diffieHellman({ privateKey, publicKey });
    try {
      return new SharedSecret(version, z);
    } finally {
      z.fill(0);
    }
  }

  /** `encapsulate`: a fresh key pair; the other end needs its public half. */
  static encapsulate(version: PinUvVersion, peer: KeyObject): { readonly publicKey: KeyObject; readonly secret: SharedSecret } {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return { publicKey: createPublicKey(privateKey), secret: SharedSecret.of(version, privateKey, peer) };
  }

  /** `authenticate` of section 6.5.6 under the shared secret itself: what proves a new PIN to come from this end. */
  authenticate(message: Uint8Array): Uint8Array {
    return authenticate(this.#version, this.#hmacKey, message);
  }

  /** AES-256-CBC without padding; protocol two puts a random IV in front. Throws when the length is no multiple of 16. */
  encrypt(plain: Uint8Array): Uint8Array {
    const iv = this.#version === 1 ? new Uint8Array(16) : randomBytes(16);
    const cipher = createCipheriv('aes-256-cbc', this.#aesKey, iv).setAutoPadding(false);
    const text = Buffer.concat([cipher.update(plain), cipher.final()]);
    return new Uint8Array(this.#version === 1 ? text : Buffer.concat([iv, text]));
  }

  /** The reverse of `encrypt`. Throws when the length cannot be right. */
  decrypt(data: Uint8Array): Uint8Array {
    const iv = this.#version === 1 ? new Uint8Array(16) : data.subarray(0, 16);
    const decipher = createDecipheriv('aes-256-cbc', this.#aesKey, iv).setAutoPadding(false);
    const text = this.#version === 1 ? data : data.subarray(16);
    // What comes out is a token or a PIN: no copy of it is left in a buffer that others get next.
    const plain = decipher.update(text);
    try {
      decipher.final();
      return new Uint8Array(plain);
    } finally {
      plain.fill(0);
    }
  }
}
