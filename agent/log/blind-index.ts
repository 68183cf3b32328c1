/**
 * Search over sealed fields: HMAC of their words under a key that each tier has for this alone, wrapped to the tier. A locked station can
 * neither search nor guess names, so it indexes what is new once somebody has opened the tier. The index is a projection: never evidence,
 * rebuilt at will. Whoever reads the file sees which entries share a word, and not the word.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { Database } from './database.ts';
import type { Json, JsonObject } from './record.ts';
import type { Tier } from './sealed-field.ts';
import { keyLength } from './sealing.ts';
import { wrapToTier, type TierRecipient } from './tier-keys.ts';
import type { StoredTier } from './vault.ts';
import { soughtForms, splitWords, storedForms } from './words.ts';

/** Makes the index key of a new tier, wrapped to it and forgotten. Throws AgeRefusal for what is no recipient. */
export async function makeIndexKey(tier: TierRecipient): Promise<StoredTier> {
  const key = randomBytes(keyLength);
  try {
    return { ...tier, indexKey: await wrapToTier(tier, key) };
  } finally {
    key.fill(0);
  }
}

/** The terms (32 bytes each) of opened fields: of every word of every string in them, and the empty word, which says that they are indexed. */
export function termsOf(indexKey: Uint8Array, tier: Tier, fields: JsonObject): readonly Uint8Array[] {
  const forms = new Set(['', ...strings(fields).flatMap(splitWords).flatMap(storedForms)]);
  return [...forms].map((form) => term(indexKey, tier, form));
}

/** The terms of what somebody types: all of them must stand in a field that fits. Empty when there is no word in it. */
export function soughtTerms(indexKey: Uint8Array, tier: Tier, text: string): readonly Uint8Array[] {
  return [...new Set(splitWords(text).flatMap(soughtForms))].map((form) => term(indexKey, tier, form));
}

/** HMAC-SHA-256 over `countersign/v1/index\n`, tier `\n`, word. Throws RangeError for a key that cannot be one. */
function term(indexKey: Uint8Array, tier: Tier, word: string): Uint8Array {
  if (indexKey.byteLength !== keyLength) throw new RangeError(`an index key has ${keyLength} bytes`);
  return createHmac('sha256', indexKey).update(`countersign/v1/index\n${tier}\n${word}`, 'utf8').digest();
}

function strings(value: Json): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object') return [];
  return (Object.values(value) as readonly Json[]).flatMap(strings);
}

/** Where fields stand and whose they are: what a term leads to, and what it is deleted with. */
export interface Indexed {
  readonly seq: number;
  readonly tier: Tier;
  readonly subject: string;
}

/** Parts `?1` into terms of 32 bytes, whatever their number, so that one statement serves every number of words. */
const eachTerm = `WITH RECURSIVE part(at) AS (SELECT 1 UNION ALL SELECT at + 32 FROM part WHERE at + 32 <= length(?1)),
sought(term) AS (SELECT substr(?1, at, 32) FROM part)`;

/** Stores the terms of one entry and tier; what is there already is left. One statement and so one commit. Throws DatabaseError. */
export async function insertTerms(database: Database, { seq, tier, subject }: Indexed, terms: readonly Uint8Array[]): Promise<void> {
  if (terms.length === 0) return;
  await database.all(
    `${eachTerm} INSERT INTO blind_index(tier, term, seq, subject) SELECT ?2, term, ?3, ?4 FROM sought WHERE true
ON CONFLICT(tier, term, seq) DO NOTHING`,
    [Buffer.concat(terms), tier, seq, subject],
  );
}

/** Fields of a tier that are stored behind entry `after` and not indexed yet, oldest first. Throws DatabaseError. */
export async function findUnindexed(database: Database, tier: Tier, limit: number, after = -1): Promise<readonly Indexed[]> {
  const rows = await database.all(
    `SELECT sealed.seq AS seq, vault.subject AS subject FROM sealed JOIN vault USING (kid)
WHERE sealed.tier = ?1 AND sealed.seq > ?3 AND NOT EXISTS (SELECT 1 FROM blind_index AS i WHERE i.seq = sealed.seq AND i.tier = ?1)
ORDER BY sealed.seq LIMIT ?2`,
    [tier, limit, after],
  );
  return rows.map((row) => ({ seq: Number(row['seq']), tier, subject: String(row['subject']) }));
}

/** Numbers of the entries whose fields of this tier hold all the terms, newest first; none for no terms. Throws DatabaseError. */
export async function searchTerms(database: Database, tier: Tier, terms: readonly Uint8Array[], limit: number): Promise<readonly number[]> {
  if (terms.length === 0) return [];
  const rows = await database.all(
    `${eachTerm} SELECT seq FROM blind_index WHERE tier = ?2 AND term IN (SELECT term FROM sought)
GROUP BY seq HAVING count(*) = (SELECT count(DISTINCT term) FROM sought) ORDER BY seq DESC LIMIT ?3`,
    [Buffer.concat(terms), tier, limit],
  );
  return rows.map((row) => Number(row['seq']));
}
