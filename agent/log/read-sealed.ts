/** Reads the tables of sealed personal data for whoever checks them against the entries: a page at a time, and nothing of a log that has none. */
import { bytes, number, text } from './columns.ts';
import { type Database, DatabaseError, type Row, unreadable } from './database.ts';
import { LogRefusal } from './errors.ts';

/** Rows that are fetched at once: at most 8 MiB of ciphertext. */
const pageSize = 128;

/** A row of sealed fields, and the row of the data key that opens it where that is stored. */
export interface StoredSealed {
  readonly seq: number;
  readonly tier: string;
  readonly kid: string;
  readonly salt: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly key?: { readonly subject: string; readonly wrapped: Uint8Array };
}

/** The keys of the tiers, and for whom they are wrapped. */
export interface StoredKeys {
  readonly tiers: readonly { readonly tier: string; readonly recipient: string }[];
  readonly grants: readonly { readonly tier: string; readonly staff: string; readonly wrapped: Uint8Array }[];
}

/** Every row, by the number of its entry. Throws LogRefusal `unreadable`. */
export async function* readSealedRows(database: Database, file: string): AsyncGenerator<StoredSealed, void, undefined> {
  try {
    if (!(await hasTable(database, 'sealed'))) return;
    for (const table of ['sealed', 'vault']) await mustAgree(database, table);
    for (let [seq, tier]: readonly [number, string] = [-1, '']; ;) {
      const rows = await database.all(
        `SELECT seq, sealed.tier, sealed.kid, salt, ciphertext, subject, wrapped
FROM sealed LEFT JOIN vault ON vault.kid = sealed.kid AND vault.tier = sealed.tier WHERE (seq, sealed.tier) > (?, ?) ORDER BY seq, sealed.tier LIMIT ?`,
        [seq, tier, pageSize],
      );
      for (const row of rows) {
        const read = { seq: number(row, 'seq'), tier: text(row, 'tier'), kid: text(row, 'kid') };
        yield { ...read, salt: bytes(row, 'salt'), ciphertext: bytes(row, 'ciphertext'), ...keyOf(row) };
        ({ seq, tier } = read);
      }
      if (rows.length < pageSize) return;
    }
  } catch (error) {
    throw error instanceof DatabaseError ? unreadable(file, error) : error;
  }
}

/** The stored keys; none where the log has no tables for them. Throws LogRefusal `unreadable`. */
export async function readKeyRows(database: Database, file: string): Promise<StoredKeys> {
  try {
    if (!(await hasTable(database, 'tier_key'))) return { tiers: [], grants: [] };
    const tiers = await database.all('SELECT tier, recipient FROM tier_key');
    const grants = await database.all('SELECT tier, staff, wrapped FROM tier_grant');
    return {
      tiers: tiers.map((row) => ({ tier: text(row, 'tier'), recipient: text(row, 'recipient') })),
      grants: grants.map((row) => ({ tier: text(row, 'tier'), staff: text(row, 'staff'), wrapped: bytes(row, 'wrapped') })),
    };
  } catch (error) {
    throw error instanceof DatabaseError ? unreadable(file, error) : error;
  }
}

function keyOf(row: Row): Pick<StoredSealed, 'key'> {
  return row['wrapped'] === null ? {} : { key: { subject: text(row, 'subject'), wrapped: bytes(row, 'wrapped') } };
}

/** A row can be found by its index and read otherwise from the table: then an erasure would miss it, and this finds it. Throws LogRefusal `unreadable`. */
async function mustAgree(database: Database, table: string): Promise<void> {
  const [row] = await database.all(`PRAGMA integrity_check(${table})`);
  if (row?.['integrity_check'] !== 'ok')
    throw new LogRefusal('unreadable', `the table ${table} of the operation log and its indexes do not agree`);
}

async function hasTable(database: Database, name: string): Promise<boolean> {
  return (await database.all("SELECT 1 FROM sqlite_schema WHERE name = ? AND type = 'table'", [name])).length > 0;
}
