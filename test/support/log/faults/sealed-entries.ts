/** Entries with sealed fields in fault tests: the log that takes them, and what of them is left. */
import { makeIdentity, recipientOf, x25519Recipient } from '../../../../agent/log/age-keys.ts';
import { openForReading } from '../../../../agent/log/database.ts';
import { giveTiers, makeSealing } from '../../../../agent/log/staff-grants.ts';
import type { StationLog } from '../station-log.ts';

/** Gives a log its tiers, and one auditor who may read them. */
export async function giveSealing(log: StationLog): Promise<void> {
  const store = await log.open();
  const recipient = x25519Recipient(recipientOf(makeIdentity()));
  await giveTiers(store.tables, await makeSealing([{ id: 's-9', role: 'auditor', recipient }]));
  await store.close();
}

/** How many entries have sealed fields, and of how many fields and data keys each; NaN where they differ. */
export async function sealedIn(file: string): Promise<{ readonly entries: number; readonly keys: number; readonly fields: number }> {
  const reader = await openForReading(file);
  try {
    const rows = await reader.all(
      'SELECT count(*) AS fields, count(DISTINCT vault.kid) AS keys FROM sealed LEFT JOIN vault USING (kid, tier) GROUP BY seq',
    );
    const one = (column: string) => (new Set(rows.map((row) => row[column])).size === 1 ? Number(rows[0]?.[column]) : NaN);
    return { entries: rows.length, keys: one('keys'), fields: one('fields') };
  } finally {
    await reader.close();
  }
}
