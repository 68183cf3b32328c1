/** One limited process as whoever started it sees it: it waits, is told one thing, and ends with an answer or without one. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type ChildLimits, limitedLaunch } from './limited-launch.ts';

/** Why there is no answer. */
export type NoAnswer = 'took-too-long' | 'examination-failed';

export interface ChildSetting {
  /** The program: a file beside this one, without its ending. */
  readonly host: string;
  readonly limits: ChildLimits;
  /** Bytes that the process may hold beside the memory of its limits. */
  readonly heldBytes: number;
  /** Longest answer that is listened to, characters. */
  readonly longestAnswer: number;
  /** Open files that it gets, as its descriptors 3 and following. */
  readonly descriptors?: readonly number[];
}

const running = import.meta.url.endsWith('.ts');
/** Built code needs no flags of the agent; sources need the loader that the agent runs with, but never its inspector. */
const nodeArgv = running ? process.execArgv.filter((flag) => !flag.startsWith('--inspect')) : [];
const pathOf = (host: string): string => fileURLToPath(new URL(`./${host}${running ? '.ts' : '.js'}`, import.meta.url));

/** Signals by which the kernel ends a process that used up its processor time (setrlimit(2)). */
const timeIsUp: readonly (NodeJS.Signals | null)[] = ['SIGXCPU'];

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class LimitedChild {
  /** True until it ends. */
  alive = true;
  readonly #child: ChildProcess;
  readonly #limits: ChildLimits;
  readonly #ended: Promise<End>;
  #said = '';
  #tooLong = false;
  #late = false;

  constructor({ host, limits, heldBytes, longestAnswer, descriptors = [] }: ChildSetting) {
    this.#limits = limits;
    const { command, arguments: words, environment } = limitedLaunch(pathOf(host), nodeArgv, limits, heldBytes);
    const child = spawn(command, words, { env: environment, stdio: ['pipe', 'pipe', 'ignore', ...descriptors] });
    this.#child = child;
    // A process that is gone raises an error on its pipe; that it is gone is told by its end.
    child.stdin?.on('error', () => undefined);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (this.#said.length + text.length <= longestAnswer) this.#said += text;
      else {
        this.#tooLong = true;
        this.kill();
      }
    });
    this.#ended = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.alive = false;
        resolve({ code, signal });
      };
      child.on('error', () => {
        if (child.pid === undefined) end(null, null);
      });
      // "close" comes when it has ended and all it said has been read.
      child.on('close', end);
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
   * Tells it everything in `pieces`; once only. Gives what it said before it ended in order, or the reason why there is nothing. Throws what `pieces`
   * throws, after the process has ended.
   */
  async ask(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<{ readonly said: string } | NoAnswer> {
    this.#hold(true);
    const timer = setTimeout(() => {
      this.#late = true;
      this.kill();
    }, this.#limits.deadlineMs);
    let end: End;
    try {
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
      end = await this.#ended;
      clearTimeout(timer);
    }
    if (this.#late || timeIsUp.includes(end.signal)) return 'took-too-long';
    return end.code === 0 && !this.#tooLong ? { said: this.#said } : 'examination-failed';
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

  /** A process that waits does not keep whoever started it from ending; one that works does. */
  #hold(works: boolean): void {
    const { stdin, stdout } = this.#child;
    const handles = [this.#child, ...[stdin, stdout].filter((stream) => stream instanceof Socket)];
    for (const handle of handles) {
      if (works) handle.ref();
      else handle.unref();
    }
  }
}
