/**
 * Appends: one commit at a time, and every append that waits meanwhile shares the next one. An append is acknowledged only after the commit
 * that holds it; after a commit that failed nothing more is taken, because what is on the disk is unknown.
 */
import { type Clock, Timekeeper } from './clock.ts';
import type { DataKeys, Personal, SealedFields } from './data-keys.ts';
import type { Database } from './database.ts';
import { entryOf, type LogEntry, type RawEntry } from './entry.ts';
import { LogRefusal, LogUnavailable } from './errors.ts';
import type { Actor } from './catalogue.ts';
import { type AppendableEvent, type LogEvent, NotInCatalogue, parseEvent, storeOps } from './events.ts';
import { type Envelope, type EntryStation, type EntryTime, leafHash, makeBody } from './record.ts';
import { type Grown, insertEntries } from './schema.ts';
import { appendLeaves, type Frontier } from './tree.ts';
import { insertSealed, insertVault } from './vault.ts';

/** Most events in one append. */
export const appendLimit = 256;
/** Most entries in a commit that several appends share; a longer append has one of its own. */
const commitLimit = 64;
/** Who acts when the log itself writes. */
export const stationActor: Actor = { id: 'station', role: 'station' };

/** Personal fields of an entry and the keys to seal them with, which must not be wiped before it is in. */
export interface Unsealed {
  readonly keys: DataKeys;
  readonly fields: Personal;
}

/** What an append brings beside its events, into the same commit. */
export interface Besides {
  /** Goes with the first event. */
  readonly personal?: Unsealed | undefined;
  /** Changes the tables beside the entries. A LogRefusal that it throws takes the whole append back, and the log goes on. */
  readonly change?: (database: Database) => Promise<void>;
}

interface Waiting extends Besides {
  readonly events: readonly LogEvent[];
  readonly resolve: (entries: readonly LogEntry[]) => void;
  readonly reject: (error: Error) => void;
}

/** An entry and the row that holds it, and the rows of its sealed fields where it has some. */
export interface Made {
  readonly entry: LogEntry;
  readonly raw: RawEntry;
  readonly fields?: SealedFields | undefined;
}

/** Makes the entry that an event becomes at its place in the log. Throws NotCanonical. */
export function makeEntry(envelope: Envelope, event: LogEvent, personal?: Unsealed): Made {
  const fields = personal?.keys.seal(envelope, personal.fields);
  const body = makeBody(envelope, event, fields?.sealed);
  const leaf = leafHash(body);
  const raw = { seq: envelope.seq, body, leaf, prev: Buffer.from(envelope.prev, 'hex') };
  return { entry: entryOf(envelope, event, leaf, fields?.sealed), raw, fields };
}

/** Rows with the nodes that they complete, and the frontier behind the last of them. */
export function grow(frontier: Frontier, made: readonly Made[]): { readonly grown: readonly Grown[]; readonly frontier: Frontier } {
  let behind = frontier;
  const grown = made.map(({ raw }) => {
    const one = appendLeaves(behind, [raw.leaf]);
    behind = one.frontier;
    return { raw, nodes: one.nodes };
  });
  return { grown, frontier: behind };
}

/** Hears of what the one writer does. */
export interface AppenderListener {
  /** A commit is on the disk, and the tip is a new one. */
  committed(): void;
  /** A commit failed; it is told once, and nothing is taken any more. */
  failed(failure: LogUnavailable): void;
}

/** The one writer of a log that is open. */
export class Appender {
  readonly #database: Database;
  readonly #station: EntryStation;
  readonly #timekeeper: Timekeeper;
  #tip: LogEntry;
  /** Of the tree over the entries that are on the disk. */
  #frontier: Frontier;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #failure: LogUnavailable | undefined;
  /** Notes of a changed clock that were rolled back with a refused change. */
  #owed: readonly LogEvent[] = [];
  #listener: AppenderListener | undefined;

  /** `tip` is the last entry on the disk, `frontier` that of the tree up to it. */
  constructor(database: Database, tip: LogEntry, frontier: Frontier, station: EntryStation, clock: Clock | undefined) {
    this.#database = database;
    this.#station = station;
    this.#timekeeper = new Timekeeper(clock, tip.at.time);
    this.#tip = tip;
    this.#frontier = frontier;
  }

  /** The last entry that is on the disk. */
  get tip(): LogEntry {
    return this.#tip;
  }

  /** Of the tree over the entries that are on the disk. */
  get frontier(): Frontier {
    return this.#frontier;
  }

  /** Why nothing is taken any more, if so. */
  get failure(): LogUnavailable | undefined {
    return this.#failure;
  }

