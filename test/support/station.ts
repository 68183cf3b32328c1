/** A whole demo station for a story: real pcscd, OpenSC, log and documents, in a folder of its own, driven without a screen. */
import { copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Secret } from '../../drivers/secret.ts';
import type { PivCard } from '../../drivers/virtual/piv-card.ts';
import type { Action } from '../../agent/contract/api.ts';
import type { PublicState, ScreenName } from '../../agent/contract/state.ts';
import { openForReading } from '../../agent/log/database.ts';
import type { LogEvent } from '../../agent/log/events.ts';
import { readEntry, type LogEntry } from '../../agent/log/entry.ts';
import { readKeyRows, readSealedRows } from '../../agent/log/read-sealed.ts';
import { checkTables, readRows } from '../../agent/log/schema.ts';
import { databaseFile } from '../../agent/log/store.ts';
import { verify } from '../../agent/log/verify.ts';
import { startStation, type Station, type StationOptions } from '../../agent/main.ts';
import { makeDemoStation } from '../../agent/workbench/demo-station.ts';
import type { VirtualDevices, VirtualHardware } from '../../agent/workbench/hardware.ts';

export const agreement = fileURLToPath(new URL('../../fixtures/documents/agreement.pdf', import.meta.url));

type Screen<N extends ScreenName> = Extract<PublicState, { screen: N }>;

const patienceMs = 25_000;

/** What a story may want other than a plain demo station. */
export interface StoryOptions {
  /** Opens the devices, for example at another pace. */
  readonly hardware?: NonNullable<StationOptions['hardware']>;
  /** How long the station waits before it opens a log again that has failed. */
  readonly reopenMs?: number;
  /** Done in the data folder before the station starts for the first time. */
  readonly prepare?: (data: string) => Promise<void>;
}

export class StoryStation {
  readonly data: string;
  readonly faults: unknown[] = [];
  readonly #options: StoryOptions;
  #station: Station | undefined;

  private constructor(data: string, options: StoryOptions) {
    this.data = data;
    this.#options = options;
  }

  /** Makes and starts a station with one document, "contract.pdf", in its inbox. */
  static async make(options: StoryOptions = {}): Promise<StoryStation> {
    const story = new StoryStation(await mkdtemp(join(tmpdir(), 'story-')), options);
    await makeDemoStation(story.data, 0);
    await options.prepare?.(story.data);
    await story.putIn('contract.pdf');
    await story.start();
    return story;
  }

  async putIn(name: string, from: string = agreement, folder: 'inbox' | 'check' = 'inbox'): Promise<void> {
    await copyFile(from, join(this.data, folder, name));
  }

