/**
 * Tokens behind PKCS#11 modules: they come and go, are read, and sign. The room's main file. It joins the processes that hold the vendor modules to the
 * contract of drivers/token.ts. It must never load a vendor module itself, never keep a PIN, and never use a PIN twice by itself.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DeviceError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import type { PadMoment, SigningOrder, SigningSession, SignRequest, TokenContents, TokenInfo, TokenSource } from '../token.ts';
import { isDecisive, nameFailure, type Failure, type Probe } from './ckr.ts';
import type { ModuleHealth } from './client.ts';
import { tokenContents } from './contents.ts';
import type { Deadlines } from './exchange.ts';
import { failureOf } from './failure.ts';
import { LoginSession, type Offer } from './login-session.ts';
import { Member } from './member.ts';
import { onePerReader } from './one-per-reader.ts';
import { defaultSocket } from './pcscd-link.ts';
import { ReaderWatch } from './reader-watch.ts';
import { cardsOf, oneCard, type SlotContents } from './several-slots.ts';
import type { Sighting } from './sightings.ts';
import { tokenInfo } from './token-id.ts';

export type { ModuleHealth } from './client.ts';
export type { Deadlines } from './exchange.ts';

/** One vendor module of the configuration. `env` is set for its host alone. */
export interface ModuleConfig {
  readonly name: string;
  readonly path: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Serial number or label of a token that is the station's own: it is no holder's, and never offered. */
  readonly stationToken?: string;
}

export interface TokenSourceOptions {
  readonly modules: readonly ModuleConfig[];
  /** Pause between two looks at the slots, in milliseconds. */
  readonly pollMs?: number;
  readonly deadlines?: Partial<Deadlines>;
  /** Variables for the hosts of all modules, besides the few that are handed on from the agent. */
  readonly env?: Readonly<Record<string, string>>;
  /** How long a module that keeps crashing is left alone, in milliseconds. */
  readonly coolDownMs?: number;
  /** How long a failure waits for the reader to notice that the token was pulled, in milliseconds. */
  readonly settleMs?: number;
}

export interface Pkcs11Source extends TokenSource {
  /** The slots that there are now, empty ones too, by name: none means that no card reader is there, or nothing that could ask one. */
  slots(): readonly string[];
  /** True when a token can come: there is a slot, or the modules have slots only while a token is plugged in, as some for USB tokens do. */
  ready(): boolean;
  /** How the modules are, for `countersign doctor`. */
  modules(): readonly ModuleHealth[];
  /** Forgives a module that was put aside. Throws when there is none of that name. */
  reset(module: string): void;
}

/** Starts one host per module and looks for tokens until `close`. Throws when two modules have one name. */
export function createTokenSource(options: TokenSourceOptions): Pkcs11Source {
  const names = new Set(options.modules.map(({ name }) => name));
  if (names.size !== options.modules.length) throw new Error('two modules have the same name');
  return new Source(options);
}

const betweenProbesMs = 150;

/** A token, with every slot in which its module shows it. */
interface CardOffer extends Offer {
  readonly slots: readonly [Sighting, ...Sighting[]];
}

class Source implements Pkcs11Source {
  readonly #members: readonly Member[];
  /** One for each pcscd, by its socket. */
  readonly #watches = new Map<string, ReaderWatch>();
  readonly #stopWatching = new AbortController();
  readonly #listeners = new Set<(tokens: readonly TokenInfo[]) => void>();
  readonly #pollMs: number;
  readonly #settleMs: number;
  #offers: readonly CardOffer[] = [];
  /** For each token that was read and is in: the slot of each of its certificates. */
  readonly #slotsOf = new Map<string, ReadonlyMap<string, Sighting>>();
  #tokens: readonly TokenInfo[] = [];
  #insertions = 0;
  #closed = false;

