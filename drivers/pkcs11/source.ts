/**
 * Tokens behind PKCS#11 modules: they come and go, are read, and sign. The room's main file. It joins the processes that hold the vendor modules to the
 * contract of drivers/token.ts. It must never load a vendor module itself, never keep a PIN, and never use a PIN twice by itself.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeviceError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import type { SignRequest, TokenContents, TokenInfo, TokenSource } from '../token.ts';
import { codeOf, isDecisive, nameFailure, type Failure, type Probe } from './ckr.ts';
import { defaultDeadlines, HostLost, ModuleClient, type Deadlines, type ModuleHealth, type Outcome } from './client.ts';
import { tokenContents } from './contents.ts';
import { ckr } from './cryptoki.ts';
import { hostEnvironment } from './environment.ts';
import { knownModule } from './known-modules.ts';
import { signatureHolds } from './mechanisms.ts';
import type { JobFailure, TokenFacts } from './protocol.ts';
import { tokenId, tokenInfo } from './token-id.ts';

export type { Deadlines, ModuleHealth } from './client.ts';

/** One vendor module of the configuration. `env` is set for its host alone. */
export interface ModuleConfig {
  readonly name: string;
  readonly path: string;
  readonly env?: Readonly<Record<string, string>>;
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
  /** How the modules are, for `countersign doctor`. */
  modules(): readonly ModuleHealth[];
  /** Forgives a module that was put aside. Throws when there is none of that name. */
  reset(module: string): void;
}

interface Member {
  readonly config: ModuleConfig;
  readonly client: ModuleClient;
  readonly tellsPinState: boolean;
  facts: readonly TokenFacts[];
  wake: AbortController;
}

/** Starts one host per module and looks for tokens until `close`. Throws when two modules have one name. */
export function createTokenSource(options: TokenSourceOptions): Pkcs11Source {
  const names = new Set(options.modules.map(({ name }) => name));
  if (names.size !== options.modules.length) throw new Error('two modules have the same name');
  return new Source(options);
}

const betweenProbesMs = 150;

class Source implements Pkcs11Source {
  readonly #members: readonly Member[];
  readonly #listeners = new Set<(tokens: readonly TokenInfo[]) => void>();
  readonly #pollMs: number;
  readonly #settleMs: number;
  #tokens: readonly TokenInfo[] = [];
  #closed = false;

