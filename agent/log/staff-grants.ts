/**
 * Who may read sealed fields: the keys of the tiers, wrapped for members of staff. What the entries of the log say counts; the tables hold the
 * wrapped keys, and change in the commit of the entry that says so.
 */
import { createHash } from 'node:crypto';
import type { Recipient } from './age-keys.ts';
import { stationActor } from './appender.ts';
import { makeIndexKey } from './blind-index.ts';
import type { Actor } from './catalogue.ts';
import type { Database } from './database.ts';
import { revokeGrants } from './erasure.ts';
import { LogRefusal } from './errors.ts';
import type { EventOf, Fields } from './events.ts';
import type { Tier } from './sealed-field.ts';
import type { SideTables } from './side-tables.ts';
import type { LogStore } from './store.ts';
import { makeTiers, type OpenTiers, type TierGrant, type TierRecipient, tiersOf } from './tier-keys.ts';
import { insertGrants, insertTiers, readTiers } from './vault.ts';

/** Roles that may be given keys of tiers. */
export const staffRoles = ['clerk', 'supervisor', 'auditor'] as const;
export type StaffRole = (typeof staffRoles)[number];

/** A member of staff as the log names them. */
export interface Staff {
  /** Pseudonym. */
  readonly id: string;
  readonly role: StaffRole;
}

/** Somebody who is to get keys, and what these are wrapped to. */
export interface NewStaff extends Staff {
  readonly recipient: Recipient;
  /** `age1...`, where it is a key and no passphrase. */
  readonly publicKey?: string;
}

/** Somebody who has keys. */
export interface Granted extends Staff {
  readonly tiers: readonly Tier[];
  /** `age1...`; absent where a passphrase opens them. */
  readonly publicKey?: string;
}

/** What the `key` entries say of sealing. */
export interface SealingFacts {
  /** None in a station that was made before there were tiers: there nothing is sealed. */
  readonly tiers: readonly TierRecipient[];
  readonly staff: readonly Granted[];
}

/** Reads the `key` entries, in log order. */
export function sealingFacts(keys: Iterable<Fields<'key'>>): SealingFacts {
  const tiers: TierRecipient[] = [];
  const staff = new Map<string, Granted>();
  for (const key of keys) {
    if (key.purpose === 'tier') tiers.push({ tier: key.tier, recipient: key.recipient });
    if (key.purpose !== 'staff') continue;
    if (key.action === 'revoked') staff.delete(key.staff);
    else {
      const { staff: id, role, grants, recipient } = key;
      staff.set(id, { id, role, tiers: grants.map(({ tier }) => tier), ...(recipient === undefined ? {} : { publicKey: recipient }) });
    }
  }
  return { tiers, staff: [...staff.values()] };
}

/** What an open log says of sealing. Throws LogUnavailable. */
export async function readSealing(log: Pick<LogStore, 'entries'>): Promise<SealingFacts> {
  return sealingFacts((await log.entries({ op: 'key' })).flatMap(({ event }) => (event.op === 'key' ? [event] : [])));
}

/** The keys that are stored must be those that the entries say: whoever exchanged one would read what is sealed from then on. Throws LogRefusal `broken`. */
export async function mustMatchTiers(database: Database, { tiers }: SealingFacts): Promise<void> {
  const stored = await readTiers(database);
  const same =
    stored.length === tiers.length && tiers.every((one) => stored.some((row) => row.tier === one.tier && row.recipient === one.recipient));
  if (!same) throw new LogRefusal('broken', 'the stored keys that personal fields are sealed to are not those that the log says');
}

/** The first entries of sealing, and what fills the tables with them. */
export interface NewSealing {
  readonly events: readonly EventOf<'key'>[];
  readonly fill: (inside: Database) => Promise<void>;
}

/**
 * Makes the keys of all tiers and wraps them for the first members of staff; nobody else can ever be given them but by one of these. Without any,
 * nobody can ever read what is sealed. Throws RangeError where one is named twice.
 */