  /** Appends what a caller asks for; see `LogStore.appendAll`. Throws the LogRefusal of a change. */
  async append(events: readonly AppendableEvent[], besides: Besides = {}): Promise<readonly LogEntry[]> {
    if (events.length === 0 || events.length > appendLimit)
      throw new NotInCatalogue(`${events.length} events in one append; 1 to ${appendLimit} are taken`);
    return this.write(
      events.map((event, index) => this.#check(event, index === 0 ? besides.personal : undefined)),
      besides,
    );
  }

  /** Appends events that were checked, also those that only the log itself writes. Throws LogUnavailable. */
  write(events: readonly LogEvent[], besides: Besides = {}): Promise<readonly LogEntry[]> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...besides, events, resolve, reject });
      // Begins after the callers of this turn have added theirs, so that they share the commit.
      this.#writing ??= Promise.resolve().then(() => this.#writeAll());
    });
  }

  /** One hears of every commit and of the failure. */
  listen(listener: AppenderListener): void {
    this.#listener = listener;
  }

  /** Takes nothing more: a commit of somebody else on this log failed, and what is on the disk is unknown. */
  fail(message: string, cause: unknown): LogUnavailable {
    if (this.#failure !== undefined) return this.#failure;
    this.#failure = new LogUnavailable(message, cause);
    this.#listener?.failed(this.#failure);
    return this.#failure;
  }

  /** Takes nothing more and waits until what waits is written. */
  async stop(): Promise<void> {
    this.#failure ??= new LogUnavailable('the operation log was closed');
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup();
      let made: readonly (readonly Made[])[] = [];
      try {
        made = this.#make(group);
        const all = made.flat();
        const { grown, frontier } = grow(this.#frontier, all);
        await this.#commit(grown, all, group);
        this.#tip = all.at(-1)?.entry ?? this.#tip;
        this.#frontier = frontier;
        this.#owed = [];
        this.#listener?.committed();
        group.forEach((append, index) => {
          const entries = made[index] ?? [];
          append.resolve(entries.slice(-append.events.length).map(({ entry }) => entry));
        });
      } catch (cause) {
        if (cause instanceof LogRefusal) {
          // A change alone throws it, and it has the commit for itself: all of it was rolled back.
          this.#owed = made.flatMap((one) => one.map(({ entry }) => entry.event)).filter(({ op }) => op === 'clock-changed');
          for (const append of group) append.reject(cause);
          continue;
        }
        // Whatever it was: what is on the disk is unknown now, and so is the entry that the next one would follow. No retry.
        const failure = new LogUnavailable(`the operation log failed: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
        const isFirst = this.#failure === undefined;
        this.#failure = failure;
        if (isFirst) this.#listener?.failed(failure);
        for (const append of [...group, ...this.#waiting.splice(0)]) append.reject(failure);
      }
    }
    this.#writing = undefined;
  }

  /** One statement, unless there are rows beside the entries. Throws DatabaseError, and the LogRefusal of a change. */
  async #commit(grown: readonly Grown[], made: readonly Made[], group: readonly Waiting[]): Promise<void> {
    const sealed = made.flatMap(({ fields }) => fields ?? []);
    const changes = group.flatMap(({ change }) => change ?? []);
    if (sealed.length === 0 && changes.length === 0) {
      await insertEntries(this.#database, grown);
      return;
    }
    await this.#database.transaction(async (inside) => {
      await insertEntries(inside, grown);
      for (const { vault, rows } of sealed) {
        await insertVault(inside, vault);
        await insertSealed(inside, rows);
      }
      for (const change of changes) await change(inside);
    });
  }

  /**
   * The appends that share the next commit: the first, and all that wait behind it up to the limit, each with one place for the note of a changed
   * clock. One that brings a change has a commit for itself.
   */
  #takeGroup(): readonly Waiting[] {
    let room = commitLimit;
    const first = this.#waiting.findIndex(
      ({ events, change }, index) => (room -= events.length + 1) < 0 || (change !== undefined && index > 0),
    );
    if (this.#waiting[0]?.change !== undefined) return this.#waiting.splice(0, 1);
    return this.#waiting.splice(0, first === -1 ? this.#waiting.length : Math.max(1, first));
  }

  #make(group: readonly Waiting[]): readonly (readonly Made[])[] {
    let tip = this.#tip;
    const follow = (at: EntryTime, event: LogEvent, personal: Unsealed | undefined): Made => {
      const made = makeEntry({ origin: tip.origin, seq: tip.seq + 1, prev: tip.leaf, at, station: this.#station }, event, personal);
      tip = made.entry;
      return made;
    };
    return group.map(({ events, personal }, index) => {
      const { at, change } = this.#timekeeper.now();
      // At a start the entry `boot` comes first, so that every start of the agent begins with it.
      const changed: readonly LogEvent[] = change === undefined ? [] : [{ op: 'clock-changed', actor: stationActor, ...change }];
      const noted = [...(index === 0 ? this.#owed : []), ...changed];
      const starts = events[0]?.op === 'boot';
      return (starts ? [...events, ...noted] : [...noted, ...events]).map((event) =>
        follow(at, event, event === events[0] ? personal : undefined),
      );
    });
  }

  /** Refuses what the log does not take before anything is queued, so that only the disk can fail later. */
  #check(event: AppendableEvent, personal: Unsealed | undefined): LogEvent {
    const checked = parseEvent(event);
    if (storeOps.some((op) => op === checked.op)) throw new NotInCatalogue(`${checked.op} is written by the log itself`);
    const { origin, leaf, at } = this.#tip;
    // With the longest numbers that can stand in it.
    const longest = Number.MAX_SAFE_INTEGER;
    makeEntry({ origin, seq: longest, prev: leaf, at: { ...at, mono: longest }, station: this.#station }, checked, personal);
    return checked;
  }
}
