/** Runs a foreign tool under limits that the kernel holds: a file that makes it hang or eat memory ends the tool, not the machine. */
import { spawnSync } from 'node:child_process';

export interface BoundedRun {
  /** Exit code; null when a signal ended it. */
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface RunOptions {
  /** Added to the environment, in which nothing but PATH stands otherwise. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Time on the clock; 30 unless told. */
  readonly seconds?: number;
  /** Memory that it may write to; 1500 unless told. */
  readonly megabytes?: number;
}

/** Throws a sentence when the command is missing or does not end in time; how it ends otherwise is for the caller to judge. */
export function boundedRun(command: string, args: readonly string[], options: RunOptions = {}): BoundedRun {
  const { seconds = 30, megabytes = 1500, env = {}, cwd } = options;
  const limits = [`--data=${megabytes * 1024 * 1024}`, `--cpu=${seconds}`, '--core=1'];
  const run = spawnSync('prlimit', [...limits, '--', command, ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8', TZ: 'UTC', ...env },
    timeout: seconds * 1000,
    killSignal: 'SIGKILL',
    maxBuffer: 1024 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stderr = run.stderr.toString('utf8');
  if (run.status === 127 || /^prlimit: failed to execute/m.test(stderr)) {
    throw new Error(`${command} is missing: "npm run setup -- --tests" brings it, or says what to install`);
  }
  if (run.error !== undefined) throw new Error(`${command} did not end within ${seconds} seconds`, { cause: run.error });
  return { status: run.status, stdout: run.stdout, stderr };
}
