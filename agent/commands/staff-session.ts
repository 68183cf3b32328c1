/** A member of staff at the terminal with the tiers that they opened. It writes the log, because whoever reads what is sealed leaves an entry. */
import { configDigest, readConfig, stationPaths } from '../config.ts';
import { AgeRefusal } from '../log/age-keys.ts';
import { LogRefusal } from '../log/errors.ts';
import { type Granted, readSealing, type SealingFacts } from '../log/staff-grants.ts';
import type { LogStore } from '../log/store.ts';
import { type OpenTiers, unlockTiers } from '../log/tier-keys.ts';
import { findGrants } from '../log/vault.ts';
import { openStationLog } from '../opening.ts';
import { StartRefused } from '../refusals.ts';
import { software } from '../version.ts';
import { staffIdentity } from './staff-key.ts';

export interface StaffSession {
  readonly log: LogStore;
  readonly facts: SealingFacts;
  readonly person: Granted;
  readonly tiers: OpenTiers;
}

/**
 * Opens the log and lends it. Throws StartRefused when it cannot be opened, or the agent has it; then it says that the agent must be stopped, and why.
 */
export async function withLog<T>(data: string, why: string, run: (log: LogStore) => Promise<T>): Promise<T> {
  const config = await readConfig(data);
  const options = { software, configDigest: configDigest(config) };
  const { log } = await openStationLog(stationPaths(data, config), config, options).catch((error: unknown) => {
    const isTaken = error instanceof StartRefused && error.cause instanceof LogRefusal && error.cause.code === 'in-use';
    throw isTaken ? new StartRefused(`The agent of this station is running, and ${why}. Stop it first.`, 2, error) : error;
  });
  try {
    return await run(log);
  } catch (error) {
    throw error instanceof LogRefusal && error.code === 'not-allowed' ? new StartRefused(`Refused: ${error.message}.`, 1, error) : error;
  } finally {
    await log.close();
  }
}

/**
 * Opens the tiers of a member of staff with the identity in `file`, or else their passphrase, and lends them. Throws StartRefused when they have no
 * keys or these do not open, which is entered in the log; and as `withLog`.
 */
export async function withStaff<T>(
  data: string,
  { id, file, why }: { readonly id: string; readonly file: string | undefined; readonly why: string },
  run: (session: StaffSession) => Promise<T>,
): Promise<T> {
  return withLog(data, why, async (log) => {
    const facts = await readSealing(log);
    if (facts.tiers.length === 0)
      throw new StartRefused(`Nothing is sealed in this log yet. Make the keys for it with: countersign log staff make --data ${data}`, 1);
    const person = facts.staff.find((one) => one.id === id);
    if (person === undefined)
      throw new StartRefused(`${id} has no keys here. Who has, is listed by: countersign log staff --data ${data}`, 1);
    const tiers = await unlock(log, facts, person, file);
    try {
      return await run({ log, facts, person, tiers });
    } finally {
      tiers.wipe();
    }
  });
}

async function unlock(log: LogStore, facts: SealingFacts, person: Granted, file: string | undefined): Promise<OpenTiers> {
  const { id, role, tiers } = person;
  const grants = await log.tables.use((inside) => findGrants(inside, id));
  const { key: identity, wipe } = await staffIdentity(id, file);
  try {
    return await unlockTiers({ staff: id, role, identity }, grants, facts.tiers);
  } catch (cause) {
    if (!(cause instanceof AgeRefusal)) throw cause;
    await log.append({ op: 'unseal', actor: { id, role }, how: 'refused', tiers: [...tiers], entries: [] });
    const what = file === undefined ? 'the passphrase' : 'the identity';
    throw new StartRefused(
      `The keys of ${id} do not open: ${what} is not theirs, or a stored key was changed. The log says that it was tried.`,
      1,
      cause,
    );
  } finally {
    wipe();
  }
}
