/**
 * Rows of the sealed tables, over the one handle of the log. Nothing here begins or ends a transaction: the caller writes an entry and what
 * it brings in one commit.
 */
import { bytes, number, otherThan, text } from './columns.ts';
import type { Database, Row } from './database.ts';
import type { VaultRow } from './data-keys.ts';
import { type Tier, tiers } from './sealed-field.ts';
import type { SealedRow } from './sealing.ts';
import type { TierGrant, TierRecipient } from './tier-keys.ts';

/** Stores data keys; one that is stored already is passed over, one whose id is taken by another is refused. Throws DatabaseError. */
export async function insertVault(database: Database, rows: readonly VaultRow[]): Promise<void> {
  for (const { subject, tier, kid, wrapped } of rows)
    await database.all(
      `INSERT INTO vault(subject, tier, kid, wrapped) SELECT ?1, ?2, ?3, ?4
WHERE NOT EXISTS (SELECT 1 FROM vault WHERE subject = ?1 AND tier = ?2 AND kid = ?3 AND wrapped = ?4)`,
      [subject, tier, kid, wrapped],
    );
}

/** Stores ciphertexts, after the entry and the data keys that they belong to. Throws DatabaseError. */
export async function insertSealed(database: Database, rows: readonly SealedRow[]): Promise<void> {
  for (const { seq, tier, kid, salt, ciphertext } of rows)
    await database.all('INSERT INTO sealed(seq, tier, kid, salt, ciphertext) VALUES (?, ?, ?, ?, ?)', [seq, tier, kid, salt, ciphertext]);
}

/** The ciphertext of one entry and tier, blank after an erasure; undefined where there is none. Throws DatabaseError. */
export async function findSealed(database: Database, seq: number, tier: Tier): Promise<SealedRow | undefined> {
  const [row] = await database.all('SELECT seq, tier, kid, salt, ciphertext FROM sealed WHERE seq = ? AND tier = ?', [seq, tier]);
  return row === undefined ? undefined : sealedRow(row);
}

/** The wrapped data key with this id; undefined where there is none, or none any more. Throws DatabaseError. */
export async function findVault(database: Database, kid: string): Promise<VaultRow | undefined> {
  const [row] = await database.all('SELECT subject, tier, kid, wrapped FROM vault WHERE kid = ?', [kid]);
  return row === undefined ? undefined : vaultRow(row);
}

/** A tier as it is stored: its recipient, and the key of its blind index wrapped to that recipient. */
export interface StoredTier extends TierRecipient {
  readonly indexKey: Uint8Array;
}

/** Stores the tiers of a new log, once. Throws DatabaseError. */
export async function insertTiers(database: Database, stored: readonly StoredTier[]): Promise<void> {
  for (const { tier, recipient, indexKey } of stored)
    await database.all('INSERT INTO tier_key(tier, recipient, index_key) VALUES (?, ?, ?)', [tier, recipient, indexKey]);
}

/** The tiers of the log, lowest first. What they say is proven by the `key` entries alone. Throws DatabaseError. */
export async function readTiers(database: Database): Promise<readonly StoredTier[]> {
  const rows = await database.all('SELECT tier, recipient, index_key FROM tier_key');
  const stored = rows.map((row) => ({ tier: tier(row), recipient: text(row, 'recipient'), indexKey: bytes(row, 'index_key') }));
  return stored.sort((a, b) => tiers.indexOf(a.tier) - tiers.indexOf(b.tier));
}

/** Stores grants; a member of staff has one for each tier, and the old one is revoked first. Throws DatabaseError. */
export async function insertGrants(database: Database, grants: readonly TierGrant[]): Promise<void> {
  for (const { tier, staff, wrapped } of grants)
    await database.all('INSERT INTO tier_grant(tier, staff, wrapped) VALUES (?, ?, ?)', [tier, staff, wrapped]);
}

/** The grants of one member of staff. Throws DatabaseError. */
export async function findGrants(database: Database, staff: string): Promise<readonly TierGrant[]> {
  const rows = await database.all('SELECT tier, staff, wrapped FROM tier_grant WHERE staff = ?', [staff]);
  return rows.map((row) => ({ tier: tier(row), staff: text(row, 'staff'), wrapped: bytes(row, 'wrapped') }));
}

function sealedRow(row: Row): SealedRow {
  return {
    seq: number(row, 'seq'),
    tier: tier(row),
    kid: text(row, 'kid'),
    salt: bytes(row, 'salt'),
    ciphertext: bytes(row, 'ciphertext'),
  };
}

function vaultRow(row: Row): VaultRow {
  return { subject: text(row, 'subject'), tier: tier(row), kid: text(row, 'kid'), wrapped: bytes(row, 'wrapped') };
}

function tier(row: Row): Tier {
  const found = tiers.find((one) => one === row['tier']);
  if (found === undefined) throw otherThan('tier');
  return found;
}
