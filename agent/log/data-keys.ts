/**
 * Data keys: random for each person and tier. The station makes one, wraps it to the tier and keeps it in memory for one operation; when that
 * is over it cannot read what it wrote, and makes another for the next visit of the same person.
 */
import { randomBytes } from 'node:crypto';
import { type JsonObject, separatedHash } from './record.ts';
import { subjectSchema, type SealedField, type Tier, tiers } from './sealed-field.ts';
import { keyLength, type Place, seal, type SealedRow } from './sealing.ts';
import { type TierRecipient, wrapToTier } from './tier-keys.ts';

/** A row of the table `vault`: a data key, wrapped to its tier (an age file). */
export interface VaultRow {
  /** Pseudonym of the person, 32 hex digits. */
  readonly subject: string;
  readonly tier: Tier;
  readonly kid: string;
  readonly wrapped: Uint8Array;
}

interface DataKey {
  readonly row: VaultRow;
  readonly key: Uint8Array;
}

/** Personal fields by tier; a tier without any is absent. */
export type Personal = Partial<Readonly<Record<Tier, JsonObject>>>;

/** The data keys of one person for one operation. */
export class DataKeys {
  readonly #keys: Map<Tier, DataKey>;

  private constructor(keys: Map<Tier, DataKey>) {
    this.#keys = keys;
  }

  /** Makes and wraps a key for each tier. Throws RangeError for what is no pseudonym, AgeRefusal for what is no recipient. */
  static async make(subject: string, recipients: readonly TierRecipient[]): Promise<DataKeys> {
    if (!subjectSchema.safeParse(subject).success) throw new RangeError('not the pseudonym of a person');
    const keys = new Map<Tier, DataKey>();
    for (const recipient of recipients) {
      const key = randomBytes(keyLength);
      const { tier } = recipient;
      const kept = { subject, tier, wrapped: await wrapToTier(recipient, key) };
      keys.set(tier, { key, row: { ...kept, kid: kidOf(kept) } });
    }
    return new DataKeys(keys);
  }

  /**
   * Seals the fields of one entry. `sealed` goes into its body; `rows` and those of `vault` that are not stored yet go into the tables in
   * the same commit. It is synchronous, because the number of an entry is known only while it is written. Throws RangeError after `wipe`.
   */
  seal(place: Pick<Place, 'origin' | 'seq'>, personal: Personal): SealedFields {
    const made = tiers.flatMap((tier) => {
      const fields = personal[tier];
      if (fields === undefined) return [];
      const found = this.#keys.get(tier);
      if (found === undefined) throw new RangeError(`there is no data key for the tier ${tier}`);
      return [{ ...seal({ ...place, tier, kid: found.row.kid }, found.key, fields), vault: found.row }];
    });
    return { sealed: made.map(({ field }) => field), rows: made.map(({ row }) => row), vault: made.map(({ vault }) => vault) };
  }

  /** Overwrites the keys with zeros: nothing is sealed or opened with them any more. */
  wipe(): void {
    for (const { key } of this.#keys.values()) key.fill(0);
    this.#keys.clear();
  }
}

/**
 * Id of a data key: the first 16 bytes of the SHA-256 over `countersign/v1/data-key\n`, the pseudonym `\n`, the tier `\n` and the wrapped key. Entries name it,
 * and so a row of the vault that was changed, or moved to another person, is not the one that they name. Once the row is gone it tells nobody whose it was.
 */
export function kidOf({ subject, tier, wrapped }: Omit<VaultRow, 'kid'>): string {
  const named = Buffer.concat([Buffer.from(`${subject}\n${tier}\n`), wrapped]);
  return Buffer.from(separatedHash('data-key', named)).toString('hex', 0, 16);
}

/** What one entry with personal fields brings into the log. */
export interface SealedFields {
  readonly sealed: readonly SealedField[];
  readonly rows: readonly SealedRow[];
  readonly vault: readonly VaultRow[];
}
