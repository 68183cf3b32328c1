/**
 * How often a finger may fail (NIST SP 800-63B-4, section 3.2.3, use of biometrics): after some failures in a row a pause before each next try,
 * and after many of them the finger counts no more until staff act, which is a new enrolment. Pure: what happened is read from the log, and the
 * time is that of a clock that nobody can set.
 */

/** The numbers of the standard are the defaults of the configuration; a station may be stricter. */
export interface FingerPolicy {
  /** Failures in a row before each further try has to wait. */
  readonly failuresInARow: number;
  /** How long each of them waits, seconds. */
  readonly pauseSeconds: number;
  /** Failures in a row after which the finger is not asked for any more. */
  readonly failuresInAll: number;
}

/** What one person's finger did since it matched last, or was enrolled. */
export interface FingerFailures {
  readonly count: number;
  /** When the last of them was, or was read from the log: milliseconds on the monotonic clock. After a start of the agent a pause begins anew. */
  readonly lastAt: number;
}

export type FingerStanding =
  { readonly kind: 'may-try' } | { readonly kind: 'wait'; readonly seconds: number } | { readonly kind: 'disabled' };

/** What holds for the next try. `now`: milliseconds on the same clock. */
export function fingerStanding(policy: FingerPolicy, failures: FingerFailures | undefined, now: number): FingerStanding {
  if (failures === undefined || failures.count < policy.failuresInARow) return { kind: 'may-try' };
  if (failures.count >= policy.failuresInAll) return { kind: 'disabled' };
  const seconds = Math.ceil(policy.pauseSeconds - (now - failures.lastAt) / 1000);
  return seconds > 0 ? { kind: 'wait', seconds } : { kind: 'may-try' };
}

/** True for what `finger-refused` says when a finger was looked at and was not the right one. A reader that is locked says the same of its last try. */
export function isFingerFailure(problem: unknown): boolean {
  return problem === 'not-matched' || problem === 'reader-locked';
}
