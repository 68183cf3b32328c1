/**
 * What was asked for and needs a second person, and what became of it: read from the log's own entries in their order, so there is no second record that
 * could disagree with it. Who may ask and who may decide is not judged here (`agent/people/confirmation.ts`).
 */
import type { Actor } from './catalogue.ts';
import type { LogEntry } from './entry.ts';
import type { Fields, Op } from './events.ts';

/** The ops that this reads; entries of other ops need not be given. */
export const confirmationOps = ['supplement', 'request', 'confirm', 'reject', 'erase', 'vouch'] as const satisfies readonly Op[];

/** Numbers are those of entries. `used`: what was confirmed was done, in `erases`. `lapsed`: nobody decided in time. */
export type AskedState =
  | { readonly is: 'open' }
  | { readonly is: 'confirmed'; readonly confirm: number }
  | { readonly is: 'rejected'; readonly reject: number; readonly reason: string }
  | { readonly is: 'used'; readonly confirm: number; readonly erases: readonly number[] }
  | { readonly is: 'lapsed' };

/** A supplement or a request. */
export interface Asked {
  readonly seq: number;
  /** Leaf of its entry, hex. */
  readonly leaf: string;
  /** When it was entered, RFC 3339. */
  readonly at: string;
  readonly act: 'supplement' | 'erase';
  readonly actor: Actor;
  readonly certificateSha256: string;
  /** SPKI, DER, hex. */
  readonly publicKey: string;
  readonly operation?: string;
  /** Until when it may be decided, RFC 3339. */
  readonly until: string;
  /** Whose data are to be erased. */
  readonly subject?: string;
  readonly state: AskedState;
}

/** The entry that confirms a request and the request itself, as `erase` names them. */
export interface ConfirmedErasure {
  readonly request: number;
  readonly confirm: number;
}

export class Confirmations {
  readonly #asked = new Map<number, Asked>();
  /** Numbers of those that nobody has decided and that have not lapsed. */
  readonly #open = new Set<number>();
  /** Whose each certificate and each key is, as the statements in the log have it. */
  readonly #owners = new Map<string, string>();

  /** Takes one entry in log order. What does not fit the entries before it is passed over: `log verify` names that. */
  take(entry: LogEntry): void {
    const { event, seq, at } = entry;
    if (!confirmationOps.some((op) => op === event.op)) return;
    this.#lapse(at.time);
    if ('seen' in event) for (const name of [event.certificate_sha256, event.public_key]) this.#owners.set(name, event.actor.id);
    if (event.op === 'supplement' || event.op === 'request') {
      this.#asked.set(seq, readAsked(entry, event));
      this.#open.add(seq);
    }
    if (event.op === 'confirm') this.#decide(event, { is: 'confirmed', confirm: seq });
    if (event.op === 'reject') this.#decide(event, { is: 'rejected', reject: seq, reason: event.reason });
    if (event.op === 'erase') this.#erase(event, seq);
  }

  /** What entry `seq` asked for, as it stands at `time` (RFC 3339, UTC, milliseconds); undefined where it asked for nothing. */
  of(seq: number, time: string): Asked | undefined {
    const asked = this.#asked.get(seq);
    return asked === undefined ? undefined : standing(asked, time);
  }

  /** All that was asked for, oldest first, as it stands at `time`. */
  all(time: string): readonly Asked[] {
    return [...this.#asked.values()].map((asked) => standing(asked, time));
  }

  /** Who has signed a statement with this certificate or this key (hex), by pseudonym: neither may serve another person. */
  ownerOf({ certificateSha256, publicKey }: Pick<Asked, 'certificateSha256' | 'publicKey'>): string | undefined {
    return this.#owners.get(certificateSha256) ?? this.#owners.get(publicKey);
  }

  /** The oldest request to erase this person that was confirmed and not used. */
  confirmedErasure(subject: string): ConfirmedErasure | undefined {
    for (const { seq, subject: whose, state } of this.#asked.values())
      if (whose === subject && state.is === 'confirmed') return { request: seq, confirm: state.confirm };
    return undefined;
  }

  #decide({ entry, entry_leaf: leaf }: Fields<'confirm'>, state: AskedState): void {
    const target = this.#asked.get(entry);
    if (target?.leaf !== leaf || !this.#open.delete(entry)) return;
    this.#asked.set(entry, { ...target, state });
  }

  #erase({ request, confirm, subject }: Fields<'erase'>, seq: number): void {
    const target = this.#asked.get(request);
    if (target?.subject !== subject || !('confirm' in target.state) || target.state.confirm !== confirm) return;
    const before = target.state.is === 'used' ? target.state.erases : [];
    this.#asked.set(request, { ...target, state: { is: 'used', confirm, erases: [...before, seq] } });
  }

  /** What has lapsed once stays so, also when the clock is set back afterwards. */
  #lapse(time: string): void {
    for (const seq of this.#open) {
      const asked = this.#asked.get(seq);
      if (asked === undefined || asked.until >= time) continue;
      this.#open.delete(seq);
      this.#asked.set(seq, { ...asked, state: { is: 'lapsed' } });
    }
  }
}

function standing(asked: Asked, time: string): Asked {
  return asked.state.is === 'open' && asked.until < time ? { ...asked, state: { is: 'lapsed' } } : asked;
}

function readAsked({ seq, leaf, at: { time } }: LogEntry, event: Extract<LogEntry['event'], { op: 'supplement' | 'request' }>): Asked {
  return {
    seq,
    leaf,
    at: time,
    act: event.op === 'supplement' ? 'supplement' : event.action,
    actor: event.actor,
    certificateSha256: event.certificate_sha256,
    publicKey: event.public_key,
    ...(event.operation === undefined ? {} : { operation: event.operation }),
    until: event.until,
    ...(event.op === 'request' ? { subject: event.details.subject } : {}),
    state: { is: 'open' },
  };
}
