/** Faults that a test or the workbench scripts onto a virtual card. They sit between the reader and the card, as a bad contact would. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Misbehaviour } from './virtual-card.ts';

interface Rule {
  readonly ins: number | undefined;
  /** Matching commands that still pass before the rule acts. */
  skip: number;
  /** Times it still acts. */
  times: number;
  readonly act: Misbehaviour | number;
}

export class CardFaults {
  #rules: Rule[] = [];
  #delays: { readonly ins: number | undefined; readonly ms: number }[] = [];

  /** The card is pulled out at the moment the `nth` command with instruction byte `ins` arrives, counted from now; parts of a chain count singly. */
  pullAt(ins: number, nth = 1): void {
    this.#rules.push({ ins, skip: nth - 1, times: 1, act: 'pulled' });
  }

  /**
   * The next `times` commands with instruction byte `ins` are not carried out and answered with the status word `sw`.
   * OpenSC repeats a failed chained command once by itself: to be seen, an error in one needs `times` 2 or more.
   */
  failNext(ins: number, sw: number, times = 1): void {
    this.#rules.push({ ins, skip: 0, times, act: sw });
  }

  /** Every command is answered with the status word `sw` and not carried out, as by a card that is dying or sits badly, until `clear`. */
  failAll(sw: number): void {
    this.#rules.push({ ins: undefined, skip: 0, times: Infinity, act: sw });
  }

  /** No command is answered any more (or none with `ins`), until `clear`. */
  mute(ins?: number): void {
    this.#rules.push({ ins, skip: 0, times: Infinity, act: 'silent' });
  }

  /** Every command (or every one with `ins`) takes `ms` milliseconds longer, until `clear`. */
  delay(ms: number, ins?: number): void {
    this.#delays.push({ ins, ms });
  }

  /** The card behaves again. Commands that were left without an answer stay so. */
  clear(): void {
    this.#rules = [];
    this.#delays = [];
  }

  /** Waits as scripted, then tells what happens to the command: a misbehaviour, a status word, or undefined when the card may answer. */
  async meet(ins: number): Promise<Misbehaviour | number | undefined> {
    const act = this.#match(ins);
    if (act === 'pulled' || act === 'silent') return act;
    for (const { ms } of this.#delays.filter((delay) => delay.ins === undefined || delay.ins === ins)) await wait(ms);
    return act;
  }

  #match(ins: number): Misbehaviour | number | undefined {
    for (const rule of this.#rules) {
      if (rule.times === 0 || (rule.ins !== undefined && rule.ins !== ins)) continue;
      if (rule.skip > 0) {
        rule.skip -= 1;
        continue;
      }
      rule.times -= 1;
      return rule.act;
    }
    return undefined;
  }
}
