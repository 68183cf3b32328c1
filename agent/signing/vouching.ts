/** Takes the word of a member of staff instead of a finger, at a station that accepts it: which vouch there is for a card, and whether it still counts. */
import { X509Certificate } from 'node:crypto';
import { type LogEntry, toHex } from '../log/entry.ts';
import type { LogStore } from '../log/store.ts';
import type { Vouch, Vouches } from '../people/vouches.ts';
import type { HolderKey } from './model.ts';

export class Vouching {
  readonly #log: Pick<LogStore, 'entries'>;
  readonly #vouches: Vouches;

  constructor(log: Pick<LogStore, 'entries'>, vouches: Vouches) {
    this.#log = log;
    this.#vouches = vouches;
  }

  /** The key, and the vouch that there is for its holder. */
  offer(key: HolderKey, now: Date): HolderKey {
    const holder = { certificateSha256: key.certificateSha256, publicKey: publicKeyOf(key), subject: key.enrolled.subject };
    const vouch = this.#vouches.of(holder, now.toISOString());
    return vouch === undefined ? key : { ...key, vouch };
  }

  /** Whether a vouch is for this key and not used, and counted when this consent was entered: whoever verifies the log asks the same. */
  async counts(vouch: Vouch, consent: Pick<LogEntry, 'seq' | 'at'>, key: HolderKey): Promise<boolean> {
    const holder = { certificateSha256: key.certificateSha256, publicKey: publicKeyOf(key), subject: key.enrolled.subject };
    if (this.#vouches.of(holder, consent.at.time)?.seq !== vouch.seq) return false;
    const set = await this.#log.entries({ op: 'clock-changed', from: vouch.seq, to: consent.seq, limit: 1 });
    return set.length === 0;
  }

  take(entry: LogEntry): void {
    this.#vouches.take(entry);
  }
}

/** SPKI, DER, hex. */
export function publicKeyOf({ certificate }: HolderKey): string {
  return toHex(new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' }));
}
