/**
 * One module of the configuration as the agent sees it: its host, its slots, and the tokens in them. What pcscd says of a slot's reader counts
 * more than what the module says: a token whose card has left is gone, whatever the module is doing, and a host that hangs
 * because of it is given up.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ModuleClient, type Lease, type Outcome } from './client.ts';
import { hostEnvironment } from './environment.ts';
import { defaultDeadlines, HostLost, type Deadlines } from './exchange.ts';
import { knownModule } from './known-modules.ts';
import type { ModuleView } from './one-per-reader.ts';
import { hasLeft, type ReaderWatch, type Seat } from './reader-watch.ts';
import { nameForHost, sightingsAfter, type Sighting } from './sightings.ts';
import type { TokenFacts } from './protocol.ts';
import type { ModuleConfig, TokenSourceOptions } from './source.ts';

/** Pause between two questions to pcscd while a host is at work. */
const watchMs = 150;
/** So long a host may take to notice by itself that the card has left; longer means that it hangs. */
const graceMs = 700;
const idleMs = 800;
const looksAgain = 2;
/** A module tries everything it knows on a card that fails, at each look: so it is asked again only so often, until something comes or goes. */
const failingMs = 5000;

type Job = Parameters<ModuleClient['run']>[0];

export class Member implements ModuleView {
  readonly config: ModuleConfig;
  readonly client: ModuleClient;
  readonly tellsPinState: boolean;
  readonly namesReaders: boolean;
  /** How long its own pad waits for a PIN, where that is known. */
  readonly padMs: number | undefined;
  /** Aborted to have the next look at once. */
  wake = new AbortController();
  sightings: readonly Sighting[] = [];
  lookedAt = 0;
  readonly #watch: ReaderWatch;
  readonly #nextInsertion: () => number;
  /** What pcscd said at the last answer of the module, and when that was. */
  #answered = { fingerprint: '', at: -Infinity };
  #slots: readonly string[] = [];
  /** Slots that have been seen empty: readers. A slot that never was may be one with its token, as a token for USB is, and leaves with it. */
  readonly #readers = new Set<string>();
  readonly #slotsWithTokens: boolean;
  /** Slots that held a token at the last answer, and those that have left together with theirs. */
  #filled: ReadonlySet<string> = new Set();
  readonly #leftWithToken = new Set<string>();

  constructor(
    config: ModuleConfig,
    options: TokenSourceOptions,
    watchOf: (environment: Readonly<Record<string, string>>) => ReaderWatch,
    nextInsertion: () => number,
  ) {
    const known = knownModule(config.path);
    const environment = hostEnvironment(process.env, known?.env ?? {}, options.env ?? {}, config.env ?? {});
    const deadlines: Deadlines = { ...defaultDeadlines, ...options.deadlines };
    this.config = config;
    this.client = new ModuleClient({
      name: config.name,
      path: config.path,
      slotEvents: known?.slotEvents ?? false,
      environment,
      deadlines,
      coolDownMs: options.coolDownMs ?? 60_000,
    });
    this.tellsPinState = known?.tellsPinState ?? true;
    this.namesReaders = known?.namesReaders ?? true;
    this.#slotsWithTokens = known?.slotsWithTokens ?? false;
    this.padMs = known?.padSeconds === undefined ? undefined : known.padSeconds * 1000;
    this.#watch = watchOf(environment);
    this.#nextInsertion = nextInsertion;
  }

  /** The slots that there are now. OpenSC goes on listing those of a reader that is gone. */
  get slots(): readonly string[] {
    return this.#slots.filter((slot) => !['no-service', 'no-reader'].includes(this.#watch.seat(slot).is));
  }