  constructor(options: TokenSourceOptions) {
    this.#pollMs = options.pollMs ?? 500;
    this.#settleMs = options.settleMs ?? 800;
    const nextInsertion = (): number => ++this.#insertions;
    const watchOf = (environment: Readonly<Record<string, string>>): ReaderWatch => {
      const socket = environment['PCSCLITE_CSOCK_NAME'] ?? defaultSocket;
      const watch = this.#watches.get(socket) ?? new ReaderWatch(socket);
      this.#watches.set(socket, watch);
      return watch;
    };
    this.#members = options.modules.map((config) => new Member(config, options, watchOf, nextInsertion));
    for (const member of this.#members) void this.#keepLooking(member);
    for (const watch of this.#watches.values()) void this.#keepWatching(watch);
  }

  tokens(): readonly TokenInfo[] {
    return this.#tokens;
  }

  watch(listener: (tokens: readonly TokenInfo[]) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  slots(): readonly string[] {
    return [...new Set(this.#members.flatMap(({ slots }) => slots))];
  }

  ready(): boolean {
    const members = this.#members;
    return this.slots().length > 0 || (members.length > 0 && members.every(({ slotsComeWithTokens }) => slotsComeWithTokens));
  }

  modules(): readonly ModuleHealth[] {
    return this.#members.map(({ client }) => client.health());
  }

  reset(module: string): void {
    const member = this.#members.find(({ config }) => config.name === module);
    if (member === undefined) throw new Error('there is no module of this name');
    member.client.reset();
    member.wake.abort();
  }

  async read(id: string): Promise<TokenContents> {
    const { member, token, slots } = await this.#offerOf(id);
    const read = async (slot: Sighting): Promise<SlotContents> => {
      const outcome = await member.run((host) => ({ type: 'read', tokenId: member.nameFor(slot, host) }), slot);
      if (outcome.type === 'contents') return { slot, contents: tokenContents(token, outcome, member.tellsPinState) };
      throw await this.#nameAfterProbe({ member, token, sighting: slot }, failureOf(outcome));
    };
    const [first, ...others] = slots;
    const found = await read(first);
    const more: SlotContents[] = [];
    for (const slot of others) more.push(await read(slot));
    const { contents, slotOf } = oneCard(found, more);
    this.#slotsOf.set(id, slotOf);
    return contents;
  }

  async sign({ message, ...order }: SignRequest, pin: Secret | undefined, onPad?: (moment: PadMoment) => void): Promise<Uint8Array> {
    const session = this.openSigning(order, pin, onPad);
    try {
      return await session.sign(message);
    } finally {
      // The answer is passed on at once; only the next job waits for the logout.
      void session.close();
    }
  }

  openSigning(order: SigningOrder, pin: Secret | undefined, onPad?: (moment: PadMoment) => void): SigningSession {
    return new LoginSession(order, pin, onPad, {
      offer: () => this.#offerOf(order.tokenId, order.certificateSha256),
      nameFailure: (offer, failure) => this.#nameAfterProbe(offer, failure),
      whenGone: (gone) =>
        this.watch((tokens) => {
          if (!tokens.some(({ id }) => id === order.tokenId)) gone();
        }),
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#listeners.clear();
    for (const { wake } of this.#members) wake.abort();
    this.#stopWatching.abort();
    for (const watch of this.#watches.values()) watch.close();
    await Promise.all(this.#members.map(({ client }) => client.close()));
  }

  /** The token as it is offered now, in the slot of a certificate. Throws when it is not, or has left since it was seen last. */
  async #offerOf(id: string, certificateSha256 = ''): Promise<CardOffer> {
    const card = this.#offers.find(({ token }) => token.id === id);
    if (card === undefined) throw new DeviceError('no-token', 'this token is in no reader');
    const slot = this.#slotsOf.get(id)?.get(certificateSha256)?.insertion;
    const sighting = card.slots.find(({ insertion }) => insertion === slot) ?? card.sighting;
    const offer = { ...card, sighting };
    const { member } = offer;
    if (await member.stillIn(sighting)) {
      if (sighting.failing !== true) return offer;
      throw nameFailure({ code: 'device-error', message: 'it was not asked for anything' }, { seen: 'failing' });
    }
    this.#forgetLeft();
    const failure = { code: 'token-removed', message: 'the token left before it was asked for anything' } as const;
    throw nameFailure(failure, member.lostReader(sighting.facts.slot) ? { seen: 'no-reader' } : { seen: 'empty' });
  }

  /** Looks at the slots again until the cause is clear or the reader has had time to notice a pull, then names it. */
  async #nameAfterProbe(offer: Offer, told: Failure): Promise<DeviceError> {
    const { member, sighting } = offer;
    const isOut = told.code === 'token-removed';
    // A host does not find a card that fails, though it never left; where pcscd counts insertions, it knows.
    const failure: Failure = isOut && (await member.hasNotLeft(sighting)) ? { ...told, code: 'device-error' } : told;
    // Its host looked for it and knows that it was out. That host may be gone by now, and the next one would take it for one that stayed in.
    if (failure.code === 'token-removed') member.forget(({ insertion }) => insertion === sighting.insertion);
    const until = Date.now() + this.#settleMs;
    for (;;) {
      const probe = await this.#probe(offer);
      if (isDecisive(failure, probe) || Date.now() >= until) return nameFailure(failure, probe);
      await sleep(betweenProbesMs);
    }
  }

  async #probe({ member, sighting: { insertion, facts } }: Offer): Promise<Probe> {
    const answer = await this.#look(member);
    const same = member.sightings.find((one) => one.insertion === insertion);
    if (same?.failing === true) return { seen: 'failing' };
    if (same !== undefined) return answer === 'none' ? { seen: 'unknown' } : { seen: 'same', flags: same.facts.flags };
    if (member.lostReader(facts.slot)) return { seen: 'no-reader' };
    const other = member.sightings.find((one) => one.facts.slot === facts.slot);
    // The same card once more was out meanwhile.
    return other === undefined || other.facts.serial === facts.serial ? { seen: 'empty' } : { seen: 'other' };
  }

  async #keepLooking(member: Member): Promise<void> {
    while (!this.#closed) {
      await this.#look(member);
      await sleep(this.#pollMs, undefined, { signal: member.wake.signal }).catch(() => undefined);
      if (member.wake.signal.aborted) member.wake = new AbortController();
    }
  }

  async #look(member: Member): Promise<'answer' | 'none'> {
    const answer = await member.look();
    if (this.#closed) return 'none';
    this.#offer();
    // The others are asked at once whether they know the new card better.
    if (answer === 'news') for (const other of this.#members) if (other !== member) other.wake.abort();
    return answer === 'none' ? 'none' : 'answer';
  }

  /** A token that was taken out is gone at once, also while its module is at work or hangs. */
  async #keepWatching(watch: ReaderWatch): Promise<void> {
    const { signal } = this.#stopWatching;
    while (!this.#closed) {
      await sleep(this.#pollMs, undefined, { signal }).catch(() => undefined);
      await watch.refresh();
      if (signal.aborted) return;
      this.#forgetLeft();
    }
  }

  #forgetLeft(): void {
    for (const member of this.#members) if (member.prune()) member.wake.abort();
    this.#offer();
  }

  /** Tells the listeners which tokens there are now, when they are others than before. */
  #offer(): void {
    const offered = new Set(this.#offers.flatMap(({ slots }) => slots.map(({ insertion }) => insertion)));
    const chosen = onePerReader(this.#members, offered, performance.now());
    this.#offers = this.#members.flatMap((member, at) =>
      cardsOf(chosen[at] ?? [], member.namesReaders).map((slots) => {
        const [sighting] = slots;
        return { token: tokenInfo(member.config.name, sighting.facts, sighting.insertion), member, sighting, slots };
      }),
    );
    for (const id of this.#slotsOf.keys()) if (!this.#offers.some(({ token }) => token.id === id)) this.#slotsOf.delete(id);
    const now = this.#offers.map(({ token }) => token);
    if (JSON.stringify(now) === JSON.stringify(this.#tokens)) return;
    this.#tokens = now;
    for (const listener of [...this.#listeners]) listener(now);
  }
}
