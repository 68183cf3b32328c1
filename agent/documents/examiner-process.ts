/** One examining process as the agent sees it: it waits, takes one document, and ends with an answer or without one. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { DocumentRefusal } from '../contract/problems.ts';
import { examinerLaunch, type ExaminerLimits } from './examiner-launch.ts';
import { type Answer, longestAnswer, parseAnswer } from './examiner-protocol.ts';
import type { IntakePolicy } from './intake-policy.ts';

const running = import.meta.url.endsWith('.ts');
const hostPath = fileURLToPath(new URL(running ? './examiner-host.ts' : './examiner-host.js', import.meta.url));
/** Built code needs no flags of the agent; sources need the loader that the agent runs with, but never its inspector. */
const nodeArgv = running ? process.execArgv.filter((flag) => !flag.startsWith('--inspect')) : [];

/** Signals by which the kernel ends a process that used up its processor time (setrlimit(2)). */
const timeIsUp: readonly (NodeJS.Signals | null)[] = ['SIGXCPU'];

export class ExaminerProcess {
  /** True until it ends. */
  alive = true;
  readonly #child: ChildProcess;
  readonly #limits: ExaminerLimits;
  readonly #policy: IntakePolicy;
  readonly #ended: Promise<NodeJS.Signals | null>;
  #said = '';
  #late = false;

  constructor(policy: IntakePolicy, limits: ExaminerLimits) {
    this.#policy = policy;
    this.#limits = limits;
    const { command, arguments: words, environment } = examinerLaunch(hostPath, nodeArgv, limits, policy.maxBytes);
    const child = spawn(command, words, { env: environment, stdio: ['pipe', 'pipe', 'ignore'] });
    this.#child = child;
    // A process that is gone raises an error on its pipe; that it is gone is told by its end.
    child.stdin.on('error', () => undefined);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
      if (this.#said.length > longestAnswer) this.kill();
    });
    this.#ended = new Promise((resolve) => {
      const end = (signal: NodeJS.Signals | null): void => {
        this.alive = false;
        resolve(signal);
      };
      child.on('error', () => {
        if (child.pid === undefined) end(null);
      });
      // "close" comes when it has ended and all it said has been read.
      child.on('close', (_code, signal) => end(signal));
      child.on('exit', () => {
        this.alive = false;
      });
    });
    this.#hold(false);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Hands the document over, piece by piece; once only. Gives the answer, or the reason why there is none. Throws what `pieces` throws, after the
   * process has ended.
   */
  async examine(size: number, pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<Answer | DocumentRefusal> {
    this.#hold(true);
    const timer = setTimeout(() => {
      this.#late = true;
      this.kill();
    }, this.#limits.deadlineMs);
    let signal: NodeJS.Signals | null;
    try {
      this.#child.stdin?.write(`${JSON.stringify({ size, policy: this.#policy })}\n`);
      // A slow disk is no slow examination: the time counts from the last piece that was taken.
      for await (const piece of pieces) {
        if (!this.alive) break;
        await this.#give(piece);
        timer.refresh();
      }
      this.#child.stdin?.end();
    } catch (error) {
      this.kill();
      throw error;
    } finally {
      signal = await this.#ended;
      clearTimeout(timer);
    }
    if (this.#late || timeIsUp.includes(signal)) return 'took-too-long';
    return parseAnswer(this.#said) ?? 'examination-failed';
  }

  /** Returns when the process can take more, or has ended. */
  async #give(piece: Uint8Array): Promise<void> {
    const { stdin } = this.#child;
    if (stdin?.write(piece) !== false) return;
    await Promise.race([once(stdin, 'drain').catch(() => undefined), this.#ended]);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** A process that waits does not keep the agent from ending; one that works does. */
  #hold(works: boolean): void {
    const { stdin, stdout } = this.#child;
    const handles = [this.#child, ...[stdin, stdout].filter((stream) => stream instanceof Socket)];
    for (const handle of handles) {
      if (works) handle.ref();
      else handle.unref();
    }
  }
}
