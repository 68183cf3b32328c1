/** Runs a long step: its output goes to a log file, a sign of life to the screen, and the end of the log to the screen when it fails. */
import { spawn } from 'node:child_process';
import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

const tailLines = 40;
const signOfLifeMs = 15_000;

/** A step did not do what it should; `message` is for the person who typed the command. */
export class StepFailed extends Error {}

function lastLines(path, from) {
  return readFileSync(path).subarray(from).toString('utf8').trimEnd().split('\n').slice(-tailLines);
}

function size(path) {
  return readFileSync(path).length;
}

/**
 * Runs one command to its end, without standard input.
 * @param {{ title: string, command: string, args: string[], cwd: string, env?: Record<string, string | undefined>, log: string, say: (text: string) => void }} step
 * @throws {StepFailed} with the tail of its output
 */
export async function runStep({ title, command, args, cwd, env = {}, log, say }) {
  mkdirSync(dirname(log), { recursive: true });
  appendFileSync(log, `\n--- ${new Date().toISOString()} ${title}\n$ ${[command, ...args].join(' ')}\n`);
  const from = size(log);
  const file = openSync(log, 'a');
  const start = Date.now();
  const seconds = () => Math.round((Date.now() - start) / 1000);
  say(`${title} ...`);
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', file, file] });
  const end = (signal) => child.kill(signal);
  process.on('SIGINT', end).on('SIGTERM', end);
  const life = setInterval(() => {
    const last = lastLines(log, from).at(-1)?.trim().slice(0, 90);
    say(`  still at it after ${seconds()} s${last ? `: ${last}` : ''}`);
  }, signOfLifeMs);
  try {
    const outcome = await new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message)).once('exit', (code, signal) => resolve(code ?? signal));
    });
    if (outcome !== 0) {
      const tail = lastLines(log, from).map((line) => `  | ${line}`);
      throw new StepFailed(
        `${title}: "${[command, ...args].join(' ')}" ended with ${outcome} after ${seconds()} s.\n${tail.join('\n')}\nThe whole output: ${log}`,
      );
    }
    say(`  done in ${seconds()} s`);
  } finally {
    clearInterval(life);
    process.off('SIGINT', end).off('SIGTERM', end);
    closeSync(file);
  }
}
