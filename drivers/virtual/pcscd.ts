/**
 * A pcscd of our own. The paths of its socket and of its drivers are compiled in, so it runs in a private mount namespace where both are
 * folders of ours; the system's own pcscd, if there is one, is neither seen nor disturbed, and no USB reader is touched.
 */
import { once } from 'node:events';
import { copyFile, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { daemon, launch, portTaken, type Folders, type Launched } from './pcscd-process.ts';
import { PcscdWords, type PlaceOfReader } from './pcscd-words.ts';
import { writeBundles } from './usb-shim.ts';
import type { VpcdShim } from './vpcd-shim.ts';

const vpcd = '/usr/lib/pcsc/drivers/serial/libifdvpcd.so';
const readyMs = 10_000;
/** sun_path of a Linux socket address, with its final zero. */
const socketPathBytes = 108;

export interface PcscdOptions {
  /** Folder of this one instance; `run`, `conf` and `drivers` in it are ours. */
  readonly directory: string;
  /** The readers that it can have. Each has two ports on which vpcd waits for the cards of its slots: this one and the next. */
  readonly readers: readonly PlaceOfReader[];
  /** Absent: the first reader is there from the start and cannot be unplugged, and there are no others. */
  readonly shim: VpcdShim | undefined;
  /** False: the shim leaves the slowness of vpcd alone. */
  readonly fast: boolean;
  /** Called when pcscd has seen a card come or go in one of the two slots of a reader. */
  readonly onCard: (reader: number, slot: 0 | 1, present: boolean) => void;
}

/** Somebody else listens on a port that vpcd was to use. */
export class PortTaken extends Error {}

export interface Pcscd {
  /** Path for PCSCLITE_CSOCK_NAME. */
  readonly socket: string;
  readonly pid: number;
  /** Resolves when pcscd has ended, with the last of what it said. */
  readonly ended: Promise<string>;
  /** Plugs a reader in; resolves when pcscd has it. Throws without a shim, and PortTaken. */
  plug(reader: number): Promise<void>;
  /** Unplugs a reader; resolves when pcscd has let it go. Throws without a shim. */
  unplug(reader: number): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts pcscd and waits until it is ready. It is killed by the kernel when this process dies, however that happens; so it must be started
 * from the main thread. No reader is plugged in yet, unless there is no shim. Throws when pcscd or vpcd is not installed, or no private mount
 * namespace can be had; PortTaken when other ports should be tried.
 */
export async function startPcscd(options: PcscdOptions): Promise<Pcscd> {
  for (const file of [daemon, vpcd]) {
    if (!(await exists(file))) throw new Error(`${file} is missing: install pcscd and vsmartcard-vpcd`);
  }
  const { shim, fast } = options;
  const folders = await layFolders(options);
  const socket = join(folders.run, 'pcscd.comm');
  if (Buffer.byteLength(socket) >= socketPathBytes) throw new Error(`the path ${socket} is too long for a socket`);
  // Root may make a mount namespace; anybody else needs a user namespace around it.
  const asRoot = process.getuid?.() === 0 ? [['-m']] : [];
  const failures: string[] = [];
  for (const flags of [...asRoot, ['-Urm']]) {
    const words = new PcscdWords(options.readers, options.onCard);
    const launched = launch(flags, folders, { preload: shim?.preload, fast }, (line) => words.hear(line));
    const failure = await first(words.ready, launched.ended);
    if (failure === undefined) return running(socket, launched, words, options);
    await stop(launched);
    if (failure === portTaken) throw new PortTaken(failure);
    failures.push(failure.trim());
  }
  throw new Error(`no private pcscd could be started: ${failures.join('; ')}`);
}

function running(socket: string, launched: Launched, words: PcscdWords, { readers, shim }: PcscdOptions): Pcscd {
  const { child, ended } = launched;
  const order = async (sign: '+' | '-', reader: number): Promise<void> => {
    const place = readers[reader];
    if (shim === undefined || place === undefined) throw new Error('this reader cannot be plugged in or unplugged: there is no C compiler');
    const done = words.expect(sign === '+' ? 'plugged' : 'unplugged', reader);
    child.stdin.write(`${sign}${reader} ${place.port}\n`);
    const failure = await first(done, ended);
    if (failure === portTaken) throw new PortTaken(failure);
    if (failure !== undefined) throw new Error(`the reader was not ${sign === '+' ? 'plugged in' : 'unplugged'}: ${failure}`);
  };
  return {
    socket,
    pid: child.pid ?? 0,
    ended,
    plug: (reader) => order('+', reader),
    unplug: (reader) => order('-', reader),
    stop: () => stop(launched),
  };
}

async function layFolders({ directory, readers, shim }: PcscdOptions): Promise<Folders> {
  const [run, conf, drivers] = ['run', 'conf', 'drivers'].map((name) => join(directory, name)) as [string, string, string];
  for (const folder of [run, drivers, conf]) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
  }
  if (shim !== undefined) {
    const names = readers.map(({ name }) => name);
    await writeBundles(drivers, names, shim.driver, vpcd);
    return { run, conf, drivers };
  }
  // The folder of drivers is laid over the real one, so vpcd must be elsewhere.
  const copy = join(conf, 'vpcd.so');
  await copyFile(vpcd, copy);
  const [{ name, port } = { name: '', port: 0 }] = readers;
  // /dev/null is vpcd's word for "wait for a card". The other mode, a host name to connect to, ends in an abort in vpcd 3.3.
  const lines = [`FRIENDLYNAME "${name}"`, `DEVICENAME /dev/null:${port}`, `LIBPATH ${copy}`, `CHANNELID ${port}`];
  await mkdir(join(conf, 'readers'));
  await writeFile(join(conf, 'readers', 'vpcd'), `${lines.join('\n')}\n`);
  return { run, conf: join(conf, 'readers'), drivers };
}

/** What happened first: nothing when it went well, or what went wrong. */
function first(wanted: Promise<string | undefined>, ended: Promise<string>): Promise<string | undefined> {
  return Promise.race([wanted, ended, wait(readyMs, `pcscd did not answer within ${readyMs} ms`, { ref: false })]);
}

async function stop({ child, ended }: Launched): Promise<void> {
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
