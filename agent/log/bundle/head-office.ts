/** The key of head office that bundles are encrypted to: the station knows the recipient and never the identity. */
import { stationActor } from '../appender.ts';
import type { LogEntry } from '../entry.ts';
import type { EventOf } from '../events.ts';

/** The entry with which the log says whom bundles are encrypted to from now on. */
export function headOfficeTaken(recipient: string): EventOf<'key'> {
  return { op: 'key', actor: stationActor, purpose: 'head-office', action: 'taken', recipient };
}

/** The recipient that counts, `age1...`: the newest. `entries` in log order; ops other than `key` are passed over. */
export function headOfficeOf(entries: Iterable<LogEntry>): string | undefined {
  let recipient: string | undefined;
  for (const { event } of entries) if (event.op === 'key' && event.purpose === 'head-office') recipient = event.recipient;
  return recipient;
}
