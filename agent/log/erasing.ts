/** Carries out the erasure of a person in a log that is open: what says so and what it takes is one commit, and then the files are cleared. */
import { stationActor } from './appender.ts';
import { erase, planErasure } from './erasure.ts';
import { type ErasureOrder, groundsOps, mustBeGrounded } from './erasure-grounds.ts';
import type { EventOf } from './events.ts';
import type { LogStore } from './store.ts';

/** Ids of data keys that one `erase` has room for. */
const mostKids = 1500;

export interface Erased {
  /** Number of the first `erase`. */
  readonly entry: number;
  /** Data keys that are gone. */
  readonly keys: number;
  /** Numbers of the entries whose sealed fields are gone. */
  readonly entries: readonly number[];
  /** False while somebody reads the database: then what was deleted is still in its files; see `SideTables.scrub`. */
  readonly isOut: boolean;
}

/**
 * Erases a person, once, as two persons agreed. Throws LogRefusal `not-allowed` as `mustBeGrounded`, or when more of the person came in meanwhile, and
 * `settings`; nothing was changed then. Throws LogUnavailable as `LogStore.appendAll`.
 */
export async function erasePerson(log: LogStore, order: ErasureOrder): Promise<Erased> {
  const { subject, request, confirm } = order;
  mustBeGrounded(await log.entries({ op: groundsOps }), order);
  const plan = await log.tables.use((inside) => planErasure(inside, subject));
  const events: EventOf<'erase'>[] = [];
  for (let at = 0; at === 0 || at < plan.kids.length; at += mostKids)
    events.push({ op: 'erase', actor: stationActor, subject, request, confirm, kids: plan.kids.slice(at, at + mostKids) });
  const [first] = await log.tables.append(events, (inside) => erase(inside, plan));
  return { entry: first?.seq ?? log.size - 1, keys: plan.kids.length, entries: plan.entries, isOut: await log.tables.scrub() };
}
