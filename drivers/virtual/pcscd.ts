/**
 * A pcscd of our own. The path of its socket is compiled in, so it runs in a private mount namespace where /run/pcscd is a folder of
 * ours; the system's own pcscd, if there is one, is neither seen nor disturbed, and no USB reader is touched.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { keepSlowVariable } from './vpcd-shim.ts';

const daemon = '/usr/sbin/pcscd';
const driver = '/usr/lib/pcsc/drivers/serial/libifdvpcd.so';
const readyMs = 10_000;
/** sun_path of a Linux socket address, with its final zero. */
const socketPathBytes = 108;

export interface PcscdOptions {
  /** Folder of this one instance; `run` and `conf` in it are ours. */
  readonly directory: string;
  /** Port on which vpcd waits for the card of its first slot; the second slot takes the next one. */
  readonly port: number;
  /** Library to preload into pcscd. */
  readonly preload: string | undefined;
  /** False: the library leaves the slowness of vpcd alone. */
  readonly fast: boolean;
  /** Called when pcscd has seen a card come or go in one of its two slots. */
  readonly onCard: (slot: 0 | 1, present: boolean) => void;
}

/** Somebody else listens on the port that vpcd was to use. */
export class PortTaken extends Error {}

export interface Pcscd {
  /** Path for PCSCLITE_CSOCK_NAME. */
  readonly socket: string;
  readonly pid: number;
  /** Resolves when pcscd has ended, with the last of what it said. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts pcscd and waits until it is ready. It is killed by the kernel when this process dies, however that happens; so it must be started
 * from the main thread. Throws when pcscd or vpcd is not installed, or no private mount namespace can be had;
 * PortTaken when another pair of ports should be tried.
 */
export async function startPcscd(options: PcscdOptions): Promise<Pcscd> {
  for (const file of [daemon, driver]) {
    if (!(await exists(file))) throw new Error(`${file} is missing: install pcscd and vsmartcard-vpcd`);
  }
  const [run, conf, noUsb] = ['run', 'conf', 'no-usb'].map((name) => join(options.directory, name)) as [string, string, string];
  const socket = join(run, 'pcscd.comm');
  if (Buffer.byteLength(socket) >= socketPathBytes) throw new Error(`the path ${socket} is too long for a socket`);
  await rm(run, { recursive: true, force: true });
  for (const folder of [run, conf, noUsb]) await mkdir(folder, { recursive: true });
  await writeFile(
    join(conf, 'vpcd'),
    // /dev/null is vpcd's word for "wait for a card". The other mode, a host name to connect to, ends in an abort in vpcd 3.3.
    `FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:${options.port}\nLIBPATH ${driver}\nCHANNELID ${options.port}\n`,
  );
  // Root may make a mount namespace; anybody else needs a user namespace around it.
  const asRoot = process.getuid?.() === 0 ? [['-m']] : [];
  const failures: string[] = [];
  for (const flags of [...asRoot, ['-Urm']]) {
    const { child, ready, ended } = launch(flags, { run, conf, noUsb }, options);
    const late = wait(readyMs, `pcscd was not ready within ${readyMs} ms`, { ref: false });
    const failure = await Promise.race([ready, ended, late]);
    if (failure === undefined) return { socket, pid: child.pid ?? 0, ended, stop: () => stop(child, ended) };
    await stop(child, ended);
    if (failure === portTaken) throw new PortTaken(failure);
    failures.push(failure.trim());
  }
  throw new Error(`no private pcscd could be started: ${failures.join('; ')}`);
}

/**
 * $PPID is read after the death signal is armed, so a parent that died before is noticed too. Where /run/pcscd does not exist, an empty
 * /run is laid over the real one, inside the namespace alone.
 */
const script = `
[ "$PPID" = "$PARENT" ] || exit 1
cd "$RUN" || exit 1
exec 9<.
if [ ! -d /run/pcscd ]; then mount -t tmpfs tmpfs /run && mkdir /run/pcscd || exit 1; fi
mount --bind /proc/self/fd/9 /run/pcscd || exit 1
cd /
exec 9<&-
export LD_PRELOAD="$SHIM" PCSCLITE_HP_DROPDIR="$NO_USB"
exec ${daemon} --foreground --info -c "$CONF"
`;

interface Folders {
  readonly run: string;
  readonly conf: string;
  readonly noUsb: string;
}

interface Launched {
  readonly child: ChildProcess;
  /** Undefined when pcscd is ready, or what went wrong. */
  readonly ready: Promise<string | undefined>;
  readonly ended: Promise<string>;
}

const portTaken = 'vpcd could not listen on its port';

function launch(namespaces: readonly string[], { run, conf, noUsb }: Folders, { preload, fast, onCard }: PcscdOptions): Launched {
  const env = {
    PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin',
    PARENT: String(process.pid),
    RUN: run,
    CONF: conf,
    NO_USB: noUsb,
    SHIM: preload ?? '',
    ...(fast ? {} : { [keepSlowVariable]: '1' }),
  };
  const argv = [...namespaces, '--propagation', 'private', 'setpriv', '--pdeathsig', 'KILL', 'sh', '-c', script];
  // A group of its own: Ctrl+C at a terminal is for the agent, which then takes the cards out in order.
  const child = spawn('unshare', argv, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let said = '';
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', () => resolve(said === '' ? 'pcscd ended without a word' : said));
  });
  const ready = new Promise<string | undefined>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on('line', (line) => {
        said = `${said}${line}\n`.slice(-2000);
        const [, change, slot] = /Card (inserted into|Removed From) Virtual PCD 00 0([01])/.exec(line) ?? [];
        if (change !== undefined) onCard(slot === '0' ? 0 : 1, change === 'inserted into');
        else if (line.endsWith('daemon ready.')) resolve(undefined);
        else if (line.includes('Could not initialize connection to virtual ICC')) resolve(portTaken);
      });
    }
  });
  return { child, ready, ended };
}

async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    const patience = setTimeout(() => child.kill('SIGKILL'), 1000);
    await exit;
    clearTimeout(patience);
  }
  await ended;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
