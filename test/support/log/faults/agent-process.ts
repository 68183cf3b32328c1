/** Starts and ends processes that append, and keeps what they said. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Order } from './order.ts';

/** A number that a process acknowledged, and the entry that it said it became. */
export interface Acknowledged {
  readonly size: number;
  readonly seq: number;
}

/** The numbers that were acknowledged in lines that a process told. */
export function acknowledgedIn(lines: readonly string[]): readonly Acknowledged[] {
  const told = lines.filter((line) => line.startsWith('ack ')).map((line) => line.split(' '));
  return told.map(([, size, seq]) => ({ size: Number(size), seq: Number(seq) }));
}

/** A process that appends; see `appending-agent.ts`. */
export class AgentProcess {
  /** What it said, line by line. */
  readonly lines: string[] = [];
  /** What came on its error output: there must be nothing. */
  complaints = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #rest = '';

  /** `under` is the command that starts it, for example one that gives it limits. */
  constructor(script: string, order: Order, under: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    const [command, ...rest] = [...under, process.execPath, script, JSON.stringify(order)];
    const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    this.#child = child;
    this.#ended = once(child, 'close');
    child.stdin.on('error', () => undefined);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = `${this.#rest}${text}`.split('\n');
      this.#rest = lines.pop() ?? '';
      this.lines.push(...lines);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.complaints += text));
  }

  get acknowledged(): readonly Acknowledged[] {
    return acknowledgedIn(this.lines);
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Lets it open the log. */
  begin(): this {
    this.#child.stdin?.write('.');
    return this;
  }

  /** Waits until it has said enough. Throws when it ends before. */
  async until(enough: (lines: readonly string[]) => boolean): Promise<void> {
    while (!enough(this.lines)) {
      if (this.hasEnded) await this.#ended;
      if (this.hasEnded && !enough(this.lines))
        throw new Error(`the agent ended after: ${this.lines.slice(-3).join(', ')} ${this.complaints}`);
      await sleep(1);
    }
  }

  /** Waits until it has ended by itself and all that it said has come; its exit code. One that hangs is ended, and that throws. */
  async end(withinMs = 60_000): Promise<number | null> {
    const late = setTimeout(() => this.#child.kill('SIGKILL'), withinMs);
    await this.#ended;
    clearTimeout(late);
    if (this.#child.signalCode !== null) throw new Error(`the agent hung after: ${this.lines.slice(-3).join(', ')}`);
    return this.#child.exitCode;
  }

  /** Ends it at once and waits until all that it had said has come. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
