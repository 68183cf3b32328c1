/** Personal fields on their way into the log: sealed under keys that are made for one append and wiped behind it. */
import { DataKeys, type Personal } from './data-keys.ts';
import type { LogEntry } from './entry.ts';
import type { AppendableEvent } from './events.ts';
import type { LogStore } from './store.ts';
import type { TierRecipient } from './tier-keys.ts';

/** Whom personal fields are about, and what they say. */
export interface Person {
  /** Pseudonym, 32 hex digits. */
  readonly subject: string;
  readonly fields: Personal;
}

/**
 * Appends events in one commit; what is personal is sealed with the first. In a log that has no tiers it is dropped: nobody could ever have read
 * it. Throws as `LogStore.appendAll`, and RangeError for what is no pseudonym.
 */
export async function appendPersonal(
  log: Pick<LogStore, 'appendAll'>,
  tiers: readonly TierRecipient[],
  events: readonly AppendableEvent[],
  { subject, fields }: Person,
): Promise<readonly LogEntry[]> {
  const wanted = tiers.filter(({ tier }) => fields[tier] !== undefined);
  if (wanted.length === 0) return log.appendAll(events);
  const keys = await DataKeys.make(subject, wanted);
  try {
    return await log.appendAll(events, { keys, fields: Object.fromEntries(wanted.map(({ tier }) => [tier, fields[tier] ?? {}])) });
  } finally {
    keys.wipe();
  }
}
