/** The entries of a log, one after the other: each has its hash, its place, the fields that every entry has, and its time. What an op means is judged by the rules. */
import { AnchorRules } from './anchors.ts';
import { SealCadence } from './cadence.ts';
import { isHash, map, must, readCanonical } from './canonical.ts';
import { ConfirmationRules } from './confirmations.ts';
import { ExportRules } from './exports.ts';
import type { Fields } from './fields.ts';
import { leafHex } from './hash.ts';
import { KeyRules } from './keys.ts';
import { ReaderRules } from './readers.ts';
import { Recent } from './recent.ts';
import { RestoreRules } from './restore.ts';
import { SealedRules } from './sealed.ts';
import { Signers } from './signers.ts';
import { SigningRules } from './signing.ts';
import { TrialRules } from './trials.ts';
import { VouchRules } from './vouches.ts';

/** One row, as it is stored: body bytes, and two hashes of 32 bytes. */
export interface Row {
  readonly seq: number;
  readonly body: Uint8Array;
  readonly leaf: Uint8Array;
  readonly prev: Uint8Array;
}

/** An entry whose place, form and time were found good, for the rules of its op. */
export interface Entry {
  readonly seq: number;
  /** Leaf hash, hex. */
  readonly leaf: string;
  /** Whose log it is. */
  readonly origin: string;
  readonly op: unknown;
  readonly operation: unknown;
  readonly actor: Fields;
  readonly fields: Fields;
  /** The whole body. */
  readonly body: Fields;
}

/** What is asked of some of the ops. It sees every entry in order, keeps no more than what is open, and throws Wrong. */
export interface Rules {
  take(entry: Entry): void;
  /** The agent started: no visit lives longer than that. */
  start?(): void;
}

const knownOps =
  'genesis boot clock-changed enrol enrol-refused reader-pin reader-changed document-in document-refused document-checked token-in token-out consent finger-matched finger-refused ' +
  'pin-wrong pin-locked sign.intent sign.done sign.failed sign.outcome-unknown token-test token-tested key receipt seal anchor ' +
  'supplement request confirm reject vouch vouched statement-refused erase unseal export.begin export.done restore';
const opNames: ReadonlySet<unknown> = new Set(knownOps.split(' '));
/** The names that stand in an entry, in their order: of one that belongs to an operation, or in which something is sealed, too. */
const frames: ReadonlySet<string> = new Set(
  ['', 'operation '].flatMap((operation) =>
    ['', 'sealed '].map((sealed) => `actor at fields op ${operation}origin prev ${sealed}seq station v`),
  ),
);
const roleNames: ReadonlySet<unknown> = new Set(['holder', 'clerk', 'supervisor', 'auditor', 'administrator', 'station']);

const timeShape = /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

