/**
 * Reads sealed fields for a member of staff who opened their tiers, and indexes for them what was written while nobody had. Each data key is
 * in memory for one opening.
 */
import { AgeRefusal } from './age-keys.ts';
import { findUnindexed, insertTerms, searchTerms, soughtTerms, termsOf } from './blind-index.ts';
import type { Database } from './database.ts';
import { NotCanonical, parseBody } from './record.ts';
import { parseSealed, type SealedField, type Tier } from './sealed-field.ts';
import { open, type Opened, SealRefusal } from './sealing.ts';
import { type OpenTiers, TierLocked } from './tier-keys.ts';
import { findSealed, findVault, readTiers } from './vault.ts';

/** A log whose sealed fields are read, and with whose keys. */
export interface SealedSource {
  readonly database: Database;
  readonly origin: string;
  readonly tiers: OpenTiers;
}

/**
 * Opens the fields of one entry and tier. Throws SealRefusal, TierLocked when the tier is not open to this person, AgeRefusal when the
 * wrapped key was changed, NotCanonical for an entry that cannot be read, and DatabaseError.
 */
export async function readSealed({ database, origin, tiers }: SealedSource, seq: number, tier: Tier): Promise<Opened> {
  if (!tiers.tiers.includes(tier)) throw new TierLocked(tier);
  const field = await findField(database, seq, tier);
  const row = await findSealed(database, seq, tier);
  if (field === undefined || row === undefined) throw new SealRefusal('missing', { seq, tier });
  // What the entry says counts, never what stands beside the ciphertext.
  const kept = await findVault(database, field.kid);
  if (kept === undefined) throw new SealRefusal(row.ciphertext.byteLength === 0 ? 'erased' : 'missing', { seq, tier });
  const key = await tiers.unwrapKey(tier, kept.wrapped);
  try {
    return open(origin, seq, field, row, key);
  } finally {
    key.fill(0);
  }
}

async function findField(database: Database, seq: number, tier: Tier): Promise<SealedField | undefined> {
  const [row] = await database.all('SELECT body FROM entry WHERE seq = ?', [seq]);
  const body = row?.['body'];
  if (!(body instanceof Uint8Array)) return undefined;
  const { sealed } = parseBody(body);
  return sealed === undefined ? undefined : parseSealed(sealed).find((field) => field.tier === tier);
}

const pageSize = 64;

/**
 * Indexes the fields of an open tier that are not indexed yet, a page at a time. Returns how many it indexed, and the numbers of the entries
 * whose fields do not open, for the screen and the log. Throws TierLocked and DatabaseError.
 */
export async function catchUp(
  source: SealedSource,
  tier: Tier,
): Promise<{ readonly indexed: number; readonly refused: readonly number[] }> {
  const indexKey = await openIndexKey(source, tier);
  const refused: number[] = [];
  let indexed = 0;
  let after = -1;
  try {
    for (;;) {
      const page = await findUnindexed(source.database, tier, pageSize, after);
      for (const one of page) {
        after = one.seq;
        const opened = await readSealed(source, one.seq, tier).catch((error: unknown) => {
          if (error instanceof SealRefusal || error instanceof AgeRefusal || error instanceof NotCanonical) return undefined;
          throw error;
        });
        if (opened === undefined) refused.push(one.seq);
        else {
          opened.evidence.fill(0);
          await insertTerms(source.database, one, termsOf(indexKey, tier, opened.value));
          indexed++;
        }
      }
      if (page.length < pageSize) return { indexed, refused };
    }
  } finally {
    indexKey.fill(0);
  }
}

/** Numbers of the entries with all these words in their fields of an open tier, newest first. Throws TierLocked and DatabaseError. */
export async function searchSealed(source: SealedSource, tier: Tier, text: string, limit: number): Promise<readonly number[]> {
  const indexKey = await openIndexKey(source, tier);
  try {
    return await searchTerms(source.database, tier, soughtTerms(indexKey, tier, text), limit);
  } finally {
    indexKey.fill(0);
  }
}

async function openIndexKey({ database, tiers }: SealedSource, tier: Tier): Promise<Uint8Array> {
  const stored = (await readTiers(database)).find((one) => one.tier === tier);
  if (stored === undefined) throw new TierLocked(tier);
  return tiers.unwrapKey(tier, stored.indexKey);
}
