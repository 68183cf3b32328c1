/** A log with the sealed tables in it, and entries with personal fields, put in by hand as the appender will. */
import { rm } from 'node:fs/promises';
import { makeIndexKey, insertTerms, termsOf } from '../../../agent/log/blind-index.ts';
import { DataKeys, type Personal, type SealedFields } from '../../../agent/log/data-keys.ts';
import { type Database, openForWriting } from '../../../agent/log/database.ts';
import { leafHash, serialise } from '../../../agent/log/record.ts';
import { insertEntries } from '../../../agent/log/schema.ts';
import type { Tier } from '../../../agent/log/sealed-field.ts';
import { makeTiers, type OpenTiers } from '../../../agent/log/tier-keys.ts';
import { insertSealed, insertTiers, insertVault, readTiers, type StoredTier } from '../../../agent/log/vault.ts';
import { makeStationLog, origin } from './station-log.ts';

export const subjectOf = (digit: string): string => digit.repeat(32);

export interface SealedLog {
  readonly file: string;
  readonly database: Database;
  readonly stored: readonly StoredTier[];
  readonly open: OpenTiers;
  /** Appends one entry with personal fields, in one commit. The keys are not wiped. */
  append(subject: string, personal: Personal, keys?: DataKeys): Promise<SealedFields & { readonly seq: number; readonly keys: DataKeys }>;
  /** Indexes fields under the tier's index key. */
  index(subject: string, seq: number, tier: Tier, fields: Parameters<typeof termsOf>[2]): Promise<void>;
  indexKey(tier: Tier): Promise<Uint8Array>;
  remove(): Promise<void>;
}

export async function makeSealedLog(): Promise<SealedLog> {
  const { file, data } = await makeStationLog();
  const database = await openForWriting(file);
  const { recipients, open } = makeTiers();
  await database.exec('BEGIN IMMEDIATE');
  await insertTiers(database, await Promise.all(recipients.map(makeIndexKey)));
  await database.exec('COMMIT');
  const stored = await readTiers(database);
  const indexKey = (tier: Tier) => open.unwrapKey(tier, stored.find((one) => one.tier === tier)?.indexKey ?? new Uint8Array());
  return {
    file,
    database,
    stored,
    open,
    indexKey,
    append: async (subject, personal, keys) => {
      const own = keys ?? (await DataKeys.make(subject, stored));
      const [tip] = await database.all('SELECT seq, leaf FROM entry ORDER BY seq DESC LIMIT 1');
      const seq = Number(tip?.['seq']) + 1;
      const made = own.seal({ origin, seq }, personal);
      const prev = tip?.['leaf'] as Buffer;
      const body = Buffer.from(serialise({ v: 1, origin, seq, prev: prev.toString('hex'), sealed: made.sealed }));
      await database.exec('BEGIN IMMEDIATE');
      await insertEntries(database, [{ raw: { seq, body, leaf: leafHash(body), prev }, nodes: [] }]);
      await insertVault(database, made.vault);
      await insertSealed(database, made.rows);
      await database.exec('COMMIT');
      return { ...made, seq, keys: own };
    },
    index: async (subject, seq, tier, fields) => insertTerms(database, { seq, tier, subject }, termsOf(await indexKey(tier), tier, fields)),
    remove: async () => {
      await database.close();
      await rm(data, { recursive: true, force: true });
    },
  };
}
