/**
 * The second implementation of the log's rules, for whoever does not trust the first: it imports nothing of this project. It reads rows in
 * order, keeps no more than what is open, and names the first entry that is wrong.
 */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';

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
  readonly bad?: { readonly seq: number; readonly sentence: string };
  /** Intents without an outcome, by number: a signature is under way, or the agent ended and has not started again. */
  readonly openIntents: readonly number[];
  /** What reading threw. */
  readonly cause?: unknown;
}

/** Checks a log from its first row to its last. Throws nothing: what `rows` throws becomes `unreadable`. */
export async function verify(rows: AsyncIterable<Row>, known?: KnownEntry): Promise<Verification> {
  const chain = new Chain();
  const result = () => ({
    entries: chain.length,
    ...(chain.length === 0 ? {} : { head: chain.head }),
    openIntents: [...chain.intents.keys()],
  });
  const broken = (seq: number, sentence: string): Verification => ({ verdict: 'broken', ...result(), bad: { seq, sentence } });
  try {
    for await (const row of rows) {
      const place = chain.length;
      try {
        chain.take(row);
      } catch (error) {
        if (!(error instanceof Wrong)) throw error;
        return broken(Math.min(row.seq, place), error.message);
      }
      if (row.seq === known?.seq && chain.head !== known.leaf)
        return broken(row.seq, `entry ${row.seq} is not the one that was written down`);
    }
  } catch (cause) {
    return { verdict: 'unreadable', ...result(), cause };
  }
  if (chain.length === 0) return broken(0, 'the log holds no entry');
  if (known !== undefined && known.seq >= chain.length)
    return broken(chain.length, `the log ends before entry ${known.seq}, which was written down`);
  return { verdict: 'intact', ...result() };
}

/** A rule that an entry breaks; the message is a sentence for a person. */
class Wrong extends Error {}

function must(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new Wrong(sentence);
}

type Fields = ReadonlyMap<string, unknown>;

interface Intent {
  readonly operation: unknown;
  readonly document: unknown;
  readonly certificate: unknown;
  readonly consent: unknown;
  matched: boolean;
}

const knownOps =
  'genesis boot clock-changed enrol document-in document-refused token-in token-out consent finger-matched finger-refused ' +
  'pin-wrong pin-locked sign.intent sign.done sign.failed sign.outcome-unknown token-test token-tested';
const opNames: ReadonlySet<unknown> = new Set(knownOps.split(' '));
const roleNames: ReadonlySet<unknown> = new Set(['holder', 'clerk', 'supervisor', 'auditor', 'administrator', 'station']);

class Chain {
  length = 0;
  head = '0'.repeat(64);
  /** Intents without an outcome, by number. */
  readonly intents = new Map<number, Intent>();
  /** Diagnostic signatures that were begun since the last start of the agent and have not ended. */
  readonly #tests = new Set<unknown>();
  /** Consents since the last start of the agent, with their operation. No visit lives longer than that. */
  readonly #consents = new Map<unknown, unknown>();
  #origin: unknown;
  #boot: unknown;
  #boots = new Set<unknown>();
  #lastStart: number | undefined;
  #mono = 0;
  #time = '';

  take(row: Row): void {
    const seq = this.length;
    must(row.seq === seq, row.seq > seq ? `entry ${seq} is missing` : `entry ${row.seq} stands in a place that it cannot have`);
    const hash = createHash('sha256').update('\0').update(row.body).digest();
    must(hash.equals(row.leaf), `entry ${seq} was changed: its bytes do not have the hash that stands beside them`);
    const before = Buffer.from(row.prev).toString('hex');
    must(before === this.head, `entry ${seq} does not follow the entry before it`);
    const body = readCanonical(row.body, seq);
    must(body.get('v') === 1, `entry ${seq} is written in an unknown version`);
    must(body.get('seq') === seq && body.get('prev') === before, `entry ${seq} says another place than it stands in`);
    this.#origin ??= body.get('origin');
    must(typeof this.#origin === 'string' && body.get('origin') === this.#origin, `entry ${seq} belongs to another log`);
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
      const digest = createHash('sha256')
        .update('countersign/v1/consent\n')
        .update(writeAgain(fields.get('statement')));
      must(digest.digest('hex') === consent, `entry ${seq}: the consent does not have the digest that stands beside it`);
      this.#consents.set(consent, operation);
    } else if (op === 'sign.intent') {
      const agreed = typeof operation === 'string' && this.#consents.has(consent) && this.#consents.get(consent) === operation;
      must(agreed, `entry ${seq}: a signature was begun without a consent in the same operation`);
      const [document, certificate] = [fields.get('document_sha256'), fields.get('certificate_sha256')];
      this.intents.set(seq, { operation, document, certificate, consent, matched: false });
    } else if (op === 'token-test') {
      this.#tests.add(seq);
    } else if (op === 'token-tested') {
      must(this.#tests.delete(fields.get('test')), `entry ${seq}: it ends no diagnostic signature that was begun and had not ended`);
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
      }
      this.intents.delete(named as number);
    }
  }
}

