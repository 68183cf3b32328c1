/**
 * Several signatures under one login, on the agent's side: one host, one PIN, strictly one signature after the other. It stops for good at the first failure,
 * when the token leaves, and when nobody asks for anything for too long; then the host that knew the PIN ends.
 */
import { createHash } from 'node:crypto';
import { DeviceError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import type { SigningOrder, SigningSession, TokenInfo } from '../token.ts';
import { nameFailure, type Failure } from './ckr.ts';
import type { Lease, Outcome } from './client.ts';
import { HostLost, type OnPad } from './exchange.ts';
import { failureOf } from './failure.ts';
import { signatureHolds } from './mechanisms.ts';
import type { Member } from './member.ts';
import type { Sighting } from './sightings.ts';

/** A token that is offered now. */
export interface Offer {
  readonly token: TokenInfo;
  readonly member: Member;
  readonly sighting: Sighting;
}

/** What a session needs to know of the tokens that are in. */
export interface Surroundings {
  /** The token that is signed on. Rejects with DeviceError when it is not in, or has left since it was seen last. */
  readonly offer: () => Promise<Offer>;
  /** Names a failure after the slots were looked at again. */
  readonly nameFailure: (offer: Offer, failure: Failure) => Promise<DeviceError>;
  /** Calls back when the token is no longer there. Returns the way to stop. */
  readonly whenGone: (gone: () => void) => () => void;
}

export class LoginSession implements SigningSession {
  readonly #order: SigningOrder;
  readonly #pin: Secret | undefined;
  readonly #onPad: OnPad | undefined;
  readonly #surroundings: Surroundings;
  readonly #stopWatching: () => void;
  #turn: Promise<unknown> = Promise.resolve();
  #busy = false;
  #lease: Lease | undefined;
  /** The next look at the slots is due as soon as the host is back. */
  #lookAgain: () => void = () => undefined;
  /** Why nothing is signed any more. */
  #over: string | undefined;
  #closing: Promise<void> | undefined;

  constructor(order: SigningOrder, pin: Secret | undefined, onPad: OnPad | undefined, surroundings: Surroundings) {
    this.#order = order;
    this.#pin = pin;
    this.#onPad = onPad;
    this.#surroundings = surroundings;
    this.#stopWatching = surroundings.whenGone(() => {
      // Of a signature that is being made its own answer tells.
      if (!this.#busy) void this.#lease?.giveBack();
    });
  }

  sign(message: Uint8Array): Promise<Uint8Array> {
    const signature = this.#turn.then(() => this.#signNow(message));
    this.#turn = signature.catch(() => undefined);
    return signature;
  }

  close(): Promise<void> {
    this.#closing ??= this.#turn.then(() => this.#end('the signing was closed'));
    return this.#closing;
  }

  async #signNow(message: Uint8Array): Promise<Uint8Array> {
    if (this.#over !== undefined) throw new DeviceError('cancelled', `nothing was signed: ${this.#over}`);
    this.#busy = true;
    try {
      return await this.#signOn(await this.#surroundings.offer(), message);
    } catch (error) {
      void this.#end('an earlier signature under this login failed');
      throw error;
    } finally {
      this.#busy = false;
    }
  }

  async #signOn(offer: Offer, message: Uint8Array): Promise<Uint8Array> {
    const outcome = await this.#ask(offer, message);
    if (outcome.type === 'signed') return this.#verified(outcome.certificate, message, outcome.signature);
    // The probe is a job like any other and waits for this one's end.
    void this.#lease?.giveBack();
    const failure = failureOf(outcome);
    if (failure.code === 'outcome-unknown') throw nameFailure(failure, { seen: 'unknown' });
    throw await this.#surroundings.nameFailure(offer, failure);
  }

  /** Asks the host that knows the PIN, or gives it to a new one. */
  async #ask({ member, sighting }: Offer, message: Uint8Array): Promise<Outcome | HostLost> {
    const padMs = member.padMs === undefined || this.#pin !== undefined ? {} : { padMs: member.padMs };
    const before = this.#lease;
    if (before !== undefined) {
      if (before.idledOut) throw new DeviceError('cancelled', 'nothing was signed: the login was not used for too long and has ended');
      return member.ask(before, sighting, { type: 'sign-next', message, ...padMs }, this.#onPad);
    }
    const lease = await member.borrow();
    if (lease instanceof HostLost) return lease;
    this.#lease = lease;
    this.#lookAgain = () => member.wake.abort();
    const job = { type: 'sign' as const, ...this.#order, tokenId: member.nameFor(sighting, lease.host), message, ...padMs };
    if (this.#pin === undefined) return member.ask(lease, sighting, job, this.#onPad);
    // The bytes are zeroed as soon as they are on their way, not when the token has answered.
    const sent = await this.#pin.take((pin) => ({ answer: member.ask(lease, sighting, { ...job, pin }, this.#onPad) }));
    return sent.answer;
  }

  async #end(why: string): Promise<void> {
    this.#over ??= why;
    this.#stopWatching();
    this.#pin?.wipe();
    this.#lookAgain();
    await this.#lease?.giveBack();
  }

  /** The signature, if it is one by this certificate over this message. Throws `device-error` otherwise: nobody may ever see a signature that does not hold. */
  #verified(certificate: Uint8Array, message: Uint8Array, signature: Uint8Array): Uint8Array {
    const { certificateSha256, scheme, hash } = this.#order;
    const same = createHash('sha256').update(certificate).digest('hex') === certificateSha256;
    if (same && signatureHolds(certificate, scheme, hash, message, signature)) return signature;
    throw new DeviceError('device-error', 'the token gave a signature that its certificate does not confirm');
  }
}