  async start(): Promise<void> {
    const { hardware, reopenMs } = this.#options;
    this.#station = await startStation({
      data: this.data,
      inboxPollMs: 50,
      onFault: (error) => this.faults.push(error),
      ...(hardware === undefined ? {} : { hardware }),
      ...(reopenMs === undefined ? {} : { reopenMs }),
    });
  }

  async stop(): Promise<void> {
    await this.#station?.close();
    this.#station = undefined;
  }

  /** Stops and removes everything. */
  async end(): Promise<void> {
    await this.stop();
    await rm(this.data, { recursive: true, force: true });
  }

  get running(): Station {
    if (this.#station === undefined) throw new Error('the station of this story does not run');
    return this.#station;
  }

  get devices(): VirtualDevices {
    return (this.running.hardware as VirtualHardware).devices;
  }

  card(id: string): PivCard {
    const card = this.devices.cards.get(id);
    if (card === undefined) throw new Error(`there is no card ${id}`);
    return card;
  }

  get state(): PublicState {
    return this.running.visit.message().state;
  }

  act(action: Action): void {
    if (!this.running.visit.act(action)) throw new Error(`${action.type} was not taken on ${JSON.stringify(this.state)}`);
  }

  typePin(digits: string): void {
    if (!this.running.visit.enterPin(new Secret(Buffer.from(digits)))) throw new Error(`no PIN is asked for on ${this.state.screen}`);
  }

  /** Waits for a screen. Fails with what is shown instead. */
  async until<N extends ScreenName>(screen: N, also: (state: Screen<N>) => boolean = () => true): Promise<Screen<N>> {
    const end = Date.now() + patienceMs;
    while (Date.now() < end) {
      const { state } = this;
      if (state.screen === screen && also(state as Screen<N>)) return state as Screen<N>;
      await sleep(10);
    }
    throw new Error(`waited for ${screen}, but the screen shows ${JSON.stringify(this.state)}`);
  }

  /** Takes the card out and waits until the driver has noticed: a card that is back within one look at the slots was never away for it. */
  async takeCardOut(): Promise<void> {
    await this.devices.reader.remove();
    const end = Date.now() + patienceMs;
    while (this.running.hardware.tokens.tokens().length > 0) {
      if (Date.now() > end) throw new Error('the driver still sees a token');
      await sleep(10);
    }
  }

  /** Walks up to a screen of the line as a holder who knows the way. */
  async walkTo(target: 'review-document' | 'confirm' | 'touch-reader' | 'enter-pin', card = 'ada'): Promise<void> {
    await this.devices.reader.insert(this.card(card));
    const { documents } = await this.until('choose-document', (state) => state.documents.length > 0);
    this.act({ type: 'choose-documents', documentIds: [documents[0]?.id ?? ''] });
    const { document } = await this.until('review-document');
    if (target === 'review-document') return;
    this.act({ type: 'reviewed' });
    await this.until('confirm');
    if (target === 'confirm') return;
    this.act({ type: 'consent', digests: [document.digest] });
    await this.until('touch-reader');
    if (target === 'touch-reader') return;
    await this.touch('right-index');
    await this.until('enter-pin');
  }

  /** Lays a finger on the reader as soon as it waits for one. */
  async touch(finger: string): Promise<void> {
    const end = Date.now() + patienceMs;
    while (!this.devices.key.touch(finger)) {
      if (Date.now() > end) throw new Error('the fingerprint reader does not wait for a finger');
      await sleep(10);
    }
  }

  /** Takes the card out and waits for the first screen, as the next holder finds it. */
  async leave(slot: 0 | 1 = 0): Promise<void> {
    await this.devices.reader.remove(slot);
    const end = Date.now() + patienceMs;
    while (this.state.screen !== 'start') {
      if (Date.now() > end) throw new Error(`the card is out, but the screen shows ${JSON.stringify(this.state)}`);
      if (this.running.hardware.tokens.tokens().length === 0) this.running.visit.act({ type: 'continue' });
      await sleep(10);
    }
  }

  async signed(card = 'ada', pin = '123456'): Promise<Screen<'signed'>> {
    await this.walkTo('enter-pin', card);
    this.typePin(pin);
    return this.until('signed');
  }

  async outbox(): Promise<readonly string[]> {
    return (await readdir(join(this.data, 'outbox'))).sort();
  }

  outputFile(name: string): string {
    return join(this.data, 'outbox', name);
  }

  readOutput(name: string): Promise<Buffer> {
    return readFile(this.outputFile(name));
  }

  /** A file of the station by its path inside the data folder. */
  readFile(...path: readonly string[]): Promise<Buffer> {
    return readFile(join(this.data, ...path));
  }

  /** Every entry of the log, oldest first. */
  async entries(): Promise<readonly LogEvent[]> {
    return readLog(this.data);
  }

  /** The same with their numbers and leaves. */
  async logged(): Promise<readonly LogEntry[]> {
    return readEntries(this.data);
  }

  /** The ops from the newest `token-in` on; when the station takes a document into its list meanwhile is another matter. */
  async visitOps(): Promise<readonly string[]> {
    const events = await this.entries();
    const start = events.findLastIndex(({ op }) => op === 'token-in');
    return events
      .slice(start)
      .map(({ op }) => op)
      .filter((op) => op !== 'document-in');
  }
}

/** What a station's log records, oldest first. */
export async function readLog(data: string): Promise<readonly LogEvent[]> {
  return (await readEntries(data)).map(({ event }) => event);
}

/** Reads a station's log as it is on the disk, running or not, and lets the second implementation check all of it first. */
async function readEntries(data: string): Promise<readonly LogEntry[]> {
  const file = databaseFile(join(data, 'log'));
  const database = await openForReading(file);
  try {
    await checkTables(database, file);
    const beside = { sealed: readSealedRows(database, file), keys: await readKeyRows(database, file) };
    const verification = await verify(readRows(database, file), undefined, beside);
    if (verification.verdict !== 'intact') throw new Error(`the log is ${verification.verdict}: ${JSON.stringify(verification)}`);
    const entries: LogEntry[] = [];
    for await (const row of readRows(database, file)) entries.push(readEntry(row));
    return entries;
  } finally {
    await database.close();
  }
}
