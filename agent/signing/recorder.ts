/** Writes the entries of a visit. An entry that cannot be committed becomes the problem `log-unavailable`: no log, no signature. */
import type { LogEntry } from '../log/entry.ts';
import { LogUnavailable } from '../log/errors.ts';
import type { Actor } from '../log/catalogue.ts';
import type { AppendableEvent } from '../log/events.ts';
import { appendPersonal, type Person } from '../log/personal.ts';
import type { LogStore } from '../log/store.ts';
import type { TierRecipient } from '../log/tier-keys.ts';
import type { Enrolments } from '../people/enrolment.ts';
import { problems } from '../contract/problems.ts';
import type { RecordProblemInput, RecordProblemOutput } from './asked.ts';
import { retryable } from './model.ts';
import { SigningProblem } from './problem.ts';

/** The last entry of a commit must exist, because empty commits are not made. */
export class Recorder {
  readonly #log: LogStore;
  readonly #enrolments: Enrolments;
  readonly #tiers: readonly TierRecipient[];

  /** `tiers`: whom personal fields are sealed to; without any, nothing personal is recorded. */
  constructor(log: LogStore, enrolments: Enrolments, tiers: readonly TierRecipient[] = []) {
    this.#log = log;
    this.#enrolments = enrolments;
    this.#tiers = tiers;
  }

  /** Appends the events in one commit and gives the last entry. */
  async record(...events: [AppendableEvent, ...AppendableEvent[]]): Promise<LogEntry> {
    const last = (await this.recordAll(events)).at(-1);
    if (last === undefined) throw new Error('the log answered a commit with no entry');
    return last;
  }

  /** Appends the events in one commit and gives their entries, in the same order. What is personal is sealed with the first. */
  async recordAll(events: readonly AppendableEvent[], person?: Person): Promise<readonly LogEntry[]> {
    try {
      const entries = await (person === undefined ? this.#log.appendAll(events) : appendPersonal(this.#log, this.#tiers, events, person));
      for (const event of events) this.#enrolments.take(event);
      return entries;
    } catch (error) {
      throw error instanceof LogUnavailable ? new SigningProblem('log-unavailable', { cause: error }) : error;
    }
  }

  /** The entries that a problem leaves: what happened, and, unless the holder may try again, how each intent ended. */
  async recordProblem(actor: Actor, input: RecordProblemInput): Promise<RecordProblemOutput> {
    const outcome = isUnknown(input) ? 'outcome-unknown' : 'nothing-signed';
    if (input.problem.code === 'log-unavailable')
      return { outcome: input.intents.length === 0 ? outcome : 'outcome-unknown', entry: undefined, tokenOutRecorded: false };
    const told = [...happening(actor, input), ...ending(actor, input)];
    const events = [...told, ...notReached(actor, input), ...tokenOut(actor, input)];
    const entries = events.length === 0 ? [] : await this.recordAll(events);
    // The screen names the entry that tells what happened, not what follows from it in the same commit.
    const entry = (told.length === 0 ? entries.at(-1) : entries[told.length - 1])?.seq;
    return { outcome, entry, tokenOutRecorded: input.tokenGone };
  }
}

/** The entry of its own that some problems have (LOG.md: refusals and failures are entries too). */
function happening(actor: Actor, { operation, problem, intents }: RecordProblemInput): AppendableEvent[] {
  const base = { operation, actor } as const;
  const tries = problem.triesLeft === undefined ? {} : { tries_left: problem.triesLeft };
  switch (problems[problem.code].event) {
    case 'pin-wrong':
      return [{ ...base, op: 'pin-wrong', problem: problem.code, ...tries }];
    case 'pin-locked':
      return [{ ...base, op: 'pin-locked', problem: problem.code }];
    case 'finger-refused':
      return [{ ...base, op: 'finger-refused', problem: problem.code, ...tries }];
    case 'document-refused':
      return problem.refusal === undefined ? [] : [{ ...base, op: 'document-refused', refusal: problem.refusal }];
    case 'sign.failed':
      // Without an intent nothing was being signed; that the person left is told by token-out.
      return intents.length > 0 || personLeft.has(problem.code)
        ? []
        : [{ ...base, op: 'sign.failed', problem: problem.code, ...origin(problem) }];
    case 'token-in':
    case 'sign.outcome-unknown':
      return [];
  }
}

const personLeft: ReadonlySet<string> = new Set(['cancelled', 'idle-timeout', 'token-removed', 'no-token']);

/** Nobody can tell what the token did; a bug of ours after the finger matched tells as little as a token that gave no answer. */
function isUnknown({ problem, intents, fingerMatched }: RecordProblemInput): boolean {
  return problem.code === 'outcome-unknown' || (problem.code === 'fault' && intents.length > 0 && fingerMatched);
}

/** The end of the document in hand. */
function ending(actor: Actor, input: RecordProblemInput): AppendableEvent[] {
  const { operation, problem, intents } = input;
  const [inHand] = intents;
  if (inHand === undefined || retryable.has(problem.code)) return [];
  const base = { operation, actor, intent: inHand.entry, problem: problem.code } as const;
  return isUnknown(input) ? [{ ...base, op: 'sign.outcome-unknown' }] : [{ ...base, op: 'sign.failed', ...origin(problem) }];
}

/** The end of those after it: the token was not asked about them, because that waits for `sign.done` of the one before. */
function notReached(actor: Actor, { operation, problem, intents }: RecordProblemInput): AppendableEvent[] {
  if (retryable.has(problem.code)) return [];
  return intents.slice(1).map(({ entry }) => ({ op: 'sign.failed', operation, actor, intent: entry, problem: 'not-reached' }));
}

function tokenOut(actor: Actor, { operation, tokenGone }: RecordProblemInput): AppendableEvent[] {
  return tokenGone ? [{ op: 'token-out', operation, actor }] : [];
}

function origin(problem: RecordProblemInput['problem']): { origin_kind?: string; origin_value?: string } {
  return problem.origin === undefined ? {} : { origin_kind: problem.origin.kind, origin_value: problem.origin.value };
}
