/** Time that passes when it is told to. */
import type { SealClock } from '../../agent/log/seal.ts';

export class SimulatedClock implements SealClock {
  now: number;
  #waiting: readonly { readonly at: number; readonly call: () => void }[] = [];

  constructor(now: number) {
    this.now = now;
  }

  wall = (): number => this.now;

  after = (ms: number, call: () => void): (() => void) => {
    const waiting = { at: this.now + ms, call };
    this.#waiting = [...this.#waiting, waiting];
    return () => (this.#waiting = this.#waiting.filter((one) => one !== waiting));
  };

  /** How long until each call that is waited for, milliseconds, soonest first. */
  get due(): readonly number[] {
    return this.#waiting.map(({ at }) => at - this.now).toSorted((a, b) => a - b);
  }

  pass(ms: number): void {
    this.now += ms;
    const due = this.#waiting.filter(({ at }) => at <= this.now);
    this.#waiting = this.#waiting.filter(({ at }) => at > this.now);
    for (const { call } of due) call();
  }
}