export class Chain {
  length = 0;
  head = '0'.repeat(64);
  /** What the last entry says, if that is a seal. */
  sealed: Fields | undefined;
  /** Whose log it is, as its first entry says. */
  origin: unknown;
  readonly #signers = new Signers();
  readonly #vouches = new VouchRules(this.#signers);
  readonly signing = new SigningRules(this.#vouches);
  readonly keys = new KeyRules();
  readonly restore = new RestoreRules();
  readonly personal = new SealedRules();
  readonly confirmations = new ConfirmationRules(this.#signers);
  readonly cadence = new SealCadence();
  readonly #rules: readonly Rules[] = [
    this.#vouches,
    this.signing,
    this.keys,
    this.restore,
    this.personal,
    this.confirmations,
    this.cadence,
    new TrialRules(),
    new AnchorRules(),
    new ExportRules(),
    new ReaderRules(),
    // Last: the others ask about the entries before this one.
    this.#signers,
  ];
  #boot: unknown;
  /** Starts of the agent that had ended: the last of them, which are 27 years of daily starts. */
  readonly #boots = new Recent<unknown, true>(10_000);
  #lastStart: number | undefined;
  #mono = 0;
  #time = '';
  /** A day that there is, with the T behind it. */
  #day = '-';

  /** The log's own key, hex, once an entry says it. */
  get publicKey(): string | undefined {
    return this.keys.publicKey;
  }

  /** Takes the next row. Throws Wrong with what is wrong with it. */
  take(row: Row): void {
    this.sealed = undefined;
    const seq = this.length;
    must(row.seq === seq, row.seq > seq ? `entry ${seq} is missing` : `entry ${row.seq} stands in a place that it cannot have`);
    const leaf = leafHex(row.body);
    must(leaf === hex(row.leaf), `entry ${seq} was changed: its bytes do not have the hash that stands beside them`);
    const before = hex(row.prev);
    must(before === this.head, `entry ${seq} does not follow the entry before it`);
    const body = readCanonical(row.body, seq);
    must(body.get('v') === 1, `entry ${seq} is written in an unknown version`);
    must(body.get('seq') === seq && body.get('prev') === before, `entry ${seq} says another place than it stands in`);
    const origin = (this.origin ??= body.get('origin'));
    must(typeof origin === 'string' && body.get('origin') === origin, `entry ${seq} belongs to another log`);
    const op = body.get('op');
    must(opNames.has(op), `entry ${seq} is of an unknown kind`);
    this.#checkFrame(body, seq);
    const fields = map(body.get('fields'), seq);
    this.#checkTime(map(body.get('at'), seq), op, seq, fields);
    const entry = { seq, leaf, origin, op, operation: body.get('operation'), actor: map(body.get('actor'), seq), fields, body };
    for (const rules of this.#rules) rules.take(entry);
    if (op === 'seal') this.sealed = fields;
    this.head = leaf;
    this.length += 1;
  }

  #checkFrame(body: Fields, seq: number): void {
    must(frames.has(body.names().join(' ')), `entry ${seq} does not have the fields that every entry has`);
    const actor = map(body.get('actor'), seq);
    must(typeof actor.get('id') === 'string' && roleNames.has(actor.get('role')), `entry ${seq} does not say who acted`);
    const station = map(body.get('station'), seq);
    const named = typeof station.get('software') === 'string' && isHash(station.get('config'));
    must(named, `entry ${seq} does not say which software made it`);
  }

  #checkTime(at: Fields, op: unknown, seq: number, fields: Fields): void {
    const [time, boot, mono] = [at.get('time'), at.get('boot'), at.get('mono')];
    must(
      typeof time === 'string' && this.#isTime(time) && typeof boot === 'string' && typeof mono === 'number' && mono >= 0,
      `entry ${seq} does not say when it was made`,
    );
    must((op === 'genesis') === (seq === 0), seq === 0 ? 'entry 0 does not begin a log' : `entry ${seq} begins a log inside this one`);
    const starts = op === 'boot' || seq === 0;
    must(starts === (boot !== this.#boot), `entry ${seq} does not fit the starts of the agent`);
    if (starts) {
      must(!this.#boots.has(boot), `entry ${seq} belongs to a start of the agent that had ended`);
      must(seq === 0 || fields.get('previous') === this.#lastStart, `entry ${seq} does not name the start of the agent before it`);
      if (seq > 0) this.#lastStart = seq;
      // A copy: a part of a text keeps the whole text in memory.
      this.#boots.set(Buffer.from(boot).toString(), true);
      for (const rules of this.#rules) rules.start?.();
    } else {
      must(mono >= this.#mono, `entry ${seq} was made before the entry before it`);
      must(
        time >= this.#time || op === 'clock-changed',
        `entry ${seq} has an earlier time than the entry before it, and no clock was changed`,
      );
    }
    [this.#boot, this.#mono, this.#time] = [boot, mono, time];
  }

  /** RFC 3339 in UTC with milliseconds. The day is looked at once: most entries are of the same day as the one before. */
  #isTime(time: string): boolean {
    if (!timeShape.test(time)) return false;
    if (time.startsWith(this.#day)) return true;
    if (Number.isNaN(Date.parse(time))) return false;
    this.#day = time.slice(0, 11);
    return true;
  }
}

function hex(bytes: Uint8Array): string {
  return (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).toString('hex');
}
