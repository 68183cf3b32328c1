/**
 * The second implementation of the log's rules, for whoever does not trust the first: it imports nothing but its own reader of canonical
 * bytes. It reads rows in order, keeps no more than what is open, and names the first entry that is wrong.
 */
import { createHash } from 'node:crypto';
import { type Beside, BesideTheEntries } from './verify/beside.ts';
import { type Fields, must, readCanonical, writeAgain, Wrong } from './verify/canonical.ts';

/** One row, as it is stored: body bytes, and two hashes of 32 bytes. */
export interface Row {
  readonly seq: number;
  readonly body: Uint8Array;
  readonly leaf: Uint8Array;
  readonly prev: Uint8Array;
}

/** An entry that was written down elsewhere: its number and leaf (hex). Only this finds a tail that was cut off or made anew. */
export interface KnownEntry {
  readonly seq: number;
  readonly leaf: string;
}

export interface Verification {
  /** `unreadable`: the rows could not be read to their end, so nothing is said about the rest. */
  readonly verdict: 'intact' | 'broken' | 'unreadable';
  /** Entries that were found good, from 0 on. */
  readonly entries: number;
  /** Leaf of the last of these, hex. */
  readonly head?: string;
  /** Absent where the log says none. */
  readonly key?: string;
  /** Stored checkpoints that were found good. */
  readonly checkpoints: number;
  /** Without a number it is said of the log as a whole. */
  readonly bad?: { readonly seq?: number; readonly sentence: string };
  /** Intents without an outcome, by number: a signature is under way, or the agent ended and has not started again. */
  readonly openIntents: readonly number[];
  /** What reading threw. */
  readonly cause?: unknown;
}

/**
 * Checks a log from its first row to its last, and what is beside it. What `rows` throws becomes `unreadable`; throws Wrong only when the
 * checkpoint that was kept elsewhere is none.
 */
export async function verify(rows: AsyncIterable<Row>, known?: KnownEntry, beside: Beside = {}): Promise<Verification> {
  const chain = new Chain();
  const held = new BesideTheEntries(beside);
  const result = () => ({
    entries: chain.length,
    ...(chain.length === 0 ? {} : { head: chain.head }),
    ...(chain.publicKey === undefined ? {} : { key: chain.publicKey }),
    checkpoints: held.checkpoints,
    openIntents: [...chain.intents.keys()],
  });
  const broken = (seq: number | undefined, sentence: string): Verification => {
    return { verdict: 'broken', ...result(), bad: { ...(seq === undefined ? {} : { seq }), sentence } };
  };
  try {
    for await (const row of rows) {
      const place = chain.length;
      try {
        chain.take(row);
        await held.take(row.leaf, chain);
        if (chain.sealed !== undefined) held.seal(chain.sealed, place);
      } catch (error) {
        if (!(error instanceof Wrong)) throw error;
        return broken(Math.min(row.seq, place), error.message);
      }
      if (row.seq === known?.seq && chain.head !== known.leaf)
        return broken(row.seq, `entry ${row.seq} is not the one that was written down`);
    }
    if (chain.length === 0) return broken(0, 'the log holds no entry');
    await held.end(chain);
  } catch (cause) {
    if (cause instanceof Wrong) return broken(undefined, cause.message);
    return { verdict: 'unreadable', ...result(), cause };
  } finally {
    await held.release();
  }
  if (known !== undefined && known.seq >= chain.length)
    return broken(chain.length, `the log ends before entry ${known.seq}, which was written down`);
  return { verdict: 'intact', ...result() };
}

interface Intent {
  readonly operation: unknown;
  readonly document: unknown;
  readonly certificate: unknown;
  readonly consent: unknown;
  matched: boolean;
}

interface Consent {
  readonly operation: unknown;
  readonly certificate: unknown;
  /** Those that no signature was begun for yet, by digest, in their order. */
  readonly documents: unknown[];
}

const knownOps =
  'genesis boot clock-changed enrol document-in document-refused document-checked token-in token-out consent finger-matched finger-refused ' +
  'pin-wrong pin-locked sign.intent sign.done sign.failed sign.outcome-unknown token-test token-tested key seal';
