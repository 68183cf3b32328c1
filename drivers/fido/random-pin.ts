/** The PIN that a key gets from this station: random, for a sealed envelope and not for anybody's memory. */
import { randomFillSync } from 'node:crypto';
import { Secret } from '../secret.ts';

/** 32 characters that are told apart in print, 5 bits each. */
const alphabet = Buffer.from('0123456789abcdefghjkmnpqrstvwxyz');
/** 120 bits. */
const usualLength = 24;

/** PIN bytes that more than one Secret can be made of; must be wiped. */
export class RandomPin {
  readonly #bytes: Uint8Array;

  /** `minLength`: what the key asks for, characters. */
  constructor(minLength: number) {
    this.#bytes = randomFillSync(new Uint8Array(new ArrayBuffer(Math.max(usualLength, minLength))));
    this.#bytes.forEach((byte, index) => {
      this.#bytes[index] = alphabet[byte & 31] ?? 0;
    });
  }

  secret(): Secret {
    const copy = new Uint8Array(new ArrayBuffer(this.#bytes.length));
    copy.set(this.#bytes);
    return new Secret(copy);
  }

  wipe(): void {
    this.#bytes.fill(0);
  }
}
