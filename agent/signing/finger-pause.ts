/** Whether the finger of a person may be asked for now, and how long the next try has to wait. */
import { type FingerFailures, type FingerPolicy, fingerStanding } from '../people/finger-limits.ts';
import { SigningProblem } from './problem.ts';

/** How often a finger may fail, and how often this one did. */
export interface FingerLimits {
  readonly policy: FingerPolicy;
  readonly failures: () => FingerFailures | undefined;
}

/** Throws SigningProblem `finger-paused` or `finger-disabled` where no reader may be asked for this person's finger now. */
export function mayTryFinger({ policy, failures }: FingerLimits): void {
  const standing = fingerStanding(policy, failures(), performance.now());
  if (standing.kind === 'disabled') throw new SigningProblem('finger-disabled');
  if (standing.kind === 'wait') throw new SigningProblem('finger-paused', { waitSeconds: standing.seconds });
}

/** What went wrong with a finger, and how long the next one has to wait after that. The failure itself is counted when it is written down. */
export function withPause(error: unknown, { policy, failures }: FingerLimits): unknown {
  if (!(error instanceof SigningProblem) || error.problem.code !== 'not-matched') return error;
  const now = performance.now();
  const standing = fingerStanding(policy, { count: (failures()?.count ?? 0) + 1, lastAt: now }, now);
  if (standing.kind !== 'wait') return error;
  const { code, ...details } = error.problem;
  return new SigningProblem(code, { ...details, waitSeconds: standing.seconds, cause: error });
}
