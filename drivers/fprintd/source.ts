/**
 * The readers that fprintd knows. It ends itself when nobody asks for a while and tells nobody what is plugged in then, so the list is asked for again
 * and again; the bus starts it anew each time.
 */
import { DeviceError } from '../errors.ts';
import type { MatchingReader, ReaderInfo, ReaderSource } from '../fingerprint.ts';
import { type FprintDevice, listDevices } from './devices.ts';
import { objectManager } from './names.ts';
import { type FprintOptions, FprintReader, readerInfoOf, sessionOptions } from './reader.ts';
import { FprintSession } from './session.ts';

export interface FprintSourceOptions extends FprintOptions {
  /** Told why the list cannot be made; once per cause. */
  readonly onTrouble?: (error: DeviceError) => void;
  /** Pause between two looks, milliseconds. */
  readonly lookMs?: number;
}

export class FprintSource implements ReaderSource<MatchingReader> {
  readonly #options: FprintSourceOptions;
  readonly #listeners = new Set<(readers: readonly ReaderInfo[]) => void>();
  readonly #open = new Set<FprintReader>();
  #devices = new Map<string, FprintDevice>();
  #readers: readonly ReaderInfo[] = [];
  #session: FprintSession | undefined;
  #trouble: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #closed = false;

  /** The list is empty until the first look is done; `watch` tells. */
  constructor(options: FprintSourceOptions = {}) {
    this.#options = options;
    this.#look();
  }

  readers(): readonly ReaderInfo[] {
    return this.#readers;
  }

  watch(listener: (readers: readonly ReaderInfo[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async open(readerId: string): Promise<MatchingReader> {
    const device = this.#devices.get(readerId);
    if (device === undefined || this.#closed) throw new DeviceError('reader-lost', 'this fingerprint reader is not plugged in');
    const reader = await FprintReader.open(device, this.#options);
    for (const other of this.#open) if (other.closed) this.#open.delete(other);
    this.#open.add(reader);
    return reader;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#listeners.clear();
    this.#session?.close();
    await this.#looking;
    await Promise.all([...this.#open].map((reader) => reader.close()));
  }

  #look(): void {
    if (this.#closed || this.#looking !== undefined) return;
    clearTimeout(this.#timer);
    this.#looking = this.#lookOnce().finally(() => {
      this.#looking = undefined;
      if (this.#closed) return;
      this.#timer = setTimeout(() => this.#look(), this.#options.lookMs ?? 3000);
      this.#timer.unref();
    });
  }

  async #lookOnce(): Promise<void> {
    try {
      const devices = await listDevices(await this.#conversation());
      this.#trouble = undefined;
      this.#publish(devices);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      this.#publish([]);
      if (this.#closed || error.message === this.#trouble) return;
      this.#trouble = error.message;
      this.#options.onTrouble?.(error);
    }
  }

  async #conversation(): Promise<FprintSession> {
    if (this.#session !== undefined && this.#session.gone === undefined) return this.#session;
    const session = await FprintSession.open(sessionOptions(this.#options));
    // It was closed while this one was opened.
    if (this.#closed) session.close();
    this.#session = session;
    // fprintd ended: at once another look, in which its readers are gone or it runs again.
    session.onGone(() => this.#look());
    session.onSignal(({ interface: name }) => {
      if (name === objectManager) this.#look();
    });
    return session;
  }

  #publish(devices: readonly FprintDevice[]): void {
    this.#devices = new Map(devices.map((device) => [readerInfoOf(device).id, device]));
    const readers = devices.map(readerInfoOf);
    const same = readers.length === this.#readers.length && readers.every(({ id }, index) => id === this.#readers[index]?.id);
    if (same || this.#closed) return;
    this.#readers = readers;
    for (const listener of this.#listeners) listener(readers);
  }
}
