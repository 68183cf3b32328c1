/** The guest as a computer: programs run in it, files are read and written, and it can be switched off. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export const machineCalls = {
  run(command: string, args: readonly string[], { input = '', timeoutMs = 30_000, uid, gid, env }: RunOptions = {}): Promise<Ran> {
    return new Promise((resolve, reject) => {
      const who = { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
      const child = spawn(command, args, { ...who, timeout: timeoutMs, killSignal: 'SIGKILL', env: { ...process.env, ...env } });
      let [out, err] = ['', ''];
      child.stdout.on('data', (bytes: Buffer) => (out += bytes.toString()));
      child.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()));
      child.on('error', reject).on('close', (code) => resolve({ code, out, err }));
      child.stdin.on('error', () => undefined).end(input);
    });
  },

  /**
   * Runs a shell's command line at a terminal of its own, for a program that asks there. Each answer is typed when a prompt stands at the end of what was
   * said: a program that turns the echo off throws away what was typed before.
   */
  runAtTerminal(command: string, answers: readonly string[]): Promise<Ran> {
    return new Promise((resolve, reject) => {
      const child = spawn('script', ['-q', '-e', '-f', '-c', command, '/dev/null'], { timeout: 30_000, killSignal: 'SIGKILL' });
      const left = [...answers];
      let [out, err, answered] = ['', '', 0];
      child.stdout.on('data', (bytes: Buffer) => {
        out += bytes.toString();
        if (!/: ?$/.test(out.slice(answered))) return;
        answered = out.length;
        const next = left.shift();
        if (next !== undefined) setTimeout(() => child.stdin.write(`${next}\n`), 100);
      });
      child.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()));
      child.on('error', reject).on('close', (code) => resolve({ code, out: out.replaceAll('\r', ''), err }));
    });
  },

  readText(path: string): string {
    return readFileSync(path, 'utf8');
  },

  writeText(path: string, text: string): void {
    writeFileSync(path, text);
  },

  /** Ends this program once the answer is out; the script that started it then switches the guest off. */
  off(): void {
    setTimeout(() => process.exit(), 100);
  },
};