export async function makeSealing(first: readonly NewStaff[]): Promise<NewSealing> {
  if (new Set(first.map(({ id }) => id)).size < first.length) throw new RangeError('two members of staff have one name');
  const { recipients, open } = makeTiers();
  try {
    const stored = await Promise.all(recipients.map(makeIndexKey));
    const granted: Grants[] = [];
    for (const one of first) granted.push(await wrapFor(open, one, stationActor));
    const made = recipients.map(({ tier, recipient }): EventOf<'key'> => ({
      op: 'key',
      actor: stationActor,
      purpose: 'tier',
      action: 'made',
      tier,
      recipient,
    }));
    return {
      events: [...made, ...granted.map(({ event }) => event)],
      fill: async (inside) => {
        await insertTiers(inside, stored);
        for (const { grants } of granted) await insertGrants(inside, grants);
      },
    };
  } finally {
    open.wipe();
  }
}

/** Makes the tiers of a log that had none. Throws as `SideTables.append`. */
export async function giveTiers(tables: SideTables, { events, fill }: NewSealing): Promise<void> {
  await tables.append(events, fill);
}

interface Grants {
  readonly grants: readonly TierGrant[];
  readonly event: EventOf<'key'>;
}

async function wrapFor(open: OpenTiers, to: NewStaff, actor: Actor): Promise<Grants> {
  const { id: staff, role, recipient, publicKey } = to;
  const grants: TierGrant[] = [];
  for (const tier of tiersOf(role)) grants.push(await open.grant(tier, { staff, role }, recipient));
  const hashes = grants.map(({ tier, wrapped }) => ({ tier, wrapped_sha256: createHash('sha256').update(wrapped).digest('hex') }));
  const key = publicKey === undefined ? {} : { recipient: publicKey };
  return { grants, event: { op: 'key', actor, purpose: 'staff', action: 'granted', staff, role, grants: hashes, ...key } };
}

/** Whoever gives or takes keys: somebody who has opened their own just now. */
export interface Granter extends Staff {
  readonly open: OpenTiers;
}

/** A log that is open for writing, and what its entries say. */
export interface SealingLog {
  readonly tables: SideTables;
  readonly facts: SealingFacts;
}

/**
 * Gives one more member of staff the keys that their role may have. Throws LogRefusal `not-allowed` when they have some already, when the granter is
 * neither supervisor nor auditor, or has not all these keys; and as `SideTables.append`.
 */
export async function grantStaff({ tables, facts }: SealingLog, by: Granter, to: NewStaff): Promise<void> {
  mayGrant(by);
  if (facts.staff.some(({ id }) => id === to.id)) throw new LogRefusal('not-allowed', `${to.id} has keys already; take them away first`);
  const missing = tiersOf(to.role).find((tier) => !by.open.tiers.includes(tier));
  if (missing !== undefined)
    throw new LogRefusal('not-allowed', `${by.id} does not have the key of the tier ${missing}, and so cannot give it to somebody else`);
  const { grants, event } = await wrapFor(by.open, to, { id: by.id, role: by.role });
  await tables.append([event], (inside) => insertGrants(inside, grants));
}

/**
 * Takes the keys of a member of staff away, also one's own. Returns whether they are out of the files already; see `SideTables.scrub`. Throws
 * LogRefusal `not-allowed` when they have none, when a tier would be left that nobody can open, or as `grantStaff`.
 */
export async function revokeStaff({ tables, facts }: SealingLog, by: Granter, staff: string): Promise<boolean> {
  mayGrant(by);
  const known = facts.staff.find(({ id }) => id === staff);
  if (known === undefined) throw new LogRefusal('not-allowed', `${staff} has no keys`);
  const left = facts.staff.filter(({ id }) => id !== staff).flatMap(({ tiers }) => tiers);
  const lost = known.tiers.find((tier) => !left.includes(tier));
  if (lost !== undefined)
    throw new LogRefusal('not-allowed', `nobody else has the key of the tier ${lost}, and what is sealed in it could never be read again`);
  const event: EventOf<'key'> = { op: 'key', actor: { id: by.id, role: by.role }, purpose: 'staff', action: 'revoked', staff };
  await tables.append([event], (inside) => revokeGrants(inside, staff));
  return tables.scrub();
}

function mayGrant({ id, role }: Granter): void {
  if (role === 'clerk')
    throw new LogRefusal('not-allowed', `${id} is a clerk, and only supervisors and auditors give keys or take them away`);
}
