/**
 * Erasure of a person: their data keys and words are deleted, their ciphertexts and salts blanked. Their entries stay, with commitments and
 * hashes that nobody can open any more, so every leaf and proof still holds. It is done only when no key and no word is left in the files.
 * Of a ciphertext a copy may be left in the unused middle of a page (see `rebuild.ts`); without its key it is noise.
 */
import type { Database } from './database.ts';
import { LogRefusal } from './errors.ts';
import { rebuildTable } from './rebuild.ts';

/** What an erasure takes: for the entry `erase`, so that a verifier can tell a blank row from a loss. */
export interface ErasurePlan {
  readonly subject: string;
  /** Ids of the data keys, in the order in which they were made. */
  readonly kids: readonly string[];
  /** Numbers of the entries that have sealed fields under these keys, ascending. */
  readonly entries: readonly number[];
}

/** What is there of a person. Throws DatabaseError. */
export async function planErasure(database: Database, subject: string): Promise<ErasurePlan> {
  const kids = await database.all('SELECT kid FROM vault WHERE subject = ? ORDER BY id', [subject]);
  const entries = await database.all(
    'SELECT DISTINCT seq FROM sealed WHERE kid IN (SELECT kid FROM vault WHERE subject = ?) ORDER BY seq',
    [subject],
  );
  return { subject, kids: kids.map((row) => String(row['kid'])), entries: entries.map((row) => Number(row['seq'])) };
}

/**
 * Erases a person inside the transaction of the caller, which also appends `erase` for the same plan. Throws LogRefusal `settings` before
 * anything is changed when SQLite would leave what it deletes in the file, `not-allowed` when there is more of the person than planned,
 * and DatabaseError.
 */
export async function erase(database: Database, plan: ErasurePlan): Promise<void> {
  await mustDeleteSecurely(database);
  const now = await planErasure(database, plan.subject);
  if (JSON.stringify(now) !== JSON.stringify(plan))
    throw new LogRefusal('not-allowed', 'something of this person was added or erased since the erasure was planned');
  // Only while the keys are there does anything say whose the ciphertexts are.
  await database.all(
    "UPDATE sealed SET ciphertext = x'', salt = x'' WHERE length(ciphertext) > 0 AND kid IN (SELECT kid FROM vault WHERE subject = ?)",
    [plan.subject],
  );
  await database.all('DELETE FROM blind_index WHERE subject = ?', [plan.subject]);
  await database.all('DELETE FROM vault WHERE subject = ?', [plan.subject]);
  await rebuildTable(database, 'blind_index');
  await rebuildTable(database, 'vault');
}

/** Takes all grants of a member of staff away, inside the transaction of the caller; `scrub` follows its commit. Throws as `erase`. */
export async function revokeGrants(database: Database, staff: string): Promise<void> {
  await mustDeleteSecurely(database);
  await database.all('DELETE FROM tier_grant WHERE staff = ?', [staff]);
  await rebuildTable(database, 'tier_grant');
}

/**
 * Takes what was deleted out of the files, after the commit. True when it is out; false while a reader of the database is in the way, and
 * then the erasure is not finished: call it again. Throws LogRefusal `settings` and DatabaseError.
 */
export async function scrub(database: Database): Promise<boolean> {
  await mustDeleteSecurely(database);
  const [row] = await database.all('PRAGMA wal_checkpoint(TRUNCATE)');
  return row?.['busy'] === 0;
}

async function mustDeleteSecurely(database: Database): Promise<void> {
  const [row] = await database.all('PRAGMA secure_delete');
  if (row?.['secure_delete'] !== 1)
    throw new LogRefusal('settings', 'SQLite runs without secure_delete: what it deletes stays in the file');
}
