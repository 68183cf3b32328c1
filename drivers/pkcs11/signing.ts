/**
 * Signatures under one login inside the host: find the token, open, read the certificate, log in, find the key; then for each message SignInit, context
 * login where the key demands it, Sign. Between SignInit and Sign no other call is made, and a PIN is never tried twice by itself.
 */
import { attribute, flag, userType } from './cryptoki.ts';
import { isMechanismRefusal } from './ckr.ts';
import { attempt, logIn, needPin, pinFor, type PadProgress, type Pin } from './login.ts';
import { fits, mechanismLadder, type Rung } from './mechanisms.ts';
import { call, CallError, type FilledSlot, type Handle, type VendorModule } from './module.ts';
import { OpenToken, type ReadyCertificate } from './open-token.ts';
import { findKey } from './private-key.ts';
import type { SignJob } from './protocol.ts';
import { findToken, mustBeIn } from './reading.ts';

/** Longest signature that is accepted: RSA with 8192 bits. */
const signatureBytes = 1024;
/** CK_PARAMS_RSA_PSS of the binding. */
const pssParams = 5;

/** Told, and awaited, immediately before the call that it is about. */
export interface Progress extends PadProgress {
  readonly started: () => Promise<void>;
}

type Order = Pick<SignJob, 'tokenId' | 'certificateSha256' | 'scheme' | 'hash'>;

/** The key that a login has opened. */
interface OpenedKey {
  readonly key: Handle;
  /** For a key that wants it each time; a PIN that is not wanted any more is not kept. */
  readonly contextPin: Pin | undefined;
}

export class Signing {
  readonly #module: VendorModule;
  readonly #order: Order;
  readonly #token: OpenToken;
  /** Asked anew: its flags tell how the PIN stands now. */
  readonly #place: FilledSlot;
  readonly #certificate: ReadyCertificate;
  #opened: OpenedKey | undefined;
  #loggedIn = false;

  /**
   * Finds the token and the certificate, without login. `kept`: a token that was left open, which serves if it is the wanted one and its certificate is still
   * there. Throws CallError after having closed what it opened: what does not fit is refused before a PIN is sent anywhere.
   */
  constructor(module: VendorModule, order: Order, kept: OpenToken | undefined) {
    this.#module = module;
    this.#order = order;
    this.#place = findToken(module, order.tokenId);
    this.#token = holds(kept, order) ? kept : new OpenToken(module, order.tokenId, this.#place);
    try {
      this.#certificate = this.#token.certificate(order.certificateSha256);
      if (!fits(order.scheme, this.#certificate.publicKey))
        throw new CallError('choosing a mechanism', 'the key cannot sign in this way', { code: 'mechanism-unsupported' });
    } catch (error) {
      attempt(() => this.close());
      throw error;
    }
  }

  /** DER of the certificate, read in this very session. */
  get certificate(): Uint8Array {
    return this.#certificate.value;
  }

  /** Logs in and makes the first signature. `started` is told before every C_Sign. The PIN bytes of the job are zeroed. Throws CallError. */
  async first(job: Pick<SignJob, 'message' | 'pin' | 'padMs'>, progress: Progress): Promise<Uint8Array> {
    const { slot, facts } = this.#place;
    const { session } = this.#token;
    const pin = pinFor(facts, job);
    const login = pin !== undefined && (facts.flags & flag.loginRequired) !== 0;
    if (login) {
      this.#loggedIn = true;
      await logIn(this.#module, { session, slot, user: userType.user, time: 1 }, pin, progress);
    }
    const key = findKey(this.#module, session, this.#certificate);
    const always = this.#module.attribute(session, key, attribute.alwaysAuthenticate)?.[0] === 1;
    this.#opened = { key, contextPin: always ? (pin ?? needPin()) : undefined };
    return this.#make(job.message, this.#opened, progress, login ? 2 : 1);
  }

  /** Makes the next one under the same login. Throws CallError; `no-token` when the token has been out since. */
  async next(message: Uint8Array, progress: Progress): Promise<Uint8Array> {
    if (this.#opened === undefined) throw new Error('the next signature comes after the first');
    mustBeIn(this.#module, this.#order.tokenId);
    return this.#make(message, this.#opened, progress, 1);
  }

  /** Logs out and closes the session. */
  close(): void {
    if (this.#loggedIn) attempt(() => this.#module.binding.C_Logout(this.#token.session));
    this.#token.close();
  }

  #make(message: Uint8Array, { key, contextPin }: OpenedKey, progress: Progress, time: 1 | 2): Promise<Uint8Array> {
    const { scheme, hash } = this.#order;
    const { session } = this.#token;
    const ladder = mechanismLadder(scheme, hash, message, this.#certificate.publicKey);
    const login = { session, slot: this.#place.slot, user: userType.contextSpecific, time } as const;
    const logInAgain = contextPin === undefined ? undefined : () => logIn(this.#module, login, contextPin, progress);
    return climb(this.#module, session, key, ladder, logInAgain, progress.started);
  }
}

/** Whether a token that was left open is the wanted one and still holds the certificate; a session that has gone stale does not count. */
function holds(kept: OpenToken | undefined, order: Order): kept is OpenToken {
  if (kept?.tokenId !== order.tokenId) return false;
  try {
    kept.certificate(order.certificateSha256);
    return true;
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    return false;
  }
}

/** Tries the mechanisms in order. Only a refusal of the mechanism leads to the next one, and never after a PIN was spent on this one. */
async function climb(
  module: VendorModule,
  session: Handle,
  key: Handle,
  ladder: readonly Rung[],
  logInAgain: (() => Promise<void>) | undefined,
  started: () => Promise<void>,
): Promise<Uint8Array> {
  let refusal = new CallError('choosing a mechanism', 'there is no mechanism for this scheme', { code: 'mechanism-unsupported' });
  for (const rung of ladder) {
    try {
      call('C_SignInit', () => module.binding.C_SignInit(session, mechanismOf(rung), key));
    } catch (error) {
      if (!(error instanceof CallError) || !isMechanismRefusal(error.ckr)) throw error;
      refusal = error;
      continue;
    }
    await logInAgain?.();
    await started();
    try {
      return call('C_Sign', () => module.binding.C_Sign(session, Buffer.from(rung.input), Buffer.alloc(signatureBytes)));
    } catch (error) {
      if (logInAgain !== undefined || !(error instanceof CallError) || !isMechanismRefusal(error.ckr)) throw error;
      refusal = error;
    }
  }
  throw refusal;
}

function mechanismOf(rung: Rung): { mechanism: number; parameter?: { type: number; hashAlg: number; mgf: number; saltLen: number } } {
  return rung.pss === undefined
    ? { mechanism: rung.mechanism }
    : { mechanism: rung.mechanism, parameter: { type: pssParams, ...rung.pss } };
}
