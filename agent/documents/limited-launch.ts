/**
 * How a process is started that reads what nobody has looked at yet: an environment of its own, and limits that the kernel holds, also when whoever
 * started it is gone.
 */
import { existsSync } from 'node:fs';

export interface ChildLimits {
  /** Processor time for one file. */
  readonly cpuSeconds: number;
  /** Time on the clock for one file: the last word where the process uses no processor time and gives no answer. */
  readonly deadlineMs: number;
  /** Heap of JavaScript values. */
  readonly heapMegabytes: number;
  /** All memory of the process, beside the file itself. */
  readonly memoryMegabytes: number;
}

export interface LimitedLaunch {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Programs of util-linux, by path; where one is missing the process is held by less. */
export interface LaunchTools {
  readonly prlimit: boolean;
  readonly setpriv: boolean;
}

const [prlimit, setpriv] = ['/usr/bin/prlimit', '/usr/bin/setpriv'];

/** What is there on this machine. */
export function launchTools(): LaunchTools {
  return { prlimit: existsSync(prlimit), setpriv: existsSync(setpriv) };
}

/**
 * The command that starts `host`; `heldBytes` are allowed beside the memory of the limits. That limit counts what can be written to (RLIMIT_DATA),
 * because V8 reserves more addresses than any limit on those allows. No core file is written: it would hold the file that is read; a limit of one byte
 * also stops a collector that cores are piped to (core(5)). With setpriv the kernel ends the process when whoever started it ends, however that happens
 * (PR_SET_PDEATHSIG); without it, at the latest when its processor time is used up.
 */
export function limitedLaunch(
  host: string,
  nodeArgv: readonly string[],
  limits: ChildLimits,
  heldBytes: number,
  tools = launchTools(),
): LimitedLaunch {
  const memory = limits.memoryMegabytes * 1024 * 1024 + heldBytes;
  const node = [process.execPath, `--max-old-space-size=${limits.heapMegabytes}`, ...nodeArgv, host];
  const { PATH } = process.env;
  const environment = PATH === undefined ? {} : { PATH };
  const bounds = tools.prlimit
    ? [prlimit, '--core=1', `--cpu=${limits.cpuSeconds}:${limits.cpuSeconds + 2}`, `--data=${memory}`, '--']
    : ['/bin/sh', '-c', `ulimit -c 0; ulimit -t ${limits.cpuSeconds}; ulimit -d ${Math.ceil(memory / 1024)}; exec "$@"`, 'sh'];
  const ends = tools.setpriv ? [setpriv, '--pdeathsig', 'KILL', '--'] : [];
  const [command = '', ...words] = [...ends, ...bounds, ...node];
  return { command, arguments: words, environment };
}
