/**
 * A virtual card reader with two slots: a private pcscd, the vpcd driver in it, and virtual cards at the other end. To a PKCS#11 module it
 * is a reader like any other. For the demo and the tests alone. It must never touch the system's own pcscd or a real reader, or leave a
 * process behind.
 */
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CardSlot } from './card-slot.ts';
import { PortTaken, startPcscd, type Pcscd, type PcscdOptions } from './pcscd.ts';
import { claimPorts, type PortBlock } from './port-block.ts';
import type { VirtualCard } from './virtual-card.ts';
import { buildVpcdShim } from './vpcd-shim.ts';

/** vpcd gives two slots to each reader. */
export type SlotNumber = 0 | 1;

export interface CardReaderOptions {
  /** A folder for this reader alone; made if missing. Its socket is `run/pcscd.comm` below it, so the path must be short. */
  readonly directory: string;
  /** False: 44 ms per APDU, about as slow as a real card. True (default): without that delay, if there is a C compiler. */
  readonly fast?: boolean;
}

export interface CardReader {
  /** For PCSCLITE_CSOCK_NAME in the environment of whoever loads a PKCS#11 module. */
  readonly socket: string;
  /** False when slow was asked for, or when `withoutShim` says why it could not be otherwise. */
  readonly fast: boolean;
  /** Present when there is no working C compiler: then the reader is slow, and vpcd listens on all addresses instead of the loopback. */
  readonly withoutShim?: string;
  /** The card in each slot now. */
  readonly inserted: readonly [VirtualCard | undefined, VirtualCard | undefined];
  /** Calls back when a card went in or came out, pulled ones included. Returns the way to stop. */
  watch(listener: () => void): () => void;
  /**
   * Puts a card in; resolves when pcscd has announced it. pcscd looks every 400 ms, and a card that follows another waits until pcscd has
   * seen the slot empty, as a slow hand would: 0.4 to 0.8 s. Throws when the slot is taken, or the card is taken out meanwhile.
   */
  insert(card: VirtualCard, slot?: SlotNumber): Promise<void>;
  /** Takes the card out at once; resolves when pcscd has noticed, within 0.4 s. Also waits for that after a card was pulled. */
  remove(slot?: SlotNumber): Promise<void>;
  /** Takes the cards out and ends pcscd. */
  stop(): Promise<void>;
}

/**
 * Starts a reader. Several can run side by side, each in its own folder. Must be called from the main thread (pcscd dies with the thread that
 * started it). Throws when pcscd or vpcd is missing or cannot be started.
 */
export async function startCardReader(options: CardReaderOptions): Promise<CardReader> {
  const directory = resolve(options.directory);
  await mkdir(directory, { recursive: true });
  const shim = await tryShim(directory);
  const fast = shim.library !== undefined && options.fast !== false;
  const listeners = new Set<() => void>();
  const { pcscd, ports, slots } = await startWithSlots({ directory, preload: shim.library, fast }, () => {
    for (const listener of listeners) listener();
  });
  return {
    socket: pcscd.socket,
    fast,
    ...(shim.reason === undefined ? {} : { withoutShim: shim.reason }),
    get inserted(): readonly [VirtualCard | undefined, VirtualCard | undefined] {
      return [slots[0].card, slots[1].card];
    },
    watch(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    insert: (card, slot = 0) => slots[slot].insert(card),
    async remove(slot = 0) {
      slots[slot].remove();
      await slots[slot].empty();
    },
    async stop() {
      for (const slot of slots) slot.remove();
      await pcscd.stop();
      await ports.release();
    },
  };
}

interface Started {
  readonly pcscd: Pcscd;
  readonly ports: PortBlock;
  readonly slots: readonly [CardSlot, CardSlot];
}

/** Tries other ports when somebody outside was faster. */
async function startWithSlots(options: Pick<PcscdOptions, 'directory' | 'preload' | 'fast'>, onChange: () => void): Promise<Started> {
  for (let attempt = 1; ; attempt += 1) {
    const ports = await claimPorts();
    const slots = [new CardSlot(ports.first, onChange), new CardSlot(ports.first + 1, onChange)] as const;
    try {
      const pcscd = await startPcscd({ ...options, port: ports.first, onCard: (slot, present) => slots[slot].announce(present) });
      return { pcscd, ports, slots };
    } catch (error) {
      await ports.release();
      if (!(error instanceof PortTaken) || attempt === 5) throw error;
    }
  }
}

async function tryShim(directory: string): Promise<{ readonly library?: string; readonly reason?: string }> {
  try {
    return { library: await buildVpcdShim(directory) };
  } catch (error) {
    const [firstLine = ''] = String(error).split('\n');
    return { reason: firstLine };
  }
}
