/**
 * A log of many entries, made once and kept outside the checkout: by the makers of entries and the tables of the store itself, with thousands
 * of entries in a commit. A checkpoint and its seal stand behind every visit, as where every holder gets a receipt.
 */
import { createHash } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { AppendableEvent, LogEvent } from '../../../agent/log/events.ts';
import { log } from './built.ts';
import { digest, visitEvents } from './visits.ts';

export const origin = 'branch-12.example.org/e1';
export const storeOptions = { software: log.software, configDigest: digest('configuration') };
export const signer = log.makeSigner(origin, log.privateKeyFromSeed(new Uint8Array(32).fill(7)));

/** Counts up when what is made here changes. */
const recipe = 2;
/** Entries in one commit, and in one statement of it. */
const [commitSize, statementSize] = [16_384, 64];
/** Visits between two starts of the agent, and milliseconds between two entries. */
const [visitsOfStart, pace] = [150, 20_000];

/** When the station was made. The last of a million entries stands before the day on which this was written. */
const begun = Date.parse('2025-01-06T07:00:00.000Z');

/** Where the log of so many entries is kept; it changes with all that decides what is in it. */
function keptAt(entries: number): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(cache, 'countersign-bench', `log-${log.layout}-${log.version}-${recipe}-${entries}`);
}

/** The data folder of a station with a log of at least so many entries, which nobody may write into. Made where it is not kept yet. */
export async function bigLog(entries: number, tell: (line: string) => void): Promise<string> {
  const kept = keptAt(entries);
  if (await stat(kept).catch(() => undefined)) return kept;
  const draft = `${kept}.${process.pid}`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  try {
    await make(draft, entries, tell);
    await rename(draft, kept);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return kept;
}

async function make(data: string, entries: number, tell: (line: string) => void): Promise<void> {
  const directory = log.logFolder(data);
  const publicKey = Buffer.from(signer.verifier.publicKey).toString('hex');
  const key: AppendableEvent = {
    op: 'key',
    actor: log.stationActor,
    purpose: 'log',
    action: 'made',
    public_key: publicKey,
    wrapping: 'passphrase',
  };
  const clock = { wall: () => begun, monotonic: () => 0 };
  await log.createStore(directory, { ...storeOptions, origin, stationName: 'branch-12.example.org', demo: true, then: [key], clock });
  const database = await log.openForWriting(log.databaseFile(directory));
  try {
    const rows = await database.all('SELECT leaf FROM entry ORDER BY seq');
    const writer = new Writer(rows.map(({ leaf }) => leaf as Uint8Array));
    let told = 0;
    while (writer.size < entries) {
      await database.exec('BEGIN IMMEDIATE');
      const made = writer.makeSome(Math.min(commitSize, entries - writer.size));
      for (let at = 0; at < made.grown.length; at += statementSize)
        await log.insertEntries(database, made.grown.slice(at, at + statementSize));
      for (const { size, note } of made.checkpoints) await database.all('INSERT INTO checkpoint(size, note) VALUES (?, ?)', [size, note]);
      await database.exec('COMMIT');
      if (writer.size - told < entries / 10) continue;
      told = writer.size;
      tell(`making the log: ${told} of ${entries} entries`);
    }
  } finally {
    await database.close();
  }
}

/** Makes what a station would write: it holds the tip of the chain, the frontier of the tree and the time. */
class Writer {
  #frontier = log.emptyFrontier;
  #prev: string;
  #seq: number;
  #visit = 0;
  #boot = '';
  #lastStart: number | undefined;
  #time = begun;
  #started = 0;
  #grown: ReturnType<typeof log.grow>['grown'][number][] = [];

  constructor(leaves: readonly Uint8Array[]) {
    this.#frontier = log.appendLeaves(this.#frontier, leaves).frontier;
    this.#seq = leaves.length;
    this.#prev = Buffer.from(leaves.at(-1) ?? []).toString('hex');
  }

  get size(): number {
    return this.#seq;
  }

  /** At least so many entries, to the end of a visit, and the checkpoints between them. */
  makeSome(count: number) {
    this.#grown = [];
    const checkpoints: { readonly size: number; readonly note: Uint8Array }[] = [];
    while (this.#grown.length < count) {
      if (this.#visit % visitsOfStart === 0) this.#start();
      const time = new Date(this.#time).toISOString();
      for (const event of visitEvents(origin, this.#visit, this.#seq, time)) this.#append(log.parseEvent(event));
      this.#visit += 1;
      const head = { origin, size: this.#seq, root: log.rootOf(this.#frontier) };
      const { size, note } = log.signCheckpoint(head, signer, 'none');
      checkpoints.push({ size, note });
      const root = Buffer.from(head.root).toString('hex');
      const checkpoint_sha256 = createHash('sha256').update(note).digest('hex');
      this.#append({ op: 'seal', actor: log.stationActor, size, root, checkpoint_sha256 });
    }
    return { grown: this.#grown, checkpoints };
  }

  #start(): void {
    this.#boot = digest(`boot ${this.#visit}`).slice(0, 32);
    this.#started = this.#time;
    const seq = this.#seq;
    this.#append({ op: 'boot', actor: log.stationActor, ...(this.#lastStart === undefined ? {} : { previous: this.#lastStart }) });
    this.#lastStart = seq;
  }

  #append(event: LogEvent): void {
    const at = { time: new Date(this.#time).toISOString(), boot: this.#boot, mono: this.#time - this.#started };
    const station = { software: storeOptions.software, config: storeOptions.configDigest };
    const made = log.makeEntry({ origin, seq: this.#seq, prev: this.#prev, at, station }, event);
    const { grown, frontier } = log.grow(this.#frontier, [made]);
    this.#grown.push(...grown);
    this.#frontier = frontier;
    this.#prev = made.entry.leaf;
    this.#seq += 1;
    this.#time += pace;
  }
}
