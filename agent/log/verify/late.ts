/**
 * Checks whose answer comes a little later: signatures are checked on other threads while the next entries are read. Each keeps what was known
 * at its place, so that a bad one is told as if nothing behind it had been read.
 */
import { Wrong } from './canonical.ts';

/** How many may wait, and how many of them are started at once: a thread that is woken for each of them would hold up the reader each time. */
const [most, together] = [256, 64];

/** A rule that was broken earlier than where the reader stands; `known` is what was known there. */
export class WrongBefore<T> extends Wrong {
  readonly known: T;

  constructor(message: string, known: T) {
    super(message);
    this.known = known;
  }
}

export class LateChecks<T> {
  readonly #waiting: { readonly known: T; readonly start: () => Promise<string | undefined>; check?: Promise<string | undefined> }[] = [];
  #started = 0;
  /** Checks that were found good. */
  good = 0;

  /** Takes a check whose `start` gives the sentence of what is wrong, if something is. Waits only when too many do. Throws WrongBefore. */
  async add(known: T, start: () => Promise<string | undefined>): Promise<void> {
    this.#waiting.push({ known, start });
    if (this.#waiting.length - this.#started >= together) this.#startAll();
    while (this.#waiting.length > most) await this.#next();
  }

  /** Waits for all of them, in their order. Throws WrongBefore for the first that does not hold. */
  async settle(): Promise<void> {
    this.#startAll();
    while (this.#waiting.length > 0) await this.#next();
  }

  #startAll(): void {
    for (const one of this.#waiting.slice(this.#started)) {
      one.check = one.start();
      // It is awaited later; until then a failure waits too.
      one.check.catch(() => undefined);
    }
    this.#started = this.#waiting.length;
  }

  async #next(): Promise<void> {
    const first = this.#waiting.shift();
    this.#started -= 1;
    const sentence = await first?.check;
    if (first !== undefined && sentence !== undefined) {
      // What stands behind it does not count any more.
      this.#waiting.length = 0;
      this.#started = 0;
      throw new WrongBefore(sentence, first.known);
    }
    this.good += 1;
  }
}
