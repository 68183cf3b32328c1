/**
 * Seals come at an interval, also when nothing happens, so whoever cuts entries out of a running log leaves a time without one. Time is
 * counted by the monotonic clock of one start of the agent, which nobody can set and which stands still while the machine sleeps, as the timer
 * of the seals does: sleep leaves no gap. Between two starts nothing is said, because a station that is off writes nothing.
 *
 * A gap is a remark and breaks no rule. An honest station has gaps too: it was stopped for a while by its system, its seals failed, or it was
 * set to a longer interval before seals said theirs. Nothing in such a log contradicts anything else; a person has to ask what happened.
 */
import type { Entry, Rules } from './chain.ts';
import { Fields } from './fields.ts';

/** A time without a seal. */
export interface Gap {
  /** The first entry that came too late. */
  readonly seq: number;
  /** The seal before it. */
  readonly seal: number;
  /** Whole minutes from that seal to this entry. */
  readonly minutes: number;
  /** Minutes after which the next seal was due. */
  readonly every: number;
}

/** What a seal without an interval is taken to mean: the interval that a station has unless it is told otherwise. */
const usualMinutes = 60;
/** How late a seal may be, minutes: the agent may be busy, and the disk slow. */
const graceMinutes = 5;
/** Gaps that are kept to be told; all are counted. */
const mostTold = 100;

export class SealCadence implements Rules {
  /** The first gaps, in order. */
  readonly gaps: Gap[] = [];
  /** All gaps. */
  count = 0;
  /** The last seal of this start of the agent, and when it was made. Undefined before the first: nobody knows whether the station has a key to seal with. */
  #seal: { readonly seq: number; readonly mono: number } | undefined;
  #every = usualMinutes;
  #isTold = false;

  start(): void {
    this.#seal = undefined;
    this.#every = usualMinutes;
  }

  take({ seq, op, fields, body }: Entry): void {
    if (op !== 'seal' && this.#seal === undefined) return;
    const at = body.get('at');
    const mono = at instanceof Fields ? Number(at.get('mono')) : 0;
    if (this.#seal !== undefined && !this.#isTold) {
      const minutes = (mono - this.#seal.mono) / 60_000;
      if (minutes > this.#every + graceMinutes) {
        this.count += 1;
        this.#isTold = true;
        if (this.gaps.length < mostTold) this.gaps.push({ seq, seal: this.#seal.seq, minutes: Math.floor(minutes), every: this.#every });
      }
    }
    if (op !== 'seal') return;
    this.#seal = { seq, mono };
    this.#isTold = false;
    const minutes = fields.get('minutes');
    // A seal that was made by hand says none, and the interval stays.
    if (typeof minutes === 'number') this.#every = minutes;
  }
}
