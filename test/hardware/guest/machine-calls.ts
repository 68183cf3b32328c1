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
