/**
 * What a host may see of the world: a short list of variables, the module's own settings, and no way to write a core file. OPENSC_DEBUG and
 * pkcs11-spy write PINs in clear, and a preloaded library reads them, so none of these ever gets through.
 */
import { existsSync } from 'node:fs';

/** Variables that are handed on when the agent has them. */
const handedOn = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'PCSCLITE_CSOCK_NAME',
];

/** Never handed on, also not when the configuration asks for it. */
const forbidden = /^(OPENSC_DEBUG|PKCS11SPY.*|PKCS11_PROXY.*|CACKEY_DEBUG.*|YKCS11_DBG|LD_(?!LIBRARY_PATH$).*|NODE_.*)$/u;

/** The environment of a host. `own` (the module's settings) comes last; LD_LIBRARY_PATH gets through only from there. */
export function hostEnvironment(
  agent: Readonly<Record<string, string | undefined>>,
  ...own: readonly Readonly<Record<string, string>>[]
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of handedOn) {
    const value = agent[name];
    if (value !== undefined) environment[name] = value;
  }
  for (const [name, value] of own.flatMap((settings) => Object.entries(settings))) {
    if (!forbidden.test(name)) environment[name] = value;
  }
  return environment;
}

/** How a host is started so that a crash leaves no memory on disk: `execPath` and the arguments in front of the module path. */
export interface Launch {
  readonly execPath: string;
  readonly execArgv: string[];
}

const prlimit = '/usr/bin/prlimit';

/**
 * A launch with core files off. A limit of one byte also stops a crash collector that the kernel pipes cores to (core(5): a limit of zero does not); where
 * there is no prlimit, the shell's own limit of zero has to do.
 */
export function launchWithoutCore(node: string, nodeArgv: readonly string[], havePrlimit = existsSync(prlimit)): Launch {
  if (havePrlimit) return { execPath: prlimit, execArgv: ['--core=1', '--', node, ...nodeArgv] };
  return { execPath: '/bin/sh', execArgv: ['-c', 'ulimit -c 0; exec "$@"', 'sh', node, ...nodeArgv] };
}
