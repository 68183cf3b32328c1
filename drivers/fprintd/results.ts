/** The results that fprintd sends while it verifies or enrols (its D-Bus description, "Verify Statuses" and "Enroll Statuses"). Pure. */
import { DeviceError } from '../errors.ts';
import type { ScanFeedback } from '../fingerprint.ts';

export type VerifyResult =
  | { readonly kind: 'matched' }
  /** It goes on; the person scans once more. */
  | { readonly kind: 'feedback'; readonly feedback: ScanFeedback }
  | { readonly kind: 'failed'; readonly error: DeviceError };

export type EnrolResult = { readonly kind: 'stage' } | { readonly kind: 'completed' } | Exclude<VerifyResult, { readonly kind: 'matched' }>;

/** The same for both, behind `verify-` and `enroll-`. */
const again: ReadonlyMap<string, ScanFeedback> = new Map<string, ScanFeedback>([
  ['retry-scan', { kind: 'scan-again' }],
  ['swipe-too-short', { kind: 'swipe-too-short' }],
  ['finger-not-centered', { kind: 'not-centred' }],
  ['remove-and-retry', { kind: 'lift-finger' }],
]);

/** The ends of an enrolment that is none. */
const notEnrolled: ReadonlyMap<string, string> = new Map([
  ['enroll-failed', 'the scans do not fit together'],
  ['enroll-data-full', 'the fingerprint reader has no room for another print'],
  ['enroll-duplicate', 'this finger is kept already, for another person or for another card of this one'],
]);

/** What VerifyStatus(result, done) says. Only "verify-match" together with `done` is a match. */
export function verifyResult(result: string, done: boolean): VerifyResult {
  const [, word = result] = /^verify-(.*)$/.exec(result) ?? [];
  if (result === 'verify-match' && done) return { kind: 'matched' };
  if (result === 'verify-no-match') {
    return failed(new DeviceError('not-matched', 'the finger does not match', { origin: originOf(result) }));
  }
  return common(word, result, done);
}

/** What EnrollStatus(result, done) says. */
export function enrolResult(result: string, done: boolean): EnrolResult {
  const [, word = result] = /^enroll-(.*)$/.exec(result) ?? [];
  if (result === 'enroll-completed' && done) return { kind: 'completed' };
  if (result === 'enroll-stage-passed' && !done) return { kind: 'stage' };
  const why = notEnrolled.get(result);
  if (why !== undefined) return failed(new DeviceError('device-error', why, { recover: 'ask-staff', origin: originOf(result) }));
  return common(word, result, done);
}

function common(word: string, result: string, done: boolean): Exclude<VerifyResult, { readonly kind: 'matched' }> {
  const feedback = again.get(word);
  if (feedback !== undefined && !done) return { kind: 'feedback', feedback };
  if (word === 'disconnected') {
    return failed(new DeviceError('reader-lost', 'the fingerprint reader was unplugged', { origin: originOf(result) }));
  }
  // What is not known and not final is passed on as it is; the deadline ends it.
  if (!done && word !== 'unknown-error') return { kind: 'feedback', feedback: { kind: 'other', said: result.slice(0, 64) } };
  return failed(
    new DeviceError('device-error', `fprintd says: ${result.slice(0, 64)}`, { recover: 'ask-staff', origin: originOf(result) }),
  );
}

function failed(error: DeviceError): { readonly kind: 'failed'; readonly error: DeviceError } {
  return { kind: 'failed', error };
}

function originOf(result: string): { readonly kind: 'fprintd'; readonly value: string } {
  return { kind: 'fprintd', value: result.slice(0, 64) };
}