function map(value: unknown, seq: number): Fields {
  must(value instanceof Map, `entry ${seq} does not have the fields that every entry has`);
  return value as Fields;
}

function isHash(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

const token = {
  key: /"[a-z][a-z0-9_]*":/y,
  number: /-?[1-9]\d{0,15}|0/y,
  word: /true|false/y,
  // RFC 8785 section 3.2.2.2: these escapes and no others. Half a surrogate pair cannot stand here, because the bytes are UTF-8.
  string: /"[ !#-[\]-\uffff]*(?:\\(?:["\\bfnrt]|u00(?:0[0-7be-f]|1[0-9a-f]))[ !#-[\]-\uffff]*)*"/y,
} as const;

/** Reads bytes that are JSON in the one form that the log allows; every other form breaks a rule of this grammar. Objects become maps. */
function readCanonical(bytes: Uint8Array, seq: number): Fields {
  const wrong = `entry ${seq} is not written in the one form that is allowed`;
  must(bytes.byteLength <= 65_535 && isUtf8(bytes), wrong);
  const reader = new Reader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'), wrong);
  const body = reader.value(0);
  must(reader.atEnd && body instanceof Map, wrong);
  return body as Fields;
}

class Reader {
  readonly #text: string;
  readonly #wrong: string;
  #place = 0;

  constructor(text: string, wrong: string) {
    this.#text = text;
    this.#wrong = wrong;
  }

  get atEnd(): boolean {
    return this.#place === this.#text.length;
  }

  value(depth: number): unknown {
    switch (this.#text.charAt(this.#place)) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"': {
        const text = this.#take(token.string);
        return text.includes('\\') ? JSON.parse(text) : text.slice(1, -1);
      }
      case 't':
      case 'f':
        return this.#take(token.word) === 'true';
      default: {
        const number = Number(this.#take(token.number));
        must(Number.isSafeInteger(number), this.#wrong);
        return number;
      }
    }
  }

  #object(depth: number): Map<string, unknown> {
    must(depth < 16, this.#wrong);
    const members = new Map<string, unknown>();
    let last = '';
    while (this.#more('}', members.size === 0)) {
      const key = this.#take(token.key).slice(1, -2);
      must(key > last, this.#wrong);
      members.set(key, this.value(depth + 1));
      last = key;
    }
    return members;
  }

  #array(depth: number): unknown[] {
    must(depth < 16, this.#wrong);
    const items: unknown[] = [];
    while (this.#more(']', items.length === 0)) items.push(this.value(depth + 1));
    return items;
  }

  /** Steps over what stands before an item: the opening bracket or a comma. False, and past it, at the closing bracket. */
  #more(close: string, first: boolean): boolean {
    if (first) this.#place += 1;
    const found = this.#text[this.#place] === close;
    must(found || first || this.#text[this.#place] === ',', this.#wrong);
    if (found || !first) this.#place += 1;
    return !found;
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#place;
    must(pattern.test(this.#text), this.#wrong);
    const start = this.#place;
    this.#place = pattern.lastIndex;
    return this.#text.slice(start, this.#place);
  }
}

/** The canonical text of something that `readCanonical` read: maps keep their order, and strings have one form. */
function writeAgain(value: unknown): string {
  if (value instanceof Map) return `{${[...(value as Fields)].map(([key, one]) => `"${key}":${writeAgain(one)}`).join(',')}}`;
  if (Array.isArray(value)) return `[${value.map(writeAgain).join(',')}]`;
  return JSON.stringify(value);
}