const opNames: ReadonlySet<unknown> = new Set(knownOps.split(' '));
const roleNames: ReadonlySet<unknown> = new Set(['holder', 'clerk', 'supervisor', 'auditor', 'administrator', 'station']);

class Chain {
  length = 0;
  head = '0'.repeat(64);
  /** Intents without an outcome, by number. */
  readonly intents = new Map<number, Intent>();
  /** What the last entry says, if that is a seal. */
  sealed: Fields | undefined;
  /** The log's own key, hex, once an entry says it. */
  publicKey: string | undefined;
  /** Diagnostic signatures that were begun since the last start of the agent and have not ended. */
  readonly #tests = new Set<unknown>();
  /** Consents since the last start of the agent. No visit lives longer than that. */
  readonly #consents = new Map<unknown, Consent>();
  /** Whose log it is, as its first entry says. */
  origin: unknown;
  #boot: unknown;
  #boots = new Set<unknown>();
  #lastStart: number | undefined;
  #mono = 0;
  #time = '';

  take(row: Row): void {
    this.sealed = undefined;
    const seq = this.length;
    must(row.seq === seq, row.seq > seq ? `entry ${seq} is missing` : `entry ${row.seq} stands in a place that it cannot have`);
    const hash = createHash('sha256').update('\0').update(row.body).digest();
    must(hash.equals(row.leaf), `entry ${seq} was changed: its bytes do not have the hash that stands beside them`);
    const before = Buffer.from(row.prev).toString('hex');
    must(before === this.head, `entry ${seq} does not follow the entry before it`);
    const body = readCanonical(row.body, seq);
    must(body.get('v') === 1, `entry ${seq} is written in an unknown version`);
    must(body.get('seq') === seq && body.get('prev') === before, `entry ${seq} says another place than it stands in`);
    this.origin ??= body.get('origin');
    must(typeof this.origin === 'string' && body.get('origin') === this.origin, `entry ${seq} belongs to another log`);
    const op = body.get('op');
    must(opNames.has(op), `entry ${seq} is of an unknown kind`);
    this.#checkFrame(body, seq);
    this.#checkTime(map(body.get('at'), seq), op, seq, map(body.get('fields'), seq));
    this.#checkOp(op, body.get('operation'), map(body.get('fields'), seq), seq);
    this.head = hash.toString('hex');
    this.length += 1;
  }

