/** The fingerprint readers that come and go: keeps the list of CTAP keys that have a fingerprint sensor, and opens them. */
import { DeviceError } from '../errors.ts';
import type { FingerprintReader, ReaderInfo, ReaderSource } from '../fingerprint.ts';
import { FidoReader, readerIdOf, type ReaderOptions } from './reader.ts';
import type { HidInfo, HidTransport } from './transport.ts';

export interface ReaderSourceOptions extends ReaderOptions {
  /** Told why a key cannot be used or the list cannot be made; once per key and cause. `key` is its product name, absent when the list is at fault. */
  readonly onTrouble?: (error: unknown, key: string | undefined) => void;
  /** Pause before a key that did not answer is asked again, milliseconds. */
  readonly probeAgainMs?: number;
}

interface Known {
  readonly hid: HidInfo;
  /** Undefined: it is not a fingerprint reader, or has not answered yet. */
  readonly info: ReaderInfo | undefined;
  readonly trouble: string | undefined;
}

/** A source over any transport. The list is empty until the first look is done; `watch` tells. */
export function createReaderSource(transport: HidTransport, options: ReaderSourceOptions = {}): ReaderSource {
  return new FidoReaderSource(transport, options);
}

class FidoReaderSource implements ReaderSource {
  readonly #transport: HidTransport;
  readonly #options: ReaderSourceOptions;
  readonly #listeners = new Set<(readers: readonly ReaderInfo[]) => void>();
  readonly #open = new Set<FidoReader>();
  readonly #stopWatching: () => void;
  #known = new Map<string, Known>();
  #readers: readonly ReaderInfo[] = [];
  #listTrouble: string | undefined;
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(transport: HidTransport, options: ReaderSourceOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#stopWatching = transport.watch(() => this.#look());
    this.#look();
  }

  readers(): readonly ReaderInfo[] {
    return this.#readers;
  }

  watch(listener: (readers: readonly ReaderInfo[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async open(readerId: string): Promise<FingerprintReader> {
    const known = this.#known.get(readerId);
    if (known?.info === undefined || this.#closed) throw new DeviceError('reader-lost', 'this fingerprint reader is not plugged in');
    const reader = await FidoReader.open(this.#transport, known.hid, this.#options);
    for (const other of this.#open) if (other.closed) this.#open.delete(other);
    this.#open.add(reader);
    return reader;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stopWatching();
    clearTimeout(this.#timer);
    this.#listeners.clear();
    await this.#looking;
    await Promise.all([...this.#open].map((reader) => reader.close()));
  }

  /** One look at a time; a change during a look leads to another. */
  #look(): void {
    if (this.#closed) return;
    if (this.#looking !== undefined) {
      this.#lookAgain = true;
      return;
    }
    this.#lookAgain = false;
    this.#looking = this.#lookOnce().finally(() => {
      this.#looking = undefined;
      if (this.#lookAgain) this.#look();
    });
  }

  async #lookOnce(): Promise<void> {
    clearTimeout(this.#timer);
    let hids: readonly HidInfo[] = [];
    try {
      hids = await this.#transport.list();
      this.#listTrouble = undefined;
    } catch (error) {
      const trouble = String(error);
      if (trouble !== this.#listTrouble) this.#options.onTrouble?.(error, undefined);
      this.#listTrouble = trouble;
    }
    const known = new Map<string, Known>();
    for (const hid of hids) {
      const before = this.#known.get(readerIdOf(hid));
      known.set(readerIdOf(hid), before !== undefined && before.trouble === undefined ? before : await this.#probe(hid, before?.trouble));
    }
    this.#publish(known);
    if (!this.#closed && [...known.values()].some(({ trouble }) => trouble !== undefined)) {
      this.#timer = setTimeout(() => this.#look(), this.#options.probeAgainMs ?? 2000);
      this.#timer.unref();
    }
  }

  async #probe(hid: HidInfo, before: string | undefined): Promise<Known> {
    try {
      const reader = await FidoReader.open(this.#transport, hid, this.#options);
      await reader.close();
      return { hid, info: reader.authenticator.fingerprint ? reader.info : undefined, trouble: undefined };
    } catch (error) {
      // A key that speaks only U2F is in order; it is just no fingerprint reader.
      if (error instanceof DeviceError && error.code === 'mechanism-unsupported') return { hid, info: undefined, trouble: undefined };
      const trouble = String(error);
      if (trouble !== before) this.#options.onTrouble?.(error, hid.product);
      return { hid, info: undefined, trouble };
    }
  }

  #publish(known: Map<string, Known>): void {
    this.#known = known;
    const readers = [...known.values()].flatMap(({ info }) => (info === undefined ? [] : [info]));
    const same = readers.length === this.#readers.length && readers.every((reader, index) => reader.id === this.#readers[index]?.id);
    if (same || this.#closed) return;
    this.#readers = readers;
    for (const listener of this.#listeners) listener(readers);
  }
}
