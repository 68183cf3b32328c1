/** Reads the tables of sealed personal data for whoever checks them against the entries: a page at a time, and nothing of a log that has none. */
import { bytes, number, text } from './columns.ts';
import { type Database, DatabaseError, unreadable } from './database.ts';

/** Rows that are fetched at once: at most 8 MiB of ciphertext. */
const pageSize = 128;

/** A row of sealed fields, and whether the data key that opens it is stored. */
export interface StoredSealed {
  readonly seq: number;
  readonly tier: string;
  readonly kid: string;
  readonly salt: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly keyed: boolean;
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
    for (let [seq, tier]: readonly [number, string] = [-1, '']; ;) {
      const rows = await database.all(
        `SELECT seq, tier, kid, salt, ciphertext, EXISTS (SELECT 1 FROM vault WHERE vault.kid = sealed.kid AND vault.tier = sealed.tier) AS keyed
FROM sealed WHERE (seq, tier) > (?, ?) ORDER BY seq, tier LIMIT ?`,
        [seq, tier, pageSize],
      );
      for (const row of rows) {
        const { keyed } = row;
        const read = { seq: number(row, 'seq'), tier: text(row, 'tier'), kid: text(row, 'kid') };
        yield { ...read, salt: bytes(row, 'salt'), ciphertext: bytes(row, 'ciphertext'), keyed: keyed === 1 };
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

async function hasTable(database: Database, name: string): Promise<boolean> {
  return (await database.all("SELECT 1 FROM sqlite_schema WHERE name = ? AND type = 'table'", [name])).length > 0;
}
