/**
 * A token that is open in its host: a session without login, and its certificates as they were read in it. Whoever reads a token leaves it open with everything
 * worked out that needs no PIN, so that between a PIN and its signature only the login, the search for the key and the signature itself remain. It stands for
 * one insertion of one token; the host closes it as soon as its slot tells of anything else. Host side only.
 */
import { createHash, X509Certificate, type KeyObject } from 'node:crypto';
import { attribute } from './cryptoki.ts';
import { attempt } from './login.ts';
import { fits, mechanismLadder } from './mechanisms.ts';
import { CallError, type FilledSlot, type Handle, type VendorModule } from './module.ts';
import { findKey, publicPart, type PublicPart } from './private-key.ts';
import { certificates, closeQuietly, openSession, type FoundCertificate } from './reading.ts';

/** A certificate with what a signature needs of it. */
export interface ReadyCertificate extends FoundCertificate {
  readonly publicKey: KeyObject;
  readonly publicPart: PublicPart;
}

export class OpenToken {
  /** By the name that the agent asked for it (`nameForHost`). */
  readonly tokenId: string;
  readonly place: FilledSlot;
  readonly session: Handle;
  readonly found: readonly FoundCertificate[];
  readonly #module: VendorModule;
  readonly #ready = new Map<string, ReadyCertificate>();

  /** Opens a session and reads the certificates. Throws CallError after having closed it. */
  constructor(module: VendorModule, tokenId: string, place: FilledSlot) {
    this.#module = module;
    this.tokenId = tokenId;
    this.place = place;
    this.session = openSession(module, place.slot);
    try {
      this.found = certificates(module, this.session);
    } catch (error) {
      attempt(() => this.close());
      throw error;
    }
  }

  /** The certificate with this SHA-256 (hex), its bytes asked of the token once more. Throws CallError `token-changed` when it is not there. */
  certificate(sha256: string): ReadyCertificate {
    const ready = this.#ready.get(sha256) ?? this.#getReady(this.found.find(({ value }) => sha256Of(value) === sha256));
    const value = ready === undefined ? undefined : this.#module.attribute(this.session, ready.object, attribute.value);
    if (ready === undefined || value?.equals(ready.value) !== true)
      throw new CallError('finding the certificate', 'the chosen certificate is not on this token', { code: 'token-changed' });
    return ready;
  }

  /** Works out what needs no PIN, and goes the way to a signature as far as it goes without one: code that has never run takes milliseconds. */
  prepare(): void {
    for (const found of this.found) {
      attempt(() => {
        const ready = this.#getReady(found);
        if (ready === undefined) return;
        this.certificate(sha256Of(ready.value));
        const { publicKey } = ready;
        for (const scheme of ['rsa-pkcs1', 'rsa-pss', 'ecdsa'] as const)
          if (fits(scheme, publicKey)) mechanismLadder(scheme, 'sha256', Buffer.alloc(0), publicKey);
        // Most tokens hide the key before login: it is searched for again behind it, whatever is found here.
        findKey(this.#module, this.session, ready);
      });
    }
  }

  close(): void {
    closeQuietly(this.#module, this.session);
  }

  #getReady(found: FoundCertificate | undefined): ReadyCertificate | undefined {
    if (found === undefined) return undefined;
    const { publicKey } = new X509Certificate(found.value);
    const ready = { ...found, publicKey, publicPart: publicPart(publicKey) };
    this.#ready.set(sha256Of(found.value), ready);
    return ready;
  }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
