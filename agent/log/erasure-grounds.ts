/**
 * Whether a person may be erased now: pure, over entries. Two persons with two certificates must have agreed, nobody may have refused, each agreement
 * counts once, both statements must be signed by whom they name, and no signature of the person may be under way.
 */
import type { LogEntry } from './entry.ts';
import { LogRefusal } from './errors.ts';
import type { EventOf, Op } from './events.ts';
import { openIntents, reconcileOps } from './reconcile.ts';
import { statementHolds } from './statement.ts';

/** What is to be erased, and the numbers of the entries that ask for it and agree to it. */
export interface ErasureOrder {
  /** Pseudonym of the person, 32 hex digits. */
  readonly subject: string;
  readonly request: number;
  readonly confirm: number;
}

/** The ops that `mustBeGrounded` looks at: enough to ask the store for. */
export const groundsOps = [...new Set<Op>(['request', 'confirm', 'reject', 'erase', ...reconcileOps])] as const;

/** Throws LogRefusal `not-allowed` with what is missing. `entries` must be in log order; those of other ops are passed over. */
export function mustBeGrounded(entries: readonly LogEntry[], { subject, request, confirm }: ErasureOrder): void {
  const refuse = (why: string): never => {
    throw new LogRefusal('not-allowed', why);
  };
  const asked = entries.find(({ seq }) => seq === request);
  const agreed = entries.find(({ seq }) => seq === confirm);
  if (asked?.event.op !== 'request') return refuse(`entry ${request} is no request`);
  // Other things may be asked for one day.
  const action: string = asked.event.action;
  if (action !== 'erase') return refuse(`entry ${request} does not ask for an erasure`);
  if (asked.event.details['subject'] !== subject) return refuse(`entry ${request} asks for the erasure of somebody else`);
  if (agreed?.event.op !== 'confirm') return refuse(`entry ${confirm} is no confirmation`);
  if (confirm <= request || agreed.event.entry !== request || agreed.event.entry_leaf !== asked.leaf)
    return refuse(`entry ${confirm} does not confirm entry ${request}`);
  if (isSame(asked.event, agreed.event)) return refuse(`entries ${request} and ${confirm} are by one person, and two are needed`);
  for (const { seq, origin, event } of [asked, agreed])
    if ((event.op === 'request' || event.op === 'confirm') && !statementHolds(origin, event))
      return refuse(`the signature in entry ${seq} does not hold`);
  for (const { seq, event } of entries) {
    if (event.op === 'reject' && event.entry === request) return refuse(`the request was rejected in entry ${seq}`);
    if (event.op === 'erase' && event.request === request) return refuse(`the request was carried out already, in entry ${seq}`);
  }
  const open = openIntents(entries).find(({ seq }) => entries.some((entry) => entry.seq === seq && entry.event.actor.id === subject));
  if (open !== undefined)
    return refuse(`a signature of this person was begun in entry ${open.seq} and has no end yet; starting the agent gives it one`);
}

/** One certificate, one key and one name are each one person. */
function isSame(one: EventOf<'request'>, other: EventOf<'confirm'>): boolean {
  return one.certificate_sha256 === other.certificate_sha256 || one.public_key === other.public_key || one.actor.id === other.actor.id;
}
