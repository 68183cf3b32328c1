/**
 * What the log of one visit would hold, kept beside a machine that runs without one: which intent is open, how far it got, how it ended. It throws
 * `Wrong` as soon as the machine asks for something that the log does not allow yet.
 */
import { retryable, type RecordProblemInput, type RecordProblemOutput } from '../../../agent/signing/model.ts';

export interface Ledger {
  readonly visit: number;
  /** Number of the open intent. */
  readonly open: number | undefined;
  /** How far the open intent got. */
  readonly step: 'recorded' | 'matched' | 'made' | 'checked';
  readonly done: boolean;
  /** An intent that could not be ended because the log or the agent failed: the next start ends it. */
  readonly left: 'before-finger' | 'after-finger' | undefined;
  readonly tokenOut: boolean;
}

export class Wrong extends Error {}

export function must(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new Wrong(sentence);
}

export function newLedger(visit: number): Ledger {
  return { visit, open: undefined, step: 'recorded', done: false, left: undefined, tokenOut: false };
}

/** What must be true when an actor is asked. */
export function mayBeAsked(ledger: Ledger, actor: string): void {
  if (actor === 'verifyFinger') must(ledger.open !== undefined, 'the reader is asked without an intent in the log');
  if (actor === 'sign') must(ledger.open !== undefined && ledger.step === 'matched', 'the token is asked to sign before a finger matched');
  if (actor === 'check') must(ledger.step === 'made', 'an output is checked that no token made');
  if (actor === 'save') must(ledger.open !== undefined && ledger.step === 'checked', 'sign.done for an output that was not checked');
}

/** The ledger after an actor answered. */
export function afterAnswer(ledger: Ledger, actor: string, intent: number): Ledger {
  switch (actor) {
    case 'recordConsent':
      must(ledger.open === undefined, 'a second intent while one is open');
      return { ...ledger, open: intent, step: 'recorded' };
    case 'verifyFinger':
      return { ...ledger, step: 'matched' };
    case 'sign':
      return { ...ledger, step: 'made' };
    case 'check':
      return { ...ledger, step: 'checked' };
    case 'save':
      must(!ledger.done, 'a second sign.done');
      return { ...ledger, open: undefined, done: true };
    case 'recordTokenOut':
      return { ...ledger, tokenOut: true };
    default:
      return ledger;
  }
}

/** The ledger after `recordProblem` was written, and what it answers. */
export function afterProblem(ledger: Ledger, input: RecordProblemInput): { readonly ledger: Ledger; readonly output: RecordProblemOutput } {
  const { code } = input.problem;
  must(input.intent?.entry === ledger.open, `${code} is recorded for another intent than the open one`);
  if (code === 'log-unavailable') {
    const outcome = input.intent === undefined ? 'nothing-signed' : 'outcome-unknown';
    return { ledger: leave(ledger), output: { outcome, entry: undefined, tokenOutRecorded: false } };
  }
  const unknown = code === 'outcome-unknown' || (code === 'fault' && ledger.open !== undefined && ledger.step !== 'recorded');
  return {
    ledger: { ...ledger, open: retryable.has(code) ? ledger.open : undefined, tokenOut: ledger.tokenOut || input.tokenGone },
    output: { outcome: unknown ? 'outcome-unknown' : 'nothing-signed', entry: 40, tokenOutRecorded: input.tokenGone },
  };
}

/** The ledger when log or agent fail: an open intent stays open until the next start. */
export function leave(ledger: Ledger): Ledger {
  if (ledger.open === undefined) return ledger;
  return { ...ledger, open: undefined, left: ledger.step === 'recorded' ? 'before-finger' : 'after-finger' };
}
