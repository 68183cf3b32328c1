/**
 * Writes a table anew that has lost rows. `secure_delete` overwrites a row where it stands; but when SQLite splits and joins pages it moves
 * rows and may leave a copy in the unused middle of a page, which no later delete finds (seen: keys of deleted rows in the file). A table that
 * is dropped has every page of it overwritten with zeros, and what is kept goes into fresh ones.
 */
import type { Database } from './database.ts';
import { vaultObjects } from './vault-schema.ts';

/** The tables that lose rows, and their columns. */
const columns = {
  vault: 'id, subject, tier, kid, wrapped',
  blind_index: 'id, tier, term, seq, subject',
  tier_grant: 'id, tier, staff, wrapped',
} as const;

/** Writes one table anew inside the transaction of the caller; it takes as long as that table is large. Throws DatabaseError. */
export async function rebuildTable(database: Database, table: keyof typeof columns): Promise<void> {
  const own = vaultObjects.filter((sql) => new RegExp(`^CREATE TABLE ${table}\\(| ON ${table}\\b`).test(sql.split('\n', 1)[0] ?? ''));
  const kept = `${table}_kept`;
  await database.exec(`CREATE TABLE ${kept} AS SELECT ${columns[table]} FROM ${table}; DROP TABLE ${table}`);
  // The triggers come last: they are there to refuse, and what goes back was in the table before.
  for (const sql of own.filter((one) => !one.startsWith('CREATE TRIGGER'))) await database.exec(sql);
  await database.exec(`INSERT INTO ${table}(${columns[table]}) SELECT ${columns[table]} FROM ${kept} ORDER BY id; DROP TABLE ${kept}`);
  for (const sql of own.filter((one) => one.startsWith('CREATE TRIGGER'))) await database.exec(sql);
}
