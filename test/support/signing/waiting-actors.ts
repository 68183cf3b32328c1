/** Actors of the signing machine that wait until a test answers for them. */
import { fromPromise } from 'xstate';
import type { ProblemCode } from '../../../agent/contract/problems.ts';
import type { RecordProblemInput, RecordProblemOutput } from '../../../agent/signing/asked.ts';
import { SigningProblem } from '../../../agent/signing/problem.ts';
import type { VisitOptions } from '../../../agent/signing/visit.ts';

const actorNames = [
  'recordTwoTokens',
  'readToken',
  'openDocument',
  'recordConsent',
  'prepare',
  'verifyFinger',
  'takeVouch',
  'sign',
  'check',
  'save',
  'recordProblem',
  'recordTokenOut',
  'listSignedFiles',
  'judgeFile',
] as const;
export type ActorName = (typeof actorNames)[number];

/** A question that an actor was asked and has not answered. */
export interface Asked {
  readonly actor: ActorName;
  readonly input: unknown;
  readonly signal: AbortSignal;
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class WaitingActors {
  readonly asked: Asked[] = [];
  /** What `recordProblem` was asked to write, in order. */
  readonly recorded: RecordProblemInput[] = [];
  readonly actors: VisitOptions['actors'];

  constructor() {
    const wait = (actor: ActorName) =>
      fromPromise<unknown, unknown>(({ input, signal }) => {
        if (actor === 'recordProblem') this.recorded.push(input as RecordProblemInput);
        return new Promise((resolve, reject) => this.asked.push({ actor, input, signal, resolve, reject }));
      });
    this.actors = Object.fromEntries(actorNames.map((name) => [name, wait(name)])) as never;
  }

  /** The actors that wait for an answer and were not given up. */
  waiting(): readonly ActorName[] {
    return this.asked.filter(({ signal }) => !signal.aborted).map(({ actor }) => actor);
  }

  async answer(actor: ActorName, output?: unknown): Promise<void> {
    this.#take(actor).resolve(output);
    await settled();
  }

  async refuse(actor: ActorName, problem: ProblemCode | Error): Promise<void> {
    this.#take(actor).reject(typeof problem === 'string' ? new SigningProblem(problem) : problem);
    await settled();
  }

  /** Answers as the recorder does: an unknown outcome stays unknown, everything else means that nothing was signed. */
  async problemRecorded(): Promise<void> {
    const input = this.recorded.at(-1);
    const outcome = input?.problem.code === 'outcome-unknown' ? 'outcome-unknown' : 'nothing-signed';
    const output: RecordProblemOutput = { outcome, entry: 40, tokenOutRecorded: input?.tokenGone ?? false };
    await this.answer('recordProblem', output);
  }

  #take(actor: ActorName): Asked {
    const index = this.asked.findIndex((one) => one.actor === actor && !one.signal.aborted);
    const [found] = index < 0 ? [] : this.asked.splice(index, 1);
    if (found === undefined) throw new Error(`${actor} was not asked; ${this.waiting().join(', ') || 'nobody'} was`);
    return found;
  }
}

/** Lets answers reach the machine: promises settle before the next turn of the event loop. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
