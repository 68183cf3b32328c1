/**
 * Vouches: a member of staff signs that they know a holder whose finger cannot be used. Each is for another person than whoever vouches, holds for a day at
 * most and no longer than nobody sets the clock, and serves one consent, which names it.
 */
import { isHash, must } from './canonical.ts';
import type { Entry, Rules } from './chain.ts';
import { Fields } from './fields.ts';
import type { Signers } from './signers.ts';
import { keyIdentity, type Signed } from './statement.ts';

export interface Vouch extends Signed {
  readonly leaf: string;
  readonly until: string;
  /** SHA-256 of the certificate of the holder, hex. */
  readonly holder: string;
  /** Pseudonym of the holder. */
  readonly subject: unknown;
  /** A consent has used it up. */
  spent: boolean;
}

/** Vouches that may be open at one time; a station lets there be far fewer. */
const mostOpen = 1000;
const longestMs = 86_400_000;
const mayVouch: ReadonlySet<unknown> = new Set(['clerk', 'supervisor']);
const ways: ReadonlySet<unknown> = new Set(['identity-document', 'known-in-person']);

export class VouchRules implements Rules {
  readonly #signers: Signers;
  readonly #open = new Map<unknown, Vouch>();

  constructor(signers: Signers) {
    this.#signers = signers;
  }

  take(entry: Entry): void {
    // Nobody can tell any more how long ago it was.
    if (entry.op === 'clock-changed') this.#open.clear();
    if (entry.op === 'vouch') this.#vouch(entry);
  }

  /** The vouch that a consent names, where it is one for its certificate and has not lapsed when the consent was entered. */
  namedBy(consent: Entry, statement: Fields): Vouch | undefined {
    const named = statement.get('vouch');
    if (!(named instanceof Fields)) return undefined;
    const vouch = this.#open.get(named.get('entry'));
    const fits = vouch?.leaf === named.get('leaf') && vouch?.holder === statement.get('certificate_sha256');
    return fits && vouch !== undefined && timeOf(consent) <= vouch.until ? vouch : undefined;
  }

  /** Uses up the vouch that the consent of this entry names. Throws Wrong. */
  use({ seq, actor, fields }: Entry, named: Fields, vouch: Vouch | undefined): void {
    const number = fields.get('vouch');
    const says = named.get('entry') === number && named.get('leaf') === fields.get('vouch_leaf');
    must(says, `entry ${seq}: the consent names another vouch than this entry`);
    must(
      vouch !== undefined,
      `entry ${seq}: in entry ${String(number)} nobody vouched for this certificate, or it counted no longer when the holder consented`,
    );
    must(!vouch.spent, `entry ${seq}: the vouch in entry ${String(number)} has served another consent`);
    must(
      actor.get('role') === 'holder' && actor.get('id') === vouch.subject,
      `entry ${seq}: it is of another holder than entry ${String(number)}`,
    );
    const key = keyIdentity(fields.get('public_key'));
    must(key !== undefined, `entry ${seq}: it does not say the key of the holder`);
    const other = key !== vouch.key && this.#signers.ownerOfKey(key) !== vouch.id && this.#signers.ownerOf(vouch.holder) !== vouch.id;
    must(other, `entry ${seq}: the holder vouched for themselves in entry ${String(number)}`);
    vouch.spent = true;
    this.#open.delete(number);
  }

  #vouch(entry: Entry): void {
    const { seq, operation, actor, fields, leaf } = entry;
    const signed = this.#signers.check(entry);
    must(operation === undefined && mayVouch.has(actor.get('role')), `entry ${seq}: whoever made it may not vouch for anybody`);
    const [until, time, holder] = [fields.get('until'), timeOf(entry), fields.get('holder_certificate_sha256')];
    const ends = typeof until === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(until) ? Date.parse(until) : Number.NaN;
    must(ends - Date.parse(time) <= longestMs, `entry ${seq}: it does not end within a day`);
    const subject = fields.get('subject');
    must(
      isHash(holder) && typeof subject === 'string' && ways.has(fields.get('identified')),
      `entry ${seq}: it does not say whom it is for, and how they were known`,
    );
    const other = holder !== signed.certificate && this.#signers.ownerOf(holder) !== signed.id;
    must(other, `entry ${seq}: nobody vouches for themselves`);
    for (const [number, { until: end }] of this.#open) if (end < time) this.#open.delete(number);
    must(this.#open.size < mostOpen, `entry ${seq}: ${mostOpen} vouches before it serve nobody`);
    this.#open.set(seq, { ...signed, leaf, until: until as string, holder: holder as string, subject, spent: false });
  }
}

function timeOf({ body }: Entry): string {
  const at = body.get('at');
  return at instanceof Fields ? String(at.get('time')) : '';
}
