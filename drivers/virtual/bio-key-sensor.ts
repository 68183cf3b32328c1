/** The sensor of a virtual bio key: it waits for a finger, and a finger is a name. */

export type Touch = { readonly kind: 'finger'; readonly finger: string } | { readonly kind: 'timeout' } | { readonly kind: 'cancelled' };

export class Sensor {
  readonly #timeoutMs: number;
  #take: ((finger: string) => void) | undefined;
  #auto: string | undefined;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** True while the key waits for a finger. */
  get waiting(): boolean {
    return this.#take !== undefined;
  }

  /** Lays a finger on it. False when nothing waits for one: a real key takes no notice of such a touch. */
  touch(finger: string): boolean {
    const take = this.#take;
    take?.(finger);
    return take !== undefined;
  }

  /** From now on this finger comes by itself whenever the key waits for one; undefined ends that. */
  auto(finger: string | undefined): void {
    this.#auto = finger;
    if (finger !== undefined) this.touch(finger);
  }

  /** Waits for the next finger. */
  wait(signal: AbortSignal): Promise<Touch> {
    return new Promise((resolve) => {
      const end = (touch: Touch): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', cancelled);
        this.#take = undefined;
        resolve(touch);
      };
      const cancelled = (): void => end({ kind: 'cancelled' });
      const timer = setTimeout(() => end({ kind: 'timeout' }), this.#timeoutMs);
      signal.addEventListener('abort', cancelled);
      this.#take = (finger) => end({ kind: 'finger', finger });
      if (signal.aborted) cancelled();
      const auto = this.#auto;
      if (auto !== undefined) setImmediate(() => this.#auto === auto && this.touch(auto));
    });
  }
}
