/** One call of the program, from the build where that is current and else from the sources, with somebody at its terminal or without: what was said, and how it ended. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { builtCli, builtFromTheseSources } from './built-program.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = builtFromTheseSources()
  ? ([process.execPath, builtCli()] as const)
  : ([process.execPath, '--import', 'tsx', 'agent/cli.ts'] as const);

export interface Called {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface CallOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What stands on the standard input, where no terminal is. */
  readonly input?: string;
}

/** Runs `countersign` with these words and no terminal. */
export async function call(words: readonly string[], { env = {}, input = '' }: CallOptions = {}): Promise<Called> {
  const [node, ...args] = program;
  const child = spawn(node, [...args, ...words], { cwd: root, env: { ...process.env, ...env }, stdio: 'pipe' });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text));
  child.stdin.on('error', () => undefined).end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}

/**
 * Runs it in a terminal of its own (script(1)), with a person who types each answer, and Enter, when its question is on the screen. `screen` is all
 * that the terminal showed, echoes included.
 */
export async function callAtTerminal(
  words: readonly string[],
  answers: readonly (readonly [question: string, answer: string])[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | null; readonly screen: string }> {
  const line = [...program, ...words].map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
  const child = spawn('script', ['-qefc', line, '/dev/null'], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let screen = '';
  let seen = 0;
  const left = [...answers];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
    const [question, answer] = left[0] ?? [];
    const at = question === undefined ? -1 : screen.indexOf(question, seen);
    if (question === undefined || at < 0) return;
    seen = at + question.length;
    left.shift();
    // The terminal is told to be silent before the question is answered, not before it is asked.
    setTimeout(() => child.stdin.write(`${answer ?? ''}\r`), 300);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (left.length > 0) throw new Error(`was not asked: ${left.map(([question]) => question).join(', ')}\n${screen}`);
  return { code, screen };
}
