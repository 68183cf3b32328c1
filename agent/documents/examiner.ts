/**
 * Examines documents in processes of their own: a file that crashes the reading of it, or would take all memory or time, is refused, and the station
 * goes on. One process waits at all times, so that nobody waits for its start.
 */
import { createHash } from 'node:crypto';
import type { DocumentRefusal } from '../contract/problems.ts';
import { ExaminerProcess } from './examiner-process.ts';
import type { Answer } from './examiner-protocol.ts';
import type { Examined, Examining, Seen } from './intake.ts';
import type { IntakePolicy } from './intake-policy.ts';
import type { ChildLimits } from './limited-launch.ts';
import { refuse } from './refusal-sentences.ts';

export const defaultExaminerLimits: ChildLimits = { cpuSeconds: 10, deadlineMs: 30_000, heapMegabytes: 512, memoryMegabytes: 1280 };
/** Most answers that are remembered. */
const mostRemembered = 256;
/** Most processes at one time: more documents wait for their turn. */
const mostAtOnce = 2;

export class Examiner implements Examining {
  readonly policy: IntakePolicy;
  readonly #limits: ChildLimits;
  /** By digest: the same bytes under the same policy are examined once. */
  readonly #answers = new Map<string, Answer>();
  readonly #working = new Set<ExaminerProcess>();
  readonly #waiting: (() => void)[] = [];
  #spare: ExaminerProcess | undefined;
  #closed = false;

  constructor(policy: IntakePolicy, limits: ChildLimits = defaultExaminerLimits) {
    this.policy = policy;
    this.#limits = limits;
    this.#spare = new ExaminerProcess(policy, limits);
  }

  /** Ids of the processes that there are, the one that waits as the last. */
  get pids(): readonly number[] {
    return [...this.#working, ...(this.#spare === undefined ? [] : [this.#spare])].flatMap(({ pid }) => pid ?? []);
  }

  /**
   * Examines bytes whose SHA-256 is `digest` (hex). The process computes the digest of what it was given; when it is another one, nothing it says
   * counts. Never throws on bad input.
   */
  async examine(bytes: Uint8Array, digest: string): Promise<Examined> {
    if (bytes.length === 0) return refuse('empty');
    if (bytes.length > this.policy.maxBytes) return refuse('too-large');
    const known = this.#answers.get(digest);
    const seen = this.#judge(known ?? (await this.#ask(bytes.length, [bytes])), digest, bytes.length);
    return seen.ok ? { ok: true, document: { ...seen.document, bytes } } : seen;
  }

  /** The same for bytes that are not held here: their digest is made while they go through. Throws what `pieces` throws. */
  async look(size: number, pieces: AsyncIterable<Uint8Array>): Promise<Seen> {
    if (size === 0) return refuse('empty');
    if (size > this.policy.maxBytes) return refuse('too-large');
    const hash = createHash('sha256');
    const seen = { length: 0, isOther: false };
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const piece of pieces) {
        hash.update(piece);
        seen.length += piece.length;
        // One that grew is given no further: the process waits for what was announced.
        if (seen.length > size) break;
        yield piece;
      }
      seen.isOther = seen.length !== size;
    }
    const answer = await this.#ask(size, counted());
    return seen.isOther ? refuse('unreadable') : this.#judge(answer, hash.digest('hex'), size);
  }

  #judge(answer: Answer | DocumentRefusal, digest: string, size: number): Seen {
    if (typeof answer === 'string') return refuse(answer);
    if (answer.digest !== digest) return refuse('examination-failed');
    this.#remember(answer);
    if (!answer.ok) return refuse(answer.refusal, answer.subject);
    const { pages, signatures, remarks, other } = answer;
    return { ok: true, document: { digest, size, pages, signatures, remarks, ...(other === undefined ? {} : { other }) } };
  }

  /** Ends all processes; what they were examining is refused. */
  close(): void {
    this.#closed = true;
    this.#spare?.kill();
    for (const process of this.#working) process.kill();
  }

  async #ask(...document: Parameters<ExaminerProcess['examine']>): ReturnType<ExaminerProcess['examine']> {
    while (this.#working.size >= mostAtOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#closed) return 'examination-failed';
    const process = this.#take();
    this.#working.add(process);
    try {
      return await process.examine(...document);
    } finally {
      this.#working.delete(process);
      this.#waiting.shift()?.();
      this.#refill();
    }
  }

  /** The process that waits; another one when it has died meanwhile, which is no fault of the document. */
  #take(): ExaminerProcess {
    const spare = this.#spare;
    this.#spare = undefined;
    return spare?.alive === true ? spare : new ExaminerProcess(this.policy, this.#limits);
  }

  #refill(): void {
    if (!this.#closed) this.#spare ??= new ExaminerProcess(this.policy, this.#limits);
  }

  #remember(answer: Answer): void {
    if (this.#answers.has(answer.digest)) return;
    const [oldest] = this.#answers.keys();
    if (this.#answers.size >= mostRemembered && oldest !== undefined) this.#answers.delete(oldest);
    this.#answers.set(answer.digest, answer);
  }
}
