/**
 * What the log of one visit would hold, kept beside a machine that runs without one: which intents are open, how far the first got, how they ended. It throws
 * `Wrong` as soon as the machine asks for something that the log does not allow yet.
 */
import type { RecordProblemInput, RecordProblemOutput } from '../../../agent/signing/asked.ts';
import { retryable } from '../../../agent/signing/model.ts';

export interface Ledger {
  readonly visit: number;
  /** Numbers of the open intents, in their order. */
  readonly open: readonly number[];
  /** A finger matched for their consent, or a vouch was taken for it. */
  readonly finger: boolean;
  /** How far the first of them got. */
  readonly step: 'recorded' | 'prepared' | 'made' | 'checked';
  /** Intents of this consent that ended with `sign.done`, and with another end. */
  readonly done: number;
  readonly failed: number;
  /** An intent that could not be ended because the log or the agent failed: the next start ends it. */
  readonly left: 'before-finger' | 'after-finger' | undefined;
  readonly tokenOut: boolean;
}

export class Wrong extends Error {}

export function must(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new Wrong(sentence);
}

export function newLedger(visit: number): Ledger {
  return { visit, open: [], finger: false, step: 'recorded', done: 0, failed: 0, left: undefined, tokenOut: false };
}

/** What must be true when an actor is asked. */
export function mayBeAsked(ledger: Ledger, actor: string): void {
  if (actor === 'prepare')
    must(ledger.open.length > 0 && ledger.step === 'recorded', 'a document is prepared without an intent in the log');
  if (actor === 'verifyFinger') must(ledger.open.length > 0, 'the reader is asked without an intent in the log');
  if (actor === 'takeVouch') must(ledger.open.length > 0 && ledger.step === 'prepared', 'a vouch is taken without an intent in the log');
  if (actor === 'sign') must(ledger.open.length > 0 && ledger.finger, 'the token is asked to sign before a finger matched');
  if (actor === 'sign') must(ledger.step === 'prepared', 'the token is asked to sign what was not prepared');
  if (actor === 'check') must(ledger.step === 'made', 'an output is checked that no token made');
  if (actor === 'save') must(ledger.open.length > 0 && ledger.step === 'checked', 'sign.done for an output that was not checked');
}

/** The ledger after an actor answered; `intents` are the numbers of those that a consent brings. */
export function afterAnswer(ledger: Ledger, actor: string, intents: readonly number[]): Ledger {
  switch (actor) {
    case 'recordConsent':
      must(ledger.open.length === 0, 'a second consent while an intent is open');
      return { ...ledger, open: intents, finger: false, step: 'recorded', done: 0, failed: 0 };
    case 'prepare':
      return { ...ledger, step: 'prepared' };
    case 'verifyFinger':
    case 'takeVouch':
      return { ...ledger, finger: true };
    case 'sign':
      return { ...ledger, step: 'made' };
    case 'check':
      return { ...ledger, step: 'checked' };
    case 'save':
      return { ...ledger, open: ledger.open.slice(1), step: 'recorded', done: ledger.done + 1 };
    case 'recordTokenOut':
      return { ...ledger, tokenOut: true };
    default:
      return ledger;
  }
}

/** The ledger after `recordProblem` was written, and what it answers. */
export function afterProblem(ledger: Ledger, input: RecordProblemInput): { readonly ledger: Ledger; readonly output: RecordProblemOutput } {
  const { code } = input.problem;
  const intents = input.intents.map(({ entry }) => entry);
  must(String(intents) === String(ledger.open), `${code} is recorded for other intents than the open ones`);
  if (code === 'log-unavailable') {
    const outcome = intents.length === 0 ? 'nothing-signed' : 'outcome-unknown';
    return { ledger: leave(ledger), output: { outcome, entry: undefined, tokenOutRecorded: false } };
  }
  const unknown = code === 'outcome-unknown' || (code === 'fault' && intents.length > 0 && ledger.finger);
  return {
    ledger: {
      ...ledger,
      ...(retryable.has(code) ? {} : { open: [], failed: ledger.failed + intents.length }),
      tokenOut: ledger.tokenOut || input.tokenGone,
    },
    output: { outcome: unknown ? 'outcome-unknown' : 'nothing-signed', entry: 40, tokenOutRecorded: input.tokenGone },
  };
}

/** The ledger when log or agent fail: an open intent stays open until the next start. */
export function leave(ledger: Ledger): Ledger {
  if (ledger.open.length === 0) return ledger;
  return { ...ledger, open: [], failed: ledger.failed + ledger.open.length, left: ledger.finger ? 'after-finger' : 'before-finger' };
}
