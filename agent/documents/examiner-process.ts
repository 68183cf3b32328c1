/** One examining process as the agent sees it: it waits, takes one document, and ends with an answer or without one. */
import { type Answer, longestAnswer, parseAnswer } from './examiner-protocol.ts';
import type { IntakePolicy } from './intake-policy.ts';
import { LimitedChild, type NoAnswer } from './limited-child.ts';
import type { ChildLimits } from './limited-launch.ts';

/** Copies of the document that are held at one time: as it came in, and one stream of it undone. */
const copies = 2;

export class ExaminerProcess {
  readonly #child: LimitedChild;
  readonly #policy: IntakePolicy;

  constructor(policy: IntakePolicy, limits: ChildLimits) {
    this.#policy = policy;
    this.#child = new LimitedChild({ host: 'examiner-host', limits, heldBytes: copies * policy.maxBytes, longestAnswer });
  }

  /** True until it ends. */
  get alive(): boolean {
    return this.#child.alive;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Hands the document over, piece by piece; once only. Gives the answer, or the reason why there is none. Throws what `pieces` throws, after the
   * process has ended.
   */
  async examine(size: number, pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<Answer | NoAnswer> {
    const announcement = Buffer.from(`${JSON.stringify({ size, policy: this.#policy })}\n`);
    async function* told(): AsyncGenerator<Uint8Array> {
      yield announcement;
      yield* pieces;
    }
    const answer = await this.#child.ask(told());
    if (typeof answer === 'string') return answer;
    return parseAnswer(answer.said) ?? 'examination-failed';
  }

  kill(): void {
    this.#child.kill();
  }
}
