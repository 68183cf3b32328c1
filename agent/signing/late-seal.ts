/**
 * What a station does while its log is not sealed because the key does not sign: it tells staff, lets the visit that is going on come to its end (its
 * entries are on the disk and chained, and the next seal covers them), and stops before the next one. Somebody who takes the key away must not get a
 * station that signs on without seals, and nobody at the counter pays for a token that was pulled in the middle of their visit.
 */
import type { NotSigned } from '../log/note-key.ts';
import type { StateMessage } from '../contract/state.ts';
import type { SealClock } from '../log/seal.ts';

/** So long visits are begun without a seal, while it is tried again: a token that is moved or a module that hangs once stops no station. */
export const graceMs = 10 * 60_000;

export interface LateSealParts {
  /** The visit, as far as it has to be seen. */
  readonly visit: {
    message(): Pick<StateMessage, 'state'>;
    subscribe(listener: (message: Pick<StateMessage, 'state'>) => void): () => void;
  };
  /** A sentence for staff, told when it changes. */
  readonly tell: (sentence: string) => void;
  /** Takes the station out of service; called once at most. */
  readonly stop: (missed: NotSigned) => void;
  readonly clock: Pick<SealClock, 'after'>;
}

export class LateSeal {
  readonly #parts: LateSealParts;
  #missed: NotSigned | undefined;
  #isDue = false;
  #isOver = false;
  #callOff: () => void = () => undefined;
  #unsubscribe: () => void = () => undefined;

  constructor(parts: LateSealParts) {
    this.#parts = parts;
  }

  /** Takes what became of a seal. */
  take(missed: NotSigned | undefined): void {
    if (this.#isOver) return;
    const before = this.#missed;
    this.#missed = missed;
    if (missed === undefined) {
      this.close();
      if (before !== undefined) this.#parts.tell('The log is sealed again.');
      return;
    }
    if (before?.message !== missed.message)
      this.#parts.tell(`The log is not sealed: ${missed.message}. ${missed.again ? 'This is tried again every minute.' : andThen}`);
    if (!missed.again) this.#due();
    else if (before === undefined) this.#callOff = this.#parts.clock.after(graceMs, () => this.#due());
  }

  /** Forgets what is waited for. */
  close(): void {
    this.#callOff();
    this.#unsubscribe();
    this.#callOff = this.#unsubscribe = () => undefined;
    this.#isDue = false;
  }

  /** From now on the next moment without a visit is the end. */
  #due(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#callOff();
    const { visit } = this.#parts;
    this.#unsubscribe = visit.subscribe((message) => this.#endIfIdle(message));
    this.#endIfIdle(visit.message());
  }

  #endIfIdle({ state }: Pick<StateMessage, 'state'>): void {
    if (state.screen !== 'start' || !this.#isDue || this.#isOver || this.#missed === undefined) return;
    this.#isOver = true;
    const missed = this.#missed;
    this.close();
    this.#parts.stop(missed);
  }
}

const andThen = 'The station stops as soon as no visit is going on.';