  #checkFrame(body: Fields, seq: number): void {
    const names = [...body.keys()].filter((name) => name !== 'operation').join(' ');
    must(names === 'actor at fields op origin prev seq station v', `entry ${seq} does not have the fields that every entry has`);
    const actor = map(body.get('actor'), seq);
    must(typeof actor.get('id') === 'string' && roleNames.has(actor.get('role')), `entry ${seq} does not say who acted`);
    const station = map(body.get('station'), seq);
    const named = typeof station.get('software') === 'string' && isHash(station.get('config'));
    must(named, `entry ${seq} does not say which software made it`);
  }

  #checkTime(at: Fields, op: unknown, seq: number, fields: Fields): void {
    const [time, boot, mono] = [at.get('time'), at.get('boot'), at.get('mono')];
    const written = typeof time === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(time) && !Number.isNaN(Date.parse(time));
    must(written && typeof boot === 'string' && typeof mono === 'number' && mono >= 0, `entry ${seq} does not say when it was made`);
    must((op === 'genesis') === (seq === 0), seq === 0 ? 'entry 0 does not begin a log' : `entry ${seq} begins a log inside this one`);
    const starts = op === 'boot' || seq === 0;
    must(starts === (boot !== this.#boot), `entry ${seq} does not fit the starts of the agent`);
    if (starts) {
      must(!this.#boots.has(boot), `entry ${seq} belongs to a start of the agent that had ended`);
      must(seq === 0 || fields.get('previous') === this.#lastStart, `entry ${seq} does not name the start of the agent before it`);
      if (seq > 0) this.#lastStart = seq;
      this.#boots.add(boot);
      this.#consents.clear();
      this.#tests.clear();
    } else {
      must(mono >= this.#mono, `entry ${seq} was made before the entry before it`);
      must(
        time >= this.#time || op === 'clock-changed',
        `entry ${seq} has an earlier time than the entry before it, and no clock was changed`,
      );
    }
    [this.#boot, this.#mono, this.#time] = [boot, mono, time];
  }

  #checkOp(op: unknown, operation: unknown, fields: Fields, seq: number): void {
    const consent = fields.get('consent_sha256');
    if (op === 'consent') {
      const statement = map(fields.get('statement'), seq);
      const digest = createHash('sha256').update('countersign/v1/consent\n').update(writeAgain(statement));
      must(digest.digest('hex') === consent, `entry ${seq}: the consent does not have the digest that stands beside it`);
      this.#consents.set(consent, { operation, certificate: statement.get('certificate_sha256'), documents: documentsOf(statement, seq) });
    } else if (op === 'sign.intent') {
      const agreed = typeof operation === 'string' ? this.#consents.get(consent) : undefined;
      must(
        agreed !== undefined && agreed.operation === operation,
        `entry ${seq}: a signature was begun without a consent in the same operation`,
      );
      const [document, certificate] = [fields.get('document_sha256'), fields.get('certificate_sha256')];
      // Each document of a consent is signed once, and in its order.
      const named = agreed.documents.shift() === document && agreed.certificate === certificate;
      must(named, `entry ${seq}: the consent does not name this document next, or another certificate`);
      this.intents.set(seq, { operation, document, certificate, consent, matched: false });
    } else if (op === 'token-test') {
      this.#tests.add(seq);
    } else if (op === 'token-tested') {
      must(this.#tests.delete(fields.get('test')), `entry ${seq}: it ends no diagnostic signature that was begun and had not ended`);
    } else if (op === 'seal') {
      this.sealed = fields;
    } else if (op === 'key') {
      const known = fields.get('purpose') === 'log' && fields.get('action') === 'made' && isHash(fields.get('public_key'));
      must(known, `entry ${seq}: it does not say which key was made`);
      must(this.publicKey === undefined, `entry ${seq}: the log has a key already, and no second one is made`);
      this.publicKey = fields.get('public_key') as string;
    } else if (op === 'finger-matched') {
      for (const intent of this.intents.values()) if (intent.operation === operation && intent.consent === consent) intent.matched = true;
    } else if (op === 'sign.done' || op === 'sign.outcome-unknown' || (op === 'sign.failed' && fields.has('intent'))) {
      const named = fields.get('intent');
      const intent = typeof named === 'number' ? this.intents.get(named) : undefined;
      must(intent !== undefined, `entry ${seq}: it ends no signature that was begun and had not ended`);
      must(intent.operation === operation, `entry ${seq}: the signature it ends was begun in another operation`);
      if (op === 'sign.done') {
        const same = intent.document === fields.get('document_sha256') && intent.certificate === fields.get('certificate_sha256');
        must(same, `entry ${seq}: another document or certificate was signed with than entry ${String(named)} says`);
        must(intent.matched, `entry ${seq}: a signature was made before a finger had matched for its consent`);
        const waits = [...this.intents].some(([number, { consent: other }]) => number < (named as number) && other === intent.consent);
        must(!waits, `entry ${seq}: a document was signed before the one that stands before it in the consent had an end`);
      }
      this.intents.delete(named as number);
    }
  }
}

function map(value: unknown, seq: number): Fields {
  must(value instanceof Map, `entry ${seq} does not have the fields that every entry has`);
  return value as Fields;
}

/** The documents that a consent names: a list since version 2 of the statement, one before. */
function documentsOf(statement: Fields, seq: number): unknown[] {
  if (statement.get('v') === 1) return [statement.get('document_sha256')];
  const documents = statement.get('documents');
  must(statement.get('v') === 2 && Array.isArray(documents), `entry ${seq}: the consent is written in an unknown version`);
  return documents.map((document) => map(document, seq).get('sha256'));
}

function isHash(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}
