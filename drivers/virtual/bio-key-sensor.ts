/** The sensor of a virtual bio key: it waits for a finger. A finger is a name and a manner in which it is laid on. */

/** How a finger can be laid on, with the number of CTAP 2.1 section 6.7.3 (lastEnrollSampleStatus) that says so of a sample. */
export const manners = {
  well: 0x00,
  'too-high': 0x01,
  'too-low': 0x02,
  'too-left': 0x03,
  'too-right': 0x04,
  'too-fast': 0x05,
  'too-slow': 0x06,
  dirty: 0x07,
  askew: 0x08,
  'too-short': 0x09,
  'not-lifted': 0x0e,
} as const;

/** A manner by its word, or a sample status by its number, for what no word is known. */
export type Manner = keyof typeof manners | number;

export interface LaidFinger {
  readonly finger: string;
  readonly manner?: Manner;
}

export type Touch =
  | { readonly kind: 'finger'; readonly finger: string; readonly sample: number }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'cancelled' };

export class Sensor {
  readonly #timeoutMs: number;
  #take: ((laid: LaidFinger) => void) | undefined;
  #auto: LaidFinger | undefined;
  #next: LaidFinger[] = [];

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** True while the key waits for a finger. */
  get waiting(): boolean {
    return this.#take !== undefined;
  }

  /** Fingers that were announced and did not come yet. */
  get toCome(): number {
    return this.#next.length;
  }

  /** Lays a finger on it. False when nothing waits for one: a real key takes no notice of such a touch. */
  touch(laid: LaidFinger): boolean {
    const take = this.#take;
    take?.(laid);
    return take !== undefined;
  }

  /** From now on this finger comes by itself whenever the key waits for one; undefined ends that. */
  auto(laid: LaidFinger | undefined): void {
    this.#auto = laid;
    if (laid !== undefined && this.#next.length === 0) this.touch(laid);
  }

  /** These fingers come one by one, each when the key waits the next time, before the one that comes by itself. */
  announce(laid: readonly LaidFinger[]): void {
    this.#next.push(...laid);
    if (this.waiting) this.#comeByItself();
  }

  /** Waits for the next finger, at most `timeoutMs` and never longer than the sensor does by itself. */
  wait(signal: AbortSignal, timeoutMs = Infinity): Promise<Touch> {
    return new Promise((resolve) => {
      const end = (touch: Touch): void => {
        clearTimeout(timer);
        clearImmediate(coming);
        signal.removeEventListener('abort', cancelled);
        this.#take = undefined;
        resolve(touch);
      };
      const cancelled = (): void => end({ kind: 'cancelled' });
      const timer = setTimeout(() => end({ kind: 'timeout' }), Math.min(this.#timeoutMs, timeoutMs));
      const coming = setImmediate(() => this.#comeByItself());
      signal.addEventListener('abort', cancelled);
      this.#take = ({ finger, manner = 'well' }) =>
        end({ kind: 'finger', finger, sample: typeof manner === 'number' ? manner : manners[manner] });
      if (signal.aborted) cancelled();
    });
  }

  #comeByItself(): void {
    const laid = this.#next.shift() ?? this.#auto;
    if (laid !== undefined) this.touch(laid);
  }
}
