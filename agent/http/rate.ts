/** Holds back a flood: a bucket of `perSecond` tokens that fills up evenly. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #now: () => number;
  #level: number;
  #last: number;

  /** `now` tells milliseconds that never go back. */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#now = now;
    this.#level = perSecond;
    this.#last = now();
  }

  /** True when one more is allowed now, and counts it. */
  take(): boolean {
    const now = this.#now();
    this.#level = Math.min(this.#perSecond, this.#level + ((now - this.#last) / 1000) * this.#perSecond);
    this.#last = now;
    if (this.#level < 1) return false;
    this.#level -= 1;
    return true;
  }
}
