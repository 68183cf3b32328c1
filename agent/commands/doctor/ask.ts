/**
 * Asks a program, with a deadline. Native addons and PKCS#11 modules are loaded in a process of their own too: one that hangs or crashes takes
 * that process with it, and the report says so.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** More than any answer needs; what is beyond is dropped. */
const longestAnswer = 64 * 1024;

export type Answer =
  | { readonly kind: 'said'; readonly text: string }
  | { readonly kind: 'not-there' }
  | { readonly kind: 'failed'; readonly how: string; readonly text: string };

interface Question {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Longest time that it may take, milliseconds. */
  readonly ms: number;
}

/** Runs a program without standard input and gives back what it printed, standard error included. Never throws, never hangs. */
export function ask(command: string, args: readonly string[], { env = process.env, cwd, ms }: Question): Promise<Answer> {
  return new Promise((resolve) => {
    let text = '';
    const child = spawn(command, args, {
      env: { ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      ...(cwd === undefined ? {} : { cwd }),
    });
    const take = (bytes: Buffer): void => {
      if (text.length < longestAnswer) text += bytes.toString('utf8');
    };
    const settle = (answer: Answer): void => {
      clearTimeout(timer);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => {
      // Its children hold the same pipes: the whole group ends.
      if (child.pid !== undefined) endGroup(child.pid);
      settle({ kind: 'failed', how: `no answer within ${ms / 1000} s`, text: text.trim() });
    }, ms);
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', (error: NodeJS.ErrnoException) => {
      settle(error.code === 'ENOENT' ? { kind: 'not-there' } : { kind: 'failed', how: error.code ?? 'cannot be started', text: '' });
    });
    child.once('close', (code, signal) => {
      settle(
        code === 0
          ? { kind: 'said', text: text.trim() }
          : { kind: 'failed', how: signal ?? `exit code ${code ?? 'unknown'}`, text: text.trim() },
      );
    });
  });
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself between the deadline and now.
  }
}

/** The folder of the package, with package.json and node_modules: from sources and from dist alike. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}

/** Runs a piece of JavaScript in a fresh Node that sees this package's node_modules. `args` are its `process.argv` from 1 on. */
export function askNode(script: string, args: readonly string[], question: Question): Promise<Answer> {
  const env = { ...(question.env ?? process.env), NODE_OPTIONS: undefined };
  return ask(process.execPath, ['-e', script, '--', ...args], { ...question, env, cwd: packageRoot() });
}

/** One line for a report out of what a failed program printed. */
export function reasonOf(answer: Exclude<Answer, { kind: 'said' }>): string {
  if (answer.kind === 'not-there') return 'not installed';
  const telling = answer.text.split('\n').find((line) => /error|cannot|denied|not found/i.test(line));
  return telling === undefined ? answer.how : `${answer.how}: ${telling.trim().slice(0, 160)}`;
}
