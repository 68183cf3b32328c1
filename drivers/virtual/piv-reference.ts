/** PIN and PUK of a PIV card: eight bytes padded with FF, a counter of tries, blocked at zero (NIST SP 800-73-4 part 2 section 2.4.3). */

export const maxTries = 3;

export type ReferenceCheck = 'right' | 'wrong' | 'blocked' | 'malformed';

/** Digits as a person types them, 6 to 8, to the eight bytes that travel. Throws on anything else. */
export function paddedPin(digits: string): Uint8Array {
  if (!/^[0-9]{6,8}$/.test(digits)) throw new Error('a PIN has 6 to 8 digits');
  return Buffer.from(digits.padEnd(8, '\xff'), 'latin1');
}

export class ReferenceValue {
  #value: Uint8Array;
  #triesLeft: number;
  readonly #pattern: RegExp;

  /** `shape`: what the eight bytes may be, read as latin1. */
  constructor(value: Uint8Array, triesLeft: number, shape: 'pin' | 'puk') {
    if (!Number.isInteger(triesLeft) || triesLeft < 0 || triesLeft > maxTries) throw new Error(`tries left must be 0 to ${maxTries}`);
    this.#pattern = shape === 'pin' ? /^(?=.{8}$)[0-9]{6,8}\xff*$/ : /^[^]{8}$/;
    if (!this.isWellFormed(value)) throw new Error(`this is no ${shape.toUpperCase()}`);
    this.#value = Uint8Array.from(value);
    this.#triesLeft = triesLeft;
  }

  get triesLeft(): number {
    return this.#triesLeft;
  }

  get text(): string {
    return Buffer.from(this.#value)
      .toString('latin1')
      .replace(/\xff+$/, '');
  }

  isWellFormed(value: Uint8Array): boolean {
    return this.#pattern.test(Buffer.from(value).toString('latin1'));
  }

  /** Compares, and counts the try before it looks. A malformed value costs no try. */
  check(value: Uint8Array): ReferenceCheck {
    if (!this.isWellFormed(value)) return 'malformed';
    if (this.#triesLeft === 0) return 'blocked';
    this.#triesLeft -= 1;
    if (!Buffer.from(this.#value).equals(value)) return 'wrong';
    this.#triesLeft = maxTries;
    return 'right';
  }

  /** Sets a new value and all tries. The caller has checked that it is well formed. */
  replace(value: Uint8Array): void {
    this.#value = Uint8Array.from(value);
    this.#triesLeft = maxTries;
  }
}
