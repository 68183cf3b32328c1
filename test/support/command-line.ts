/** One call of the built program, as a person at a terminal makes it: what it said, and how it ended. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'vitest';
import { builtCli } from './built-program.ts';

export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface CallOptions {
  /** Variables besides those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** A program and its words that start the call, for example to take rights from it. */
  readonly through?: readonly string[];
  /** The person presses Ctrl+C when this has been said on the error stream. */
  readonly interruptAt?: string;
}

/** Runs `countersign` with these words and waits for its end. */
export async function countersign(words: readonly string[], { env = {}, through = [], interruptAt }: CallOptions = {}): Promise<Said> {
  const [program = '', ...rest] = [...through, process.execPath, builtCli(), ...words];
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const before = said.err;
    said.err += text;
    if (interruptAt !== undefined && said.err.includes(interruptAt) && !before.includes(interruptAt)) child.kill('SIGINT');
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}

/** Nothing of our insides: no stack, no source file, no name of an error class. */
export function expectNoInsides({ out, err }: Said): void {
  const text = out + err;
  expect(text).not.toMatch(/^\s+at .+/m);
  expect(text).not.toMatch(/\.[cm]?[jt]s\b/);
  expect(text).not.toMatch(/\b\w*Error\b|\bundefined\b|\[object/);
}
