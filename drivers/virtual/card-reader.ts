/**
 * Virtual card readers with two slots each: a private pcscd, the vpcd driver in it, and virtual cards at the other end. To a PKCS#11 module they
 * are readers like any other. For the demo and the tests alone. It must never touch the system's own pcscd or a real reader, or leave a
 * process behind.
 */
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { PortTaken, startPcscd, type Pcscd, type PcscdOptions } from './pcscd.ts';
import { claimPorts, type PortBlock } from './port-block.ts';
import { ReaderSlots, type SlotNumber } from './reader-slots.ts';
import type { VirtualCard } from './virtual-card.ts';
import { buildVpcdShim, type VpcdShim } from './vpcd-shim.ts';

export type { SlotNumber } from './reader-slots.ts';

export interface CardReaderOptions {
  /** A folder for this pcscd alone; made if missing. Its socket is `run/pcscd.comm` below it, so the path must be short. */
  readonly directory: string;
  /** False: 44 ms per APDU, about as slow as a real card. True (default): without that delay, if there is a C compiler. */
  readonly fast?: boolean;
  /** The names of the readers, each another. One by default. Some modules look for the maker of a reader in its name. More than one need a C compiler. */
  readonly names?: readonly [string, ...string[]];
}

/** One reader. */
export interface VirtualReader {
  readonly name: string;
  /** The card in each slot now. */
  readonly inserted: readonly [VirtualCard | undefined, VirtualCard | undefined];
  /**
   * Puts a card in; resolves when pcscd has announced it. pcscd looks every 100 ms (400 ms when slow), and a card that follows another waits
   * until pcscd has seen the slot empty, as a slow hand would. Throws when the slot is taken, or the card is taken out meanwhile.
   */
  insert(card: VirtualCard, slot?: SlotNumber): Promise<void>;
  /** Takes the card out at once; resolves when pcscd has noticed, within 0.4 s. Also waits for that after a card was pulled. */
  remove(slot?: SlotNumber): Promise<void>;
  /** Pulls the cable; resolves when pcscd has let the reader go. Its cards count as taken out. Throws when there is no C compiler. */
  unplug(): Promise<void>;
  /** Plugs the cable in again. */
  plug(): Promise<void>;
}

/** The first reader, and the pcscd that it hangs on. */
export interface CardReader extends VirtualReader {
  /** For PCSCLITE_CSOCK_NAME in the environment of whoever loads a PKCS#11 module. */
  readonly socket: string;
  /** False when slow was asked for, or when `withoutShim` says why it could not be otherwise. */
  readonly fast: boolean;
  /** Present when there is no working C compiler: then the reader is slow, and vpcd listens on all addresses instead of the loopback. */
  readonly withoutShim?: string;
  /** The other readers. */
  readonly others: readonly VirtualReader[];
  /** Calls back when a card went in or came out, pulled ones included. Returns the way to stop. */
  watch(listener: () => void): () => void;
  /** Ends pcscd alone; the cards count as taken out. */
  stopService(): Promise<void>;
  /** Starts pcscd again, with every reader plugged in. */
  startService(): Promise<void>;
  /** Takes the cards out and ends pcscd. */
  stop(): Promise<void>;
}

/**
 * Starts pcscd with its readers. Several can run side by side, each in its own folder. Must be called from the main thread (pcscd dies with the
 * thread that started it). Throws when pcscd or vpcd is missing or cannot be started.
 */
export async function startCardReader(options: CardReaderOptions): Promise<CardReader> {
  const directory = resolve(options.directory);
  await mkdir(directory, { recursive: true });
  const built = await tryShim(directory);
  const fast = built.shim !== undefined && options.fast !== false;
  const names = options.names ?? ['Virtual PCD'];
  if (built.shim === undefined && names.length > 1) throw new Error(`several readers need a C compiler: ${built.reason ?? ''}`);
  const listeners = new Set<() => void>();
  const onChange = (): void => {
    for (const listener of listeners) listener();
  };
  const started = await startWithPorts({ directory, shim: built.shim, fast, names, onChange });
  const { readers, ports, start } = started;
  let { pcscd } = started;
  const [first, ...others] = readers.map((slots, index): VirtualReader => ({
    name: slots.name,
    get inserted() {
      return slots.inserted;
    },
    insert: (card, slot = 0) => slots.insert(card, slot),
    remove: (slot = 0) => slots.remove(slot),
    async unplug() {
      // Whoever talks to a card in it is cut off at once, not when pcscd has tidied up.
      slots.takeOut();
      await pcscd.unplug(index);
      slots.unplugged();
    },
    async plug() {
      slots.renew();
      await pcscd.plug(index);
    },
  }));
  if (first === undefined) throw new Error('a card reader needs a name');
  const stopService = async (): Promise<void> => {
    for (const slots of readers) slots.takeOut();
    await pcscd.stop();
    for (const slots of readers) slots.unplugged();
  };
  return Object.assign(first, {
    socket: pcscd.socket,
    fast,
    ...(built.reason === undefined ? {} : { withoutShim: built.reason }),
    others,
    watch(listener: () => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    stopService,
    async startService() {
      for (const slots of readers) slots.renew();
      pcscd = await start();
    },
    async stop() {
      await stopService();
      for (const block of ports) await block.release();
    },
  });
}

interface Wanted {
  readonly directory: string;
  readonly shim: VpcdShim | undefined;
  readonly fast: boolean;
  readonly names: readonly string[];
  readonly onChange: () => void;
}

interface Started {
  readonly pcscd: Pcscd;
  readonly ports: readonly PortBlock[];
  readonly readers: readonly ReaderSlots[];
  /** Starts pcscd once more, on the same ports. */
  readonly start: () => Promise<Pcscd>;
}

/** Tries other ports when somebody outside was faster. */
async function startWithPorts({ directory, shim, fast, names, onChange }: Wanted): Promise<Started> {
  for (let attempt = 1; ; attempt += 1) {
    const ports: PortBlock[] = [];
    while (ports.length < names.length) ports.push(await claimPorts());
    const readers = names.map((name, index) => new ReaderSlots(name, ports[index]?.first ?? 0, onChange));
    const start = (): Promise<Pcscd> =>
      startPlugged({ directory, shim, fast, readers, onCard: (reader, slot, present) => readers[reader]?.announce(slot, present) });
    try {
      return { pcscd: await start(), ports, readers, start };
    } catch (error) {
      for (const block of ports) await block.release();
      if (!(error instanceof PortTaken) || attempt === 5) throw error;
    }
  }
}

async function startPlugged(options: PcscdOptions): Promise<Pcscd> {
  const pcscd = await startPcscd(options);
  if (options.shim === undefined) return pcscd;
  try {
    for (const index of options.readers.keys()) await pcscd.plug(index);
    return pcscd;
  } catch (error) {
    await pcscd.stop();
    throw error;
  }
}

async function tryShim(directory: string): Promise<{ readonly shim?: VpcdShim; readonly reason?: string }> {
  try {
    return { shim: await buildVpcdShim(directory) };
  } catch (error) {
    const [firstLine = ''] = String(error).split('\n');
    return { reason: firstLine };
  }
}
