/**
 * A PIN, as bytes that can be taken once and are overwritten with zeros afterwards. It has no way to be printed: JSON, template strings
 * and Node's inspector all see `[secret]`. The bytes lie outside of the heap of the JavaScript engine, which moves small arrays about and leaves their old
 * bytes behind.
 */
import { inspect } from 'node:util';

export class Secret {
  #bytes: Uint8Array | undefined;

  /** Moves `bytes` in here: they are zeroed where they were. */
  constructor(bytes: Uint8Array) {
    this.#bytes = new Uint8Array(new ArrayBuffer(bytes.length));
    this.#bytes.set(bytes);
    bytes.fill(0);
  }

  /** Number of bytes, or 0 once taken. */
  get length(): number {
    return this.#bytes?.length ?? 0;
  }

  /** Lends the bytes to `use` and zeroes them when it is done, also when it throws. Throws if they were taken before. */
  async take<T>(use: (bytes: Uint8Array) => T | Promise<T>): Promise<T> {
    const bytes = this.#bytes;
    if (bytes === undefined) throw new Error('this secret was taken before');
    this.#bytes = undefined;
    try {
      return await use(bytes);
    } finally {
      bytes.fill(0);
    }
  }

  /** Zeroes the bytes without using them. Safe to call twice. */
  wipe(): void {
    this.#bytes?.fill(0);
    this.#bytes = undefined;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}
