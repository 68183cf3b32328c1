/** How the examining process is started: an environment of its own, and limits that the kernel holds, also when the agent is gone. */
import { existsSync } from 'node:fs';

export interface ExaminerLimits {
  /** Processor time for one document. */
  readonly cpuSeconds: number;
  /** Time on the clock for one document: the last word where the process uses no processor time and gives no answer. */
  readonly deadlineMs: number;
  /** Heap of JavaScript values. */
  readonly heapMegabytes: number;
  /** All memory of the process, beside the document itself. */
  readonly memoryMegabytes: number;
}

export const defaultExaminerLimits: ExaminerLimits = { cpuSeconds: 10, deadlineMs: 30_000, heapMegabytes: 512, memoryMegabytes: 1280 };

export interface ExaminerLaunch {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

const prlimit = '/usr/bin/prlimit';
/** Copies of the document that are held at one time: as it came in, and one stream of it undone. */
const copies = 2;

/**
 * The command that starts `host`. The memory limit counts what can be written to (RLIMIT_DATA), because V8 reserves more addresses than any limit on
 * those allows. No core file is written: it would hold the document; a limit of one byte also stops a collector that cores are piped to (core(5)).
 */
export function examinerLaunch(
  host: string,
  nodeArgv: readonly string[],
  limits: ExaminerLimits,
  maxBytes: number,
  havePrlimit = existsSync(prlimit),
): ExaminerLaunch {
  const memory = limits.memoryMegabytes * 1024 * 1024 + copies * maxBytes;
  const node = [process.execPath, `--max-old-space-size=${limits.heapMegabytes}`, ...nodeArgv, host];
  const { PATH } = process.env;
  const environment = PATH === undefined ? {} : { PATH };
  if (havePrlimit) {
    const bounds = ['--core=1', `--cpu=${limits.cpuSeconds}:${limits.cpuSeconds + 2}`, `--data=${memory}`];
    return { command: prlimit, arguments: [...bounds, '--', ...node], environment };
  }
  const bounds = `ulimit -c 0; ulimit -t ${limits.cpuSeconds}; ulimit -d ${Math.ceil(memory / 1024)}; exec "$@"`;
  return { command: '/bin/sh', arguments: ['-c', bounds, 'sh', ...node], environment };
}
