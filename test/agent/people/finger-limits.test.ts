/** Limits on failed fingers (NIST SP 800-63B-4): what the standard asks for, on a clock that the test turns. */
import { expect, it } from 'vitest';
import { defaultFingerPolicy, fingerPolicyOf, fingerprintSchema } from '../../../agent/config-fingerprint.ts';
import { type EnrolmentEntry, Enrolments } from '../../../agent/people/enrolment.ts';
import { type FingerStanding, fingerStanding } from '../../../agent/people/finger-limits.ts';

const holder = { id: '5a'.repeat(16) };
const refused = (problem = 'not-matched', actor = holder): EnrolmentEntry => ({ op: 'finger-refused', actor, problem });

/** A person whose finger did not match `failures` times, the last time at 1,000 ms, looked at `after` ms later. */
function standing(failures: number, after = 0): FingerStanding {
  return fingerStanding(defaultFingerPolicy, { count: failures, lastAt: 1000 }, 1000 + after);
}

it('four failures cost nothing, and from the fifth on each next try waits thirty seconds', () => {
  expect(standing(4)).toEqual({ kind: 'may-try' });
  for (const failures of [5, 6, 49]) {
    expect(standing(failures)).toEqual({ kind: 'wait', seconds: 30 });
    expect(standing(failures, 29_001)).toEqual({ kind: 'wait', seconds: 1 });
    expect(standing(failures, 30_000)).toEqual({ kind: 'may-try' });
  }
});

it('after fifty the finger counts no more, however long one waits', () => {
  expect(standing(50)).toEqual({ kind: 'disabled' });
  expect(standing(50, 1e12)).toEqual({ kind: 'disabled' });
});

it('failures are counted for each person, from the entries of the log, and end with a match', () => {
  let now = 500;
  const enrolments = new Enrolments({ monotonic: () => now });
  expect(enrolments.failuresOf(holder.id)).toBeUndefined();
  enrolments.take(refused());
  now = 700;
  enrolments.take(refused('reader-locked'));
  enrolments.take(refused('not-matched', { id: 'somebody else' }));
  expect(enrolments.failuresOf(holder.id)).toEqual({ count: 2, lastAt: 700 });
  enrolments.take({ op: 'finger-matched', actor: holder, credential_id: 'c0ffee', sign_count: 4 });
  expect(enrolments.failuresOf(holder.id)).toBeUndefined();
  expect(enrolments.failuresOf('somebody else')).toMatchObject({ count: 1 });
});

it.each(['touch-timeout', 'fingerprint-reader-lost', 'cancelled', 'finger-paused', 'finger-disabled'])(
  '%s is no failure of a finger',
  (problem) => {
    const enrolments = new Enrolments();
    enrolments.take(refused(problem));
    expect(enrolments.failuresOf(holder.id)).toBeUndefined();
  },
);

it('a station says less than the standard allows, never more', () => {
  expect(fingerPolicyOf()).toEqual({ failuresInARow: 5, pauseSeconds: 30, failuresInAll: 50 });
  const stricter = { failuresInARow: 2, pauseSeconds: 60, failuresInAll: 10 };
  expect(fingerPolicyOf(fingerprintSchema.parse(stricter))).toEqual(stricter);
  for (const looser of [{ failuresInARow: 6 }, { failuresInAll: 51 }, { failuresInARow: 0 }, { pauseSeconds: 0 }])
    expect(fingerprintSchema.safeParse(looser).success).toBe(false);
});
