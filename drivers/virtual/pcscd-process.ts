/** How pcscd is launched: in namespaces of its own, with our folders in place of its own, and never without its parent. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { keepSlowVariable } from './vpcd-shim.ts';

export const daemon = '/usr/sbin/pcscd';

export const portTaken = 'vpcd could not listen on its port';

/** The folders that pcscd finds where it looks for its socket, its serial readers and its drivers. */
export interface Folders {
  readonly run: string;
  readonly conf: string;
  readonly drivers: string;
}

export interface Launched {
  readonly child: ChildProcess & { readonly stdin: Writable; readonly stdout: Readable; readonly stderr: Readable };
  readonly ended: Promise<string>;
}

/**
 * $PPID is read after the death signal is armed, so a parent that died before is noticed too. Where /run/pcscd does not exist, an empty
 * /run is laid over the real one, inside the namespace alone.
 */
const script = `
[ "$PPID" = "$PARENT" ] || exit 1
cd "$DRIVERS" || exit 1
exec 8<.
cd "$RUN" || exit 1
exec 9<.
mount --bind /proc/self/fd/8 /usr/lib/pcsc/drivers || exit 1
if [ ! -d /run/pcscd ]; then mount -t tmpfs tmpfs /run && mkdir /run/pcscd || exit 1; fi
mount --bind /proc/self/fd/9 /run/pcscd || exit 1
cd /
exec 8<&- 9<&-
export LD_PRELOAD="$SHIM"
exec ${daemon} --foreground --info -c "$CONF"
`;

/** Starts it. `hear` gets every line that it says. */
export function launch(
  namespaces: readonly string[],
  { run, conf, drivers }: Folders,
  { preload, fast }: { readonly preload: string | undefined; readonly fast: boolean },
  hear: (line: string) => void,
): Launched {
  const env = {
    PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin',
    PARENT: String(process.pid),
    RUN: run,
    CONF: conf,
    DRIVERS: drivers,
    SHIM: preload ?? '',
    ...(fast ? {} : { [keepSlowVariable]: '1' }),
  };
  const argv = [...namespaces, '--propagation', 'private', 'setpriv', '--pdeathsig', 'KILL', 'sh', '-c', script];
  // A group of its own: Ctrl+C at a terminal is for the agent, which then takes the cards out in order.
  const child = spawn('unshare', argv, { env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  // Readers are plugged in through its standard input; that it is gone is told by `ended`.
  child.stdin.on('error', () => undefined);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      said = `${said}${line}\n`.slice(-2000);
      hear(line);
    });
  }
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', () => resolve(said === '' ? 'pcscd ended without a word' : said));
  });
  return { child, ended };
}
