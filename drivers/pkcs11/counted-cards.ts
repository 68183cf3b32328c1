/**
 * pcscd says that a card is in some milliseconds before it counts it. Whoever takes the count of that moment for the insertion sees the card leave and
 * another one come when it is counted; so a card is in from its count on.
 */
import type { ReaderState } from './pcscd-link.ts';

/** So long a card may be in without a count. A reader that was away unseen may be back with its card in and its old count. */
const patienceMs = 2000;

interface Empty {
  readonly events: number;
  /** When a card was first said to be in with that count, in milliseconds of a clock that does not jump. */
  readonly filledAt?: number;
}

export class CountedCards {
  /** Readers that were empty when they were seen last, or hold a card that is not counted yet. */
  #empty = new Map<string, Empty>();

  /** The readers of one answer of pcscd, where a card that is not counted yet is not in. */
  settle(readers: readonly ReaderState[], now: number): readonly ReaderState[] {
    const before = this.#empty;
    this.#empty = new Map();
    return readers.map((reader) => {
      const { name, cardIn, events } = reader;
      if (!cardIn) {
        this.#empty.set(name, { events });
        return reader;
      }
      const empty = before.get(name);
      if (empty?.events !== events) return reader;
      const filledAt = empty.filledAt ?? now;
      if (now - filledAt >= patienceMs) return reader;
      this.#empty.set(name, { events, filledAt });
      return { ...reader, cardIn: false };
    });
  }

  /** pcscd has gone, and its counts with it. */
  forget(): void {
    this.#empty.clear();
  }
}
