/**
 * What pcscd says of the place of a slot: is the reader there, is a card in it, and is it still the one that was put in. Modules do not tell: OpenSC
 * goes on listing the slots of a reader that was unplugged, also without pcscd, and a module hangs when a card leaves at the wrong moment.
 */
import { CountedCards } from './counted-cards.ts';
import { placeOf } from './one-per-reader.ts';
import { PcscdLink, type Answer } from './pcscd-link.ts';

/**
 * `unknown`: no reader of pcscd has this name, or pcscd does not tell. `insertion` is another one after every removal, also when the card is back already.
 */
export type Seat =
  | { readonly is: 'unknown' }
  | { readonly is: 'no-service' }
  | { readonly is: 'no-reader' }
  | { readonly is: 'reader'; readonly cardIn: boolean; readonly insertion: string };

export class ReaderWatch {
  readonly #link: PcscdLink;
  #answer: Answer = 'unknown';
  readonly #cards = new CountedCards();
  /** Places that have been readers of pcscd: other slots have nothing to do with it. */
  readonly #readers = new Set<string>();

  /** `socket`: where pcscd listens. */
  constructor(socket: string) {
    this.#link = new PcscdLink(socket);
  }

  /** Asks pcscd anew. Never rejects. */
  async refresh(): Promise<void> {
    const answer = await this.#link.ask();
    this.#answer = typeof answer === 'object' ? this.#cards.settle(answer, performance.now()) : answer;
    if (typeof answer === 'object') for (const { name } of answer) this.#readers.add(placeOf(name));
    else if (answer === 'no-service') this.#cards.forget();
  }

  /** Changes whenever a reader or a card comes or goes. */
  get fingerprint(): string {
    return JSON.stringify([this.#link.generation, this.#answer]);
  }

  /** True: pcscd answers. */
  get tells(): boolean {
    return typeof this.#answer === 'object';
  }

  /** Readers that hold a card, each with its insertion. */
  occupied(): readonly { readonly slot: string; readonly insertion: string }[] {
    const readers = typeof this.#answer === 'object' ? this.#answer : [];
    return readers.flatMap(({ name }) => {
      const seat = this.seat(name);
      return seat.is === 'reader' && seat.cardIn ? [{ slot: name, insertion: seat.insertion }] : [];
    });
  }

  /** The place of a slot at the last `refresh`. */
  seat(slot: string): Seat {
    const place = placeOf(slot);
    if (!this.#readers.has(place) || this.#answer === 'unknown') return { is: 'unknown' };
    if (this.#answer === 'no-service') return { is: 'no-service' };
    const reader = this.#answer.find(({ name }) => placeOf(name) === place);
    if (reader === undefined) return { is: 'no-reader' };
    return { is: 'reader', cardIn: reader.cardIn, insertion: `${this.#link.generation}.${reader.events}` };
  }

  close(): void {
    this.#link.close();
  }
}

/** True when a token that was seen in that insertion cannot be there any more. */
export function hasLeft(seat: Seat, insertion: string | undefined): boolean {
  switch (seat.is) {
    case 'unknown':
      return false;
    case 'no-service':
    case 'no-reader':
      return true;
    case 'reader':
      return !seat.cardIn || (insertion !== undefined && seat.insertion !== insertion);
  }
}
