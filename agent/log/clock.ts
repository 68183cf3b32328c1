/**
 * The two clocks of an entry: the wall clock, which somebody can set, and the time since this start of the agent, which nobody can. Where they
 * disagree, the log says so.
 */
import { randomBytes } from 'node:crypto';
import type { EntryTime } from './record.ts';

/** Where time comes from; replaced in tests. */
export interface Clock {
  /** Milliseconds since 1970, as the station's clock says. */
  wall(): number;
  /** Milliseconds since any fixed moment; never goes back. */
  monotonic(): number;
}

const systemClock: Clock = { wall: () => Date.now(), monotonic: () => performance.now() };

/** How far the wall clock may drift from the monotonic one between two entries before it counts as set, milliseconds. */
const toleranceMs = 2000;

/** A change of the wall clock, both RFC 3339: what it should have said, and what it said. */
export interface ClockChange {
  readonly from: string;
  readonly to: string;
}

/** The time of one start of the agent. Time asleep counts as a change: the monotonic clock stands still then. */
export class Timekeeper {
  readonly #boot = randomBytes(16).toString('hex');
  readonly #clock: Clock;
  readonly #start: number;
  #last: { readonly wall: number; readonly mono: number };

  /** `lastTime` is the time of the log's last entry (RFC 3339), where there is one. */
  constructor(clock: Clock | undefined, lastTime?: string) {
    this.#clock = clock ?? systemClock;
    this.#start = this.#clock.monotonic();
    const wall = this.#clock.wall();
    // How long the agent was off is unknown: a later time is as expected, an earlier one is not.
    this.#last = { wall: lastTime === undefined ? wall : Math.max(wall, Date.parse(lastTime)), mono: 0 };
  }

  /** The time now, and what the wall clock did since the last call if it jumped, or went back at all. */
  now(): { readonly at: EntryTime; readonly change?: ClockChange } {
    const wall = Math.trunc(this.#clock.wall());
    const mono = Math.max(this.#last.mono, Math.trunc(this.#clock.monotonic() - this.#start));
    const expected = this.#last.wall + (mono - this.#last.mono);
    const jumped = wall < this.#last.wall || Math.abs(wall - expected) > toleranceMs;
    this.#last = { wall, mono };
    const at = { time: rfc3339(wall), boot: this.#boot, mono };
    return jumped ? { at, change: { from: rfc3339(expected), to: at.time } } : { at };
  }
}

function rfc3339(wall: number): string {
  return new Date(wall).toISOString();
}