  constructor({ modules, pollMs = 500, deadlines = {}, env = {}, coolDownMs = 60_000, settleMs = 800 }: TokenSourceOptions) {
    this.#pollMs = pollMs;
    this.#settleMs = settleMs;
    this.#members = modules.map((config) => {
      const known = knownModule(config.path);
      const environment = hostEnvironment(process.env, known?.env ?? {}, env, config.env ?? {});
      const { name, path } = config;
      const slotEvents = known?.slotEvents ?? false;
      const client = new ModuleClient({
        name,
        path,
        slotEvents,
        environment,
        deadlines: { ...defaultDeadlines, ...deadlines },
        coolDownMs,
      });
      return { config, client, tellsPinState: known?.tellsPinState ?? true, facts: [], wake: new AbortController() };
    });
    for (const member of this.#members) void this.#keepLooking(member);
  }

  tokens(): readonly TokenInfo[] {
    return this.#tokens;
  }

  watch(listener: (tokens: readonly TokenInfo[]) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
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
    const { member, token } = this.#holderOf(id);
    const outcome = await this.#answerOf(member.client.run({ type: 'read', tokenId: id }));
    if (outcome.type === 'contents') return tokenContents(member.config.name, outcome, member.tellsPinState);
    throw await this.#nameAfterProbe(member, token, failureOf(outcome));
  }

  async sign(request: SignRequest, pin: Secret | undefined): Promise<Uint8Array> {
    try {
      const { member, token } = this.#holderOf(request.tokenId);
      const outcome = await this.#answerOf(
        member.client.runOnce(async (ask) => {
          const job = { type: 'sign' as const, ...request };
          if (pin === undefined) return ask(job);
          // The bytes are zeroed as soon as they are on their way, not when the token has answered.
          const sent = await pin.take((bytes) => ({ answer: ask({ ...job, pin: bytes }) }));
          return sent.answer;
        }),
      );
      member.wake.abort();
      if (outcome.type === 'signed') return verified(request, outcome.certificate, outcome.signature);
      const failure = failureOf(outcome);
      if (failure.code === 'outcome-unknown') throw nameFailure(failure, { seen: 'unknown' });
      throw await this.#nameAfterProbe(member, token, failure);
    } finally {
      pin?.wipe();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#listeners.clear();
    for (const { wake } of this.#members) wake.abort();
    await Promise.all(this.#members.map(({ client }) => client.close()));
  }

  #holderOf(id: string): { member: Member; token: TokenInfo } {
    const token = this.#tokens.find((one) => one.id === id);
    const member = this.#members.find(({ config }) => config.name === token?.module);
    if (token === undefined || member === undefined) throw new DeviceError('no-token', 'this token is in no reader');
    return { member, token };
  }

  async #answerOf(running: Promise<Outcome>): Promise<Outcome | HostLost> {
    try {
      return await running;
    } catch (error) {
      if (error instanceof HostLost) return error;
      throw error;
    }
  }

  /** Looks at the slots again until the cause is clear or the reader has had time to notice a pull, then names it. */
  async #nameAfterProbe(member: Member, token: TokenInfo, failure: Failure): Promise<DeviceError> {
    const until = Date.now() + this.#settleMs;
    for (;;) {
      const probe = await this.#probe(member, token);
      if (isDecisive(failure, probe) || Date.now() >= until) return nameFailure(failure, probe);
      await sleep(betweenProbesMs);
    }
  }

  async #probe(member: Member, token: TokenInfo): Promise<Probe> {
    if (!(await this.#look(member))) return { seen: 'unknown' };
    const same = member.facts.find((facts) => tokenId(member.config.name, facts) === token.id);
    if (same !== undefined) return { seen: 'same', flags: same.flags };
    return member.facts.some(({ slot }) => slot === token.slot) ? { seen: 'other' } : { seen: 'empty' };
  }

  async #keepLooking(member: Member): Promise<void> {
    while (!this.#closed) {
      await this.#look(member);
      await sleep(this.#pollMs, undefined, { signal: member.wake.signal }).catch(() => undefined);
      if (member.wake.signal.aborted) member.wake = new AbortController();
    }
  }

  /** One look at the slots of a module. False when there was no answer; then what was seen last stands, unless the module is put aside. */
  async #look(member: Member): Promise<boolean> {
    const outcome = await this.#answerOf(member.client.run({ type: 'list' }));
    if (this.#closed) return false;
    if (outcome instanceof HostLost) {
      if (member.client.isBad()) this.#see(member, []);
      return false;
    }
    // A module that cannot list its slots (pcscd is gone) has no token to offer.
    this.#see(member, outcome.type === 'listed' ? outcome.tokens : []);
    return outcome.type === 'listed';
  }

  #see(member: Member, facts: readonly TokenFacts[]): void {
    member.facts = facts;
    const now = this.#members.flatMap(({ config, facts: seen }) => seen.map((one) => tokenInfo(config.name, one)));
    if (JSON.stringify(now) === JSON.stringify(this.#tokens)) return;
    this.#tokens = now;
    for (const listener of [...this.#listeners]) listener(now);
  }
}

/** What went wrong, before the slots were looked at again. */
function failureOf(outcome: Outcome | HostLost): Failure {
  if (outcome.type === 'lost') {
    const code = outcome.signing ? 'outcome-unknown' : outcome.how === 'timeout' ? 'module-timeout' : 'module-crashed';
    return { code, message: outcome.message, ...(outcome.origin === undefined ? {} : { origin: outcome.origin }) };
  }
  if (outcome.type !== 'failed') throw new Error(`a host answered with ${outcome.type} out of turn`);
  const { message, during } = outcome;
  return { code: codeOfFailure(outcome), message, asked: during === 'C_Sign', ...(outcome.ckr === undefined ? {} : { ckr: outcome.ckr }) };
}

function codeOfFailure(failure: JobFailure): Failure['code'] {
  // It was there when the job was given, so it went in between.
  if (failure.code === 'no-token' || failure.ckr === ckr.tokenNotPresent || failure.ckr === ckr.deviceRemoved) return 'token-removed';
  return failure.code ?? (failure.ckr === undefined ? 'device-error' : codeOf(failure.ckr));
}

/** The signature, if it is one by this certificate over this message. Throws `device-error` otherwise: nobody may ever see a signature that does not hold. */
function verified(request: SignRequest, certificate: Uint8Array, signature: Uint8Array): Uint8Array {
  const { certificateSha256, scheme, hash, message } = request;
  const same = createHash('sha256').update(certificate).digest('hex') === certificateSha256;
  if (same && signatureHolds(certificate, scheme, hash, message, signature)) return signature;
  throw new DeviceError('device-error', 'the token gave a signature that its certificate does not confirm');
}
