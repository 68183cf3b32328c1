/**
 * For whom a member of staff has vouched, and no consent has used it yet: read from the log's own entries in their order, so there is no second record that
 * could disagree with it. Pure. Whether a station takes the word of its staff instead of a finger is not decided here.
 */
import { createPublicKey } from 'node:crypto';
import type { Actor } from '../log/catalogue.ts';
import type { LogEntry } from '../log/entry.ts';
import type { Fields, Op } from '../log/events.ts';
import { statementOps } from '../log/statement.ts';

/** The ops that this reads; entries of other ops need not be given. */
export const vouchOps = [...statementOps, 'vouched', 'clock-changed'] as const satisfies readonly Op[];

/** Most that may wait for their consent at one time. */
export const mostVouches = 100;

export interface Vouch {
  /** Number of its entry. */
  readonly seq: number;
  /** Leaf of that entry, hex. */
  readonly leaf: string;
  /** When it was entered and until when it counts, RFC 3339. */
  readonly at: string;
  readonly until: string;
  /** The holder: their certificate (SHA-256, hex) and their pseudonym. */
  readonly certificateSha256: string;
  readonly subject: string;
  readonly identified: Fields<'vouch'>['identified'];
  readonly by: Actor;
  /** SPKI, DER, hex. */
  readonly publicKey: string;
}

export class Vouches {
  readonly #open = new Map<number, Vouch>();
  /** Whose each certificate and each key is, as the statements in the log have it. */
  readonly #owners = new Map<string, string>();

  /** Takes one entry in log order. */
  take({ seq, leaf, at: { time }, event }: LogEntry): void {
    if ('seen' in event) for (const name of [event.certificate_sha256, keyName(event.public_key)]) this.#owners.set(name, event.actor.id);
    // Nobody can tell any more how long ago it was.
    if (event.op === 'clock-changed') this.#open.clear();
    if (event.op === 'vouched') this.#open.delete(event.vouch);
    if (event.op !== 'vouch') return;
    for (const [number, { until }] of this.#open) if (until < time) this.#open.delete(number);
    if (this.#open.size >= mostVouches) return;
    const { actor: by, subject, identified, until, public_key: publicKey, holder_certificate_sha256: certificateSha256 } = event;
    this.#open.set(seq, { seq, leaf, at: time, until, certificateSha256, subject, identified, by, publicKey });
  }

  /** Those that count at `time` (RFC 3339, UTC, milliseconds), oldest first. */
  open(time: string): readonly Vouch[] {
    return [...this.#open.values()].filter(({ at, until }) => at <= time && time <= until);
  }

  /** The oldest that counts at `time` for a holder with this certificate, key (SPKI, DER, hex) and pseudonym, by somebody else. */
  of(holder: Pick<Vouch, 'certificateSha256' | 'publicKey' | 'subject'>, time: string): Vouch | undefined {
    const owners = this.ownersOf(holder);
    return this.open(time).find(
      ({ certificateSha256, subject, by, publicKey }) =>
        certificateSha256 === holder.certificateSha256 &&
        subject === holder.subject &&
        !owners.has(by.id) &&
        keyName(publicKey) !== keyName(holder.publicKey),
    );
  }

  /** Who has signed a statement with this certificate or this key, by pseudonym. */
  ownersOf({
    certificateSha256,
    publicKey,
  }: {
    readonly certificateSha256: string;
    readonly publicKey?: string | undefined;
  }): ReadonlySet<string> {
    const names = [certificateSha256, ...(publicKey === undefined ? [] : [keyName(publicKey)])];
    return new Set(names.flatMap((name) => this.#owners.get(name) ?? []));
  }
}

/** The same for the same key: an RSA key can be named with or without PSS, and its numbers stand at the end of both encodings. */
export function keyName(publicKey: string): string {
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key: Buffer.from(publicKey, 'hex'), format: 'der', type: 'spki' });
    const { modulusLength } = asymmetricKeyDetails ?? {};
    return modulusLength === undefined ? publicKey : publicKey.slice(-modulusLength / 4);
  } catch {
    // No key: it is equal to nothing but itself.
    return publicKey;
  }
}