  /** True when it is no fault that there is no slot: they come with the tokens, by what is known of the module or by what was seen of it. */
  get slotsComeWithTokens(): boolean {
    if (this.client.isBad() || this.#readers.size > 0) return false;
    return this.#slotsWithTokens || [...this.#leftWithToken].some((slot) => this.#watch.seat(slot).is !== 'no-service');
  }

  seat(slot: string): Seat {
    return this.#watch.seat(slot);
  }

  /** True when a slot that is gone has taken a reader with it, not only a token. */
  lostReader(slot: string): boolean {
    const { is } = this.#watch.seat(slot);
    return is === 'no-service' || (!this.slots.includes(slot) && this.#readers.has(slot));
  }

  /** Forgets the tokens whose cards have left, as pcscd said last; true when there was one. */
  prune(): boolean {
    return this.forget(({ facts, seat }) => hasLeft(this.#watch.seat(facts.slot), seat));
  }

  forget(unwanted: (sighting: Sighting) => boolean): boolean {
    const before = this.sightings.length;
    this.sightings = this.sightings.filter((sighting) => !unwanted(sighting));
    return this.sightings.length < before;
  }

  /** True while pcscd has nothing against it: the token has not left since it was seen. Asks pcscd. */
  async stillIn({ facts, seat }: Sighting): Promise<boolean> {
    await this.#watch.refresh();
    return !hasLeft(this.#watch.seat(facts.slot), seat);
  }

  /** True when pcscd counts the insertions of its reader, and this one has not ended. Asks pcscd. */
  async hasNotLeft(sighting: Sighting): Promise<boolean> {
    return (await this.stillIn(sighting)) && sighting.seat !== undefined && this.#watch.seat(sighting.facts.slot).is === 'reader';
  }

  /**
   * One look at the slots; `news` when a token came. Without an answer of the module what was seen last stands, unless the module is put aside.
   */
  async look(): Promise<'news' | 'answer' | 'none'> {
    const begin = performance.now();
    await this.#watch.refresh();
    if (this.#leavesAlone(begin)) {
      this.lookedAt = begin;
      return 'answer';
    }
    for (let again = 0; ; again++) {
      if (again > 0) await this.#watch.refresh();
      const before = this.#watch.fingerprint;
      let host = 0;
      const outcome = await this.run((lent) => {
        host = lent;
        return { type: 'list' };
      });
      await this.#watch.refresh();
      // What came or went meanwhile is in the answer or not.
      if (outcome.type === 'listed' && again < looksAgain && this.#watch.fingerprint !== before) continue;
      const bad = this.client.isBad();
      this.lookedAt = bad ? Infinity : begin;
      if (outcome instanceof HostLost && !bad) {
        this.prune();
        return 'none';
      }
      // A module that cannot list its slots has neither readers nor tokens to offer.
      const news = this.#see(outcome.type === 'listed' ? outcome : { slots: [], tokens: [] }, host);
      if (outcome.type === 'listed') this.#noteSlots(outcome.tokens.map(({ slot }) => slot));
      return news;
    }
  }

  /** True when all that a look could do is to ask a card that fails once more. */
  #leavesAlone(now: number): boolean {
    const { fingerprint, at } = this.#answered;
    return now - at < failingMs && this.#watch.fingerprint === fingerprint && this.sightings.some(({ failing }) => failing === true);
  }

  #see({ slots, tokens }: Pick<Extract<Outcome, { type: 'listed' }>, 'slots' | 'tokens'>, host: number): 'news' | 'answer' {
    const known = new Set(this.sightings.map(({ insertion }) => insertion));
    const seatOf = (slot: string): string | undefined => {
      const seat = this.#watch.seat(slot);
      return seat.is === 'reader' ? seat.insertion : undefined;
    };
    const { stationToken } = this.config;
    const isOwn = ({ serial, label }: TokenFacts): boolean =>
      stationToken !== undefined && (serial === stationToken || label === stationToken);
    const ownSlots = new Set(tokens.filter(isOwn).map(({ slot }) => slot));
    const inNow = tokens.filter((facts) => !isOwn(facts) && !hasLeft(this.#watch.seat(facts.slot), undefined));
    const look = { tokens: inNow, host, at: performance.now(), seatOf };
    this.#slots = slots.filter((slot) => !ownSlots.has(slot));
    this.#answered = { fingerprint: this.#watch.fingerprint, at: look.at };
    this.sightings = sightingsAfter(this.sightings, look, this.#nextInsertion);
    for (const slot of this.slots) if (!inNow.some((one) => one.slot === slot)) this.#readers.add(slot);
    return this.sightings.some(({ insertion }) => !known.has(insertion)) ? 'news' : 'answer';
  }

  #noteSlots(filled: readonly string[]): void {
    for (const slot of this.#filled) {
      const withToken = !this.slots.includes(slot) && !this.#readers.has(slot) && this.#watch.seat(slot).is !== 'no-service';
      if (withToken) this.#leftWithToken.add(slot);
    }
    this.#filled = new Set(filled.filter((slot) => this.slots.includes(slot)));
  }

  /** Runs a job that may be repeated. `about`: the token that it is about; without one, all that are in. */
  async run(job: Job, about?: Sighting): Promise<Outcome | HostLost> {
    const guard = new AbortController();
    const running = this.client.run((host) => {
      void this.#giveUpWhenLeft(host, about, guard.signal);
      return job(host);
    });
    return this.#outcome(running, guard);
  }

  /** Borrows a host for jobs that need a PIN (see `ModuleClient.borrow`). */
  async borrow(): Promise<Lease | HostLost> {
    try {
      return await this.client.borrow();
    } catch (error) {
      if (error instanceof HostLost) return error;
      throw error;
    }
  }

  /** Asks a host that was borrowed for something about a token. */
  ask(lease: Lease, about: Sighting, ...job: Parameters<Lease['ask']>): Promise<Outcome | HostLost> {
    const guard = new AbortController();
    void this.#giveUpWhenLeft(lease.host, about, guard.signal);
    return this.#outcome(lease.ask(...job), guard);
  }

  nameFor(sighting: Sighting, host: number): string {
    return nameForHost(this.config.name, sighting, host);
  }

  async #outcome(running: Promise<Outcome>, guard: AbortController): Promise<Outcome | HostLost> {
    try {
      return await running;
    } catch (error) {
      if (error instanceof HostLost) return error;
      throw error;
    } finally {
      guard.abort();
    }
  }

  /**
   * A vendor module that meets a card just pulled can wait for it for ever, in that call or in the next; nobody should wait for the deadline
   * then. A look that has no card to read takes milliseconds.
   */
  async #giveUpWhenLeft(host: number, about: Sighting | undefined, done: AbortSignal): Promise<void> {
    const cards = about === undefined ? this.#watch.occupied() : [{ slot: about.facts.slot, insertion: about.seat }];
    const isRead = (insertion: string | undefined): boolean => this.sightings.some((one) => one.host === host && one.seat === insertion);
    const idle = about === undefined && this.#watch.tells && cards.every(({ insertion }) => isRead(insertion));
    const pause = (ms: number): Promise<unknown> => sleep(ms, undefined, { signal: done }).catch(() => undefined);
    const isDone = (): boolean => done.aborted;
    const begin = performance.now();
    await pause(watchMs);
    while (!isDone()) {
      await this.#watch.refresh();
      const left = cards.some(({ slot, insertion }) => hasLeft(this.#watch.seat(slot), insertion));
      if (left || (idle && performance.now() - begin > idleMs)) {
        await pause(graceMs);
        if (!isDone()) this.client.giveUp(host);
        return;
      }
      await pause(watchMs);
    }
  }
}
