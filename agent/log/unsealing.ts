/** What a member of staff reads of sealed fields. It is in the log before they see it. */
import { AgeRefusal } from './age-keys.ts';
import type { Database } from './database.ts';
import type { LogEntry } from './entry.ts';
import type { EventOf, Fields } from './events.ts';
import { type JsonObject, NotCanonical } from './record.ts';
import type { Tier } from './sealed-field.ts';
import { catchUp, readSealed, searchSealed } from './sealed-reading.ts';
import { SealRefusal } from './sealing.ts';
import type { Staff } from './staff-grants.ts';
import type { LogStore } from './store.ts';
import type { OpenTiers } from './tier-keys.ts';

/** Who reads, with the tiers that they opened. */
export interface Reader {
  readonly log: LogStore;
  readonly person: Staff;
  readonly tiers: OpenTiers;
}

/** What stands in one tier of one entry: its fields, or why they do not open (`not-authentic` also where their data key was changed). */
export type Reading =
  { readonly tier: Tier; readonly fields: JsonObject } | { readonly tier: Tier; readonly refused: SealRefusal['code'] | 'locked' };

/** An entry and what its reader may see of it, by tier. */
export interface Unsealed {
  readonly entry: LogEntry;
  /** Pseudonym of the person whom it is about; absent where nothing is sealed. */
  readonly subject?: string;
  readonly readings: readonly Reading[];
}

/** Numbers of entries that one `unseal` has room for. */
const mostNumbers = 3000;
/** Entries with sealed fields that are read at one time: as many as one commit of `unseal` entries can name. */
export const mostRead = 100_000;

/** Opens what is sealed in these entries, of which there are `mostRead` at most. Throws as `LogStore.appendAll`, and DatabaseError. */
export async function unseal(
  { log, person, tiers }: Reader,
  entries: readonly LogEntry[],
  how: Fields<'unseal'>['how'] = 'shown',
): Promise<readonly Unsealed[]> {
  const readable = entries.filter(({ sealed = [] }) => sealed.some(({ tier }) => tiers.tiers.includes(tier))).map(({ seq }) => seq);
  await note(log, person, tiers, readable, how);
  const read: Unsealed[] = [];
  for (const entry of entries) {
    const readings: Reading[] = [];
    for (const { tier } of entry.sealed ?? [])
      readings.push(await log.tables.use((inside) => readOne({ database: inside, origin: log.origin, tiers }, entry.seq, tier)));
    read.push({ entry, readings, ...(readings.length === 0 ? {} : { subject: subjectOf(entry) }) });
  }
  return read;
}

/** What a search found, newest first, and how many fields could not be put into the index because they do not open. */
export interface Found {
  readonly found: readonly Unsealed[];
  readonly refused: number;
}

/** Finds the entries in whose fields of one tier all the words stand, and opens them. Throws as `unseal`. */
export async function searchAndUnseal(reader: Reader, words: string, limit: number): Promise<Found> {
  const { log, tiers } = reader;
  const numbers = new Set<number>();
  const refused = new Set<number>();
  for (const tier of tiers.tiers) {
    const search = async (database: Database) => {
      const source = { database, origin: log.origin, tiers };
      for (const seq of (await catchUp(source, tier)).refused) refused.add(seq);
      return searchSealed(source, tier, words, limit);
    };
    for (const seq of await log.tables.use(search)) numbers.add(seq);
  }
  const entries: LogEntry[] = [];
  for (const seq of [...numbers].sort((a, b) => b - a).slice(0, limit)) entries.push(...(await log.entries({ from: seq, to: seq })));
  return { found: await unseal(reader, entries, 'searched'), refused: refused.size };
}

/** The holder who acts, or the one who is enrolled, or is about to be. */
function subjectOf({ event }: LogEntry): string {
  return event.op === 'enrol' || event.op === 'reader-pin' ? event.subject : event.actor.id;
}

async function note(
  log: LogStore,
  { id, role }: Staff,
  { tiers }: OpenTiers,
  entries: readonly number[],
  how: Fields<'unseal'>['how'],
): Promise<void> {
  const events: EventOf<'unseal'>[] = [];
  for (let at = 0; at === 0 || at < entries.length; at += mostNumbers)
    events.push({ op: 'unseal', actor: { id, role }, how, tiers: [...tiers], entries: entries.slice(at, at + mostNumbers) });
  await log.appendAll(events);
}

async function readOne(source: Parameters<typeof readSealed>[0], seq: number, tier: Tier): Promise<Reading> {
  if (!source.tiers.tiers.includes(tier)) return { tier, refused: 'locked' };
  try {
    const { value, evidence } = await readSealed(source, seq, tier);
    evidence.fill(0);
    return { tier, fields: value };
  } catch (error) {
    if (error instanceof SealRefusal) return { tier, refused: error.code };
    if (error instanceof AgeRefusal || error instanceof NotCanonical) return { tier, refused: 'not-authentic' };
    throw error;
  }
}
