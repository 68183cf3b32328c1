/**
 * The token that holds the station's own key, as the agent sees it: one host process of its own, which loads the module, logs in once and stays. It knows
 * no cards that come and go: after a failure whoever wants to sign closes it and takes a new one, which takes the PIN anew.
 */
import { DeviceError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import type { PinState } from '../token.ts';
import { HostProcess } from './child.ts';
import { nameFailure } from './ckr.ts';
import { pinInfo } from './contents.ts';
import { hostEnvironment } from './environment.ts';
import { defaultDeadlines, exchange, HostLost, killMs, type Deadlines } from './exchange.ts';
import { failureOf } from './failure.ts';
import { knownModule } from './known-modules.ts';
import type { HostReply, HostRequest, KeyJob, TokenFacts } from './protocol.ts';
import type { ModuleConfig } from './source.ts';
import { tokenId } from './token-id.ts';

/** Where the key is: the module, and the serial number or the label of the token. */
export interface StationTokenPlace {
  readonly module: ModuleConfig;
  readonly token: string;
}

/** Which key: its CKA_ID (hex), and the label under which it is to be made, where it is to be made. */
export interface WantedKey {
  readonly id: string;
  readonly make?: string;
}

type ListJob = { readonly type: 'list'; readonly id: number };
type Job = KeyJob | ListJob;
type WithoutId<T> = T extends Job ? Omit<T, 'id'> : never;
type ReplyTo<T extends HostReply['type']> = Extract<HostReply, { readonly type: T }>;

export class StationToken {
  /** What names it in a configuration: its serial number, or its label where it has none. */
  readonly name: string;
  /** How its PIN stood when it was looked at. */
  readonly pin: PinState;
  readonly #host: HostProcess;
  readonly #deadlines: Deadlines;
  readonly #tokenId: string;
  #nextId = 2;
  #isOver = false;
  #ended: Promise<void> | undefined;

  private constructor(host: HostProcess, deadlines: Deadlines, facts: TokenFacts, place: StationTokenPlace) {
    this.#host = host;
    this.#deadlines = deadlines;
    this.#tokenId = tokenId(place.module.name, facts, facts.insertion);
    this.name = facts.serial === '' ? facts.label : facts.serial;
    this.pin = pinInfo(facts, knownModule(place.module.path)?.tellsPinState ?? true).state;
    void host.ended.then(() => (this.#isOver = true));
  }

  /**
   * Starts a host and looks for the token; no PIN is needed yet. Throws DeviceError: `no-token`, `unsupported-token` where several are named so,
   * `module-crashed` or `module-timeout`.
   */
  static async connect(place: StationTokenPlace, changed: Partial<Deadlines> = {}): Promise<StationToken> {
    const { name, path, env = {} } = place.module;
    const deadlines = { ...defaultDeadlines, ...changed };
    const known = knownModule(path);
    const host = new HostProcess(hostEnvironment(process.env, known?.env ?? {}, env));
    try {
      const load = { type: 'load', module: name, path, slotEvents: known?.slotEvents ?? false } as const;
      const loaded = await answerOf(host, load, deadlines.start, deadlines);
      if (loaded.type === 'load-failed') throw new DeviceError('module-crashed', loaded.message);
      const listed = await answerOf(host, { type: 'list', id: 1 }, deadlines.list, deadlines);
      if (listed.type !== 'listed') throw unexpected(listed);
      const found = listed.tokens.filter(
        ({ recognised, serial, label }) => recognised && (serial === place.token || label === place.token),
      );
      const [facts] = found;
      if (facts === undefined) throw new DeviceError('no-token', 'no slot of the module has this token');
      if (found.length > 1) throw new DeviceError('unsupported-token', 'several tokens of the module are named so');
      return new StationToken(host, deadlines, facts, place);
    } catch (error) {
      host.kill();
      throw error;
    }
  }

  /** False once the host has ended, or was ended because it did not answer in time. */
  get isAlive(): boolean {
    return !this.#isOver;
  }

  /**
   * Logs in, once, and takes the key in hand. Gives its public key, 32 bytes. The bytes of the PIN are zeroed. Throws DeviceError: `pin-wrong` and `pin-locked`
   * with `triesLeft` where the token tells, `pin-length`, `no-usable-key`, and as `connect`.
   */
  async open({ id, make }: WantedKey, pin: Secret): Promise<Uint8Array> {
    this.#host.muffle();
    const job = { type: 'key-open', tokenId: this.#tokenId, key: id, ...(make === undefined ? {} : { make }) } as const;
    // A smartcard may take seconds to make a key.
    const ms = make === undefined ? this.#deadlines.login : this.#deadlines.sign;
    const sent = await pin.take((bytes) => ({ answer: this.#ask('key-opened', { ...job, pin: bytes }, ms) }));
    return (await sent.answer).publicKey;
  }

  /** The signature (64 bytes) of a message, as the token gave it: whoever asked checks it; one at a time. Throws DeviceError. */
  async sign(message: Uint8Array): Promise<Uint8Array> {
    return (await this.#ask('key-signed', { type: 'key-sign', message }, this.#deadlines.sign)).signature;
  }

  /** Deletes the key that was made here. */
  async forget(): Promise<void> {
    await this.#ask('key-forgotten', { type: 'key-forget' }, this.#deadlines.sign);
  }

  /** Logs out and ends the host; resolves when it is gone. */
  close(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async #ask<T extends HostReply['type']>(type: T, job: WithoutId<Job>, deadlineMs: number): Promise<ReplyTo<T>> {
    if (this.#isOver) throw new DeviceError('module-crashed', 'the process with the module has ended');
    const reply = await answerOf(this.#host, { ...job, id: this.#nextId++ }, deadlineMs, this.#deadlines);
    if (!isReply(reply, type)) throw unexpected(reply);
    return reply;
  }

  async #end(): Promise<void> {
    this.#isOver = true;
    this.#host.retired = true;
    this.#host.send({ type: 'end' });
    const kill = setTimeout(() => this.#host.kill(), this.#deadlines.end);
    let giveUp: NodeJS.Timeout | undefined;
    // A process that hangs in the kernel is left behind.
    const tooLong = new Promise<void>((resolve) => (giveUp = setTimeout(resolve, this.#deadlines.end + killMs)));
    await Promise.race([this.#host.ended, tooLong]);
    clearTimeout(kill);
    clearTimeout(giveUp);
  }
}

/** A reply that is no failure. Throws DeviceError for one, and for a host that gave none. */
async function answerOf(host: HostProcess, request: HostRequest, deadlineMs: number, deadlines: Deadlines): Promise<HostReply> {
  const reply = await exchange(host, request, deadlineMs, deadlines).catch((error: unknown) => {
    if (!(error instanceof HostLost)) throw error;
    throw nameFailure(failureOf(error), { seen: 'unknown' });
  });
  if (reply.type !== 'failed') return reply;
  throw nameFailure(failureOf(reply), reply.flags === undefined ? { seen: 'unknown' } : { seen: 'same', flags: reply.flags });
}

function isReply<T extends HostReply['type']>(reply: HostReply, type: T): reply is ReplyTo<T> {
  return reply.type === type;
}

function unexpected({ type }: HostReply): Error {
  return new Error(`a host answered with ${type} out of turn`);
}
