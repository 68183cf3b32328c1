/**
 * What needs a second person: what was asked for is decided once, in time, by those whose role may, and by somebody else with another certificate and
 * another key; nobody is erased without a request that was confirmed.
 */
import { isHash, map, must } from './canonical.ts';
import type { Entry, Rules } from './chain.ts';
import { Fields } from './fields.ts';
import type { Signers } from './signers.ts';
import type { Signed } from './statement.ts';

/** A request or supplement that nobody has decided. */
interface Open extends Signed {
  readonly leaf: string;
  readonly operation: unknown;
  readonly until: string;
  /** Whose data are to be erased; absent for a supplement. */
  readonly subject?: unknown;
}

/** A file that an entry names. */
export interface NamedAttachment {
  /** Number of the entry. */
  readonly seq: number;
  readonly sha256: string;
  readonly size: number;
}

/** Who may ask for what, and who may be the second person to it. Whoever is not here may neither. */
const mayAsk = {
  supplement: new Set<unknown>(['clerk', 'supervisor', 'auditor', 'administrator']),
  erase: new Set<unknown>(['clerk', 'supervisor']),
};
const mayDecide = { supplement: new Set<unknown>(['supervisor', 'auditor']), erase: new Set<unknown>(['supervisor']) };

export class ConfirmationRules implements Rules {
  /** The attachments that the last entry names. */
  attachments: readonly NamedAttachment[] = [];
  readonly #signers: Signers;
  readonly #open = new Map<number, Open>();
  /** Requests to erase that were confirmed and not used, by number. */
  readonly #confirmed = new Map<number, { readonly confirm: number; readonly subject: unknown }>();
  /** The erasure that the entry before this one was part of. */
  #erasing: { readonly seq: number; readonly request: unknown; readonly confirm: unknown; readonly subject: unknown } | undefined;

  constructor(signers: Signers) {
    this.#signers = signers;
  }

  take(entry: Entry): void {
    this.attachments = [];
    switch (entry.op) {
      case 'supplement':
      case 'request':
        this.#ask(entry);
        break;
      case 'confirm':
      case 'reject':
        this.#decide(entry);
        break;
      case 'erase':
        this.#erase(entry);
    }
  }

  #ask(entry: Entry): void {
    const { seq, op, operation, fields, leaf, actor } = entry;
    const signed = this.#signers.check(entry);
    // A request that asks for anything else is refused below.
    const allowed = mayAsk[op === 'supplement' ? op : 'erase'].has(actor.get('role'));
    must(allowed, `entry ${seq}: it was asked for by somebody whose role may not ask for it`);
    const time = this.#lapse(entry);
    const until = fields.get('until');
    must(isTime(until) && until > time, `entry ${seq}: it does not say until when it waits for a second person`);
    const asked = { ...signed, leaf, operation, until };
    if (op === 'supplement') {
      this.#supplement(entry, time);
      this.#open.set(seq, asked);
      return;
    }
    const details = fields.get('details');
    const subject = details instanceof Fields ? details.get('subject') : undefined;
    must(fields.get('action') === 'erase' && typeof subject === 'string', `entry ${seq}: it does not say what is asked for`);
    this.#open.set(seq, { ...asked, subject });
  }

  #supplement({ seq, fields }: Entry, time: string): void {
    const occurred = map(fields.get('occurred'), seq);
    const [from, to] = [occurred.get('from'), occurred.get('to')];
    const told = isTime(from) && isTime(to) && from <= to && to <= time;
    must(told, `entry ${seq}: what it tells cannot have happened when it says`);
    const about = fields.get('about');
    must(about === undefined || (isNumber(about) && about < seq), `entry ${seq}: it adds to an entry that was not there`);
    const attachments = fields.get('attachments');
    must(Array.isArray(attachments), `entry ${seq}: it does not say which files belong to it`);
    this.attachments = attachments.map((one) => {
      const [sha256, size] = [map(one, seq).get('sha256'), map(one, seq).get('size')];
      must(isHash(sha256) && isNumber(size), `entry ${seq}: it does not say which files belong to it`);
      return { seq, sha256: sha256 as string, size };
    });
  }

  #decide(entry: Entry): void {
    const { seq, op, operation, fields, actor } = entry;
    const signed = this.#signers.check(entry);
    this.#lapse(entry);
    const named = fields.get('entry');
    const target = isNumber(named) ? this.#open.get(named) : undefined;
    must(target !== undefined, `entry ${seq}: it decides on nothing that was asked for, had no end and had not lapsed`);
    must(fields.get('entry_leaf') === target.leaf, `entry ${seq}: entry ${String(named)} is not the one that was decided on`);
    must(operation === target.operation, `entry ${seq}: it stands in another operation than what it decides on`);
    must(signed.id !== target.id, `entry ${seq}: nobody decides on what they asked for themselves`);
    const other = signed.certificate !== target.certificate && signed.key !== target.key;
    must(other, `entry ${seq}: it was signed with the certificate or the key of the person who asked`);
    const allowed = mayDecide[target.subject === undefined ? 'supplement' : 'erase'].has(actor.get('role'));
    must(allowed, `entry ${seq}: it was decided by somebody whose role may not decide it`);
    this.#open.delete(named as number);
    if (op === 'confirm' && target.subject !== undefined) this.#confirmed.set(named as number, { confirm: seq, subject: target.subject });
  }

  #erase(entry: Entry): void {
    const { seq, fields } = entry;
    this.#lapse(entry);
    const [request, confirm, subject] = [fields.get('request'), fields.get('confirm'), fields.get('subject')];
    const before = this.#erasing;
    const goesOn = before?.seq === seq - 1 && before.request === request && before.confirm === confirm && before.subject === subject;
    if (!goesOn) {
      const agreed = isNumber(request) ? this.#confirmed.get(request) : undefined;
      must(agreed !== undefined, `entry ${seq}: a person was erased without a request that was confirmed and not used before`);
      must(agreed.confirm === confirm, `entry ${seq}: entry ${String(confirm)} does not confirm what entry ${String(request)} asks for`);
      must(agreed.subject === subject, `entry ${seq}: another person was erased than entry ${String(request)} asks for`);
      this.#confirmed.delete(request as number);
    }
    this.#erasing = { seq, request, confirm, subject };
  }

  /** Forgets what nobody decided in time, and gives the time of the entry. What has lapsed stays so, also when the clock is set back. */
  #lapse({ seq, body }: Entry): string {
    const time = map(body.get('at'), seq).get('time') as string;
    for (const [number, { until }] of this.#open) if (until < time) this.#open.delete(number);
    return time;
  }
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) && !Number.isNaN(Date.parse(value));
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}
