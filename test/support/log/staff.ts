/** Members of staff with real keys, and what they state in a log of their own: each entry knows the leaves of those before it. */
import { type KeyObject, type KeyPairKeyObjectResult, constants, createHash, generateKeyPairSync, sign } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Role } from '../../../agent/log/catalogue.ts';
import { type LogEntry, readEntry } from '../../../agent/log/entry.ts';
import type { AppendableEvent, EventOf } from '../../../agent/log/events.ts';
import { leafHash, makeBody, noPrev, parseBody } from '../../../agent/log/record.ts';
import { type SignedStatement, type Statement, statementBytes, type StatementOp } from '../../../agent/log/statement.ts';
import type { Row } from '../../../agent/log/verify.ts';
import { holder, options, origin } from './station-log.ts';

export type Kind = 'rsa-pkcs1' | 'rsa-pss' | 'P-256' | 'P-384';

export interface Member {
  readonly id: string;
  readonly role: Role;
  readonly scheme: 'rsa-pkcs1' | 'rsa-pss' | 'ecdsa';
  readonly hash: 'sha256' | 'sha384';
  readonly key: KeyObject;
  /** SPKI, DER, hex. */
  readonly publicKey: string;
  /** Stands for the SHA-256 of a certificate over this key. */
  readonly certificate: string;
}

/** RSA keys take long to make: one for clerks and one for the others. */
const rsaKeys = new Map<string, KeyPairKeyObjectResult>();

function rsaKey(role: Role, modulusLength: number): KeyPairKeyObjectResult {
  const name = `${role === 'clerk' ? 'clerk' : 'other'} ${modulusLength}`;
  const pair = rsaKeys.get(name) ?? generateKeyPairSync('rsa', { modulusLength });
  rsaKeys.set(name, pair);
  return pair;
}

/** A person with a key of a kind; keys for curves are new each time. */
export function makeMember(id: string, role: Role, kind: Kind = 'P-256', modulusLength = 2048): Member {
  const isCurve = kind === 'P-256' || kind === 'P-384';
  const { privateKey, publicKey } = isCurve ? generateKeyPairSync('ec', { namedCurve: kind }) : rsaKey(role, modulusLength);
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return {
    id,
    role,
    scheme: isCurve ? 'ecdsa' : kind,
    hash: kind === 'P-384' ? 'sha384' : 'sha256',
    key: privateKey,
    publicKey: spki.toString('hex'),
    certificate: createHash('sha256').update(`certificate, ${kind}, of `).update(spki).digest('hex'),
  };
}

/** Signs bytes as the token of a member does, in the form in which the log has it. */
export function signAs({ key, scheme, hash }: Member, bytes: Uint8Array): string {
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  return sign(hash, bytes, scheme === 'rsa-pss' ? { key, ...pss } : { key }).toString('hex');
}

/** The fields of a statement that its author chooses. */
export type Said<O extends StatementOp> = Omit<
  EventOf<O>,
  'op' | 'actor' | 'seen' | 'certificate_sha256' | 'public_key' | 'scheme' | 'hash' | 'signature'
>;

const start = Date.parse('2026-01-01T00:00:00.000Z');
/** RFC 3339, so many seconds after the log began. */
export const timeAt = (seconds: number): string => new Date(start + seconds * 1000).toISOString();

/** A log that grows entry by entry, a second apart unless told otherwise; its chain is sound whatever is put into it. */
export class StatedLog {
  readonly rows: Row[] = [];
  /** The same, as the first implementation reads them. */
  readonly entries: LogEntry[] = [];
  #seconds = 0;

  constructor() {
    this.append({ op: 'genesis', actor: holder, station_name: 'x', demo: true });
  }

  get size(): number {
    return this.rows.length;
  }

  /** Leaf of an entry, hex; of the newest one without a number. */
  leaf(seq = this.size - 1): string {
    return Buffer.from(this.rows[seq]?.leaf ?? []).toString('hex');
  }

  wait(seconds: number): void {
    this.#seconds += seconds;
  }

  /** Appends whatever it is given and returns its number. */
  append(event: AppendableEvent | Readonly<Record<string, unknown>>): number {
    const seq = this.size;
    const prev = seq === 0 ? noPrev : this.leaf();
    const at = { time: timeAt(this.#seconds++), boot: 'b0', mono: seq };
    const body = makeBody(
      { origin, seq, prev, at, station: { software: options.software, config: options.configDigest } },
      event as AppendableEvent,
    );
    this.#push(seq, body, prev);
    return seq;
  }

  /** A statement as the member signs it now; `changed` is put in before the signature. */
  state<O extends StatementOp>(member: Member, op: O, said: Said<O>, changed: Readonly<Record<string, unknown>> = {}): SignedStatement {
    const { id, role, scheme, hash, publicKey, certificate } = member;
    const seen = { entry: this.size - 1, leaf: this.leaf() };
    const by = { seen, certificate_sha256: certificate, public_key: publicKey, scheme, hash };
    const statement = { op, actor: { id, role }, ...said, ...by, ...changed } as unknown as Statement;
    return { ...statement, signature: signAs(member, statementBytes(origin, statement)) };
  }

  supplement(member: Member, said: Partial<Said<'supplement'>> = {}, changed = {}): number {
    return this.append(this.state(member, 'supplement', { ...lateRecord, ...said }, changed));
  }

  request(member: Member, said: Partial<Said<'request'>> = {}, changed = {}): number {
    return this.append(this.state(member, 'request', { ...erasure, ...said }, changed));
  }

  confirm(member: Member, entry: number, changed = {}): number {
    return this.append(this.state(member, 'confirm', { entry, entry_leaf: this.leaf(entry) }, changed));
  }

  reject(member: Member, entry: number, changed = {}): number {
    return this.append(this.state(member, 'reject', { entry, entry_leaf: this.leaf(entry), reason: 'not-so' }, changed));
  }

  erase(request: number, confirm: number, changed: Readonly<Record<string, unknown>> = {}): number {
    return this.append({ op: 'erase', actor: holder, subject, request, confirm, kids: [], ...changed });
  }

  /** The rows with one body changed, and the chain made anew from there on as a forger would. */
  rechained(changed: number, body: Uint8Array): Row[] {
    let prev = Buffer.from(this.rows[changed]?.prev ?? []).toString('hex');
    return this.rows.map((row) => {
      if (row.seq < changed) return row;
      const text = row.seq === changed ? body : Buffer.from(canonicalize({ ...parseBody(row.body), prev }) ?? '');
      const leaf = leafHash(text);
      const made = { seq: row.seq, body: text, leaf, prev: Buffer.from(prev, 'hex') };
      prev = Buffer.from(leaf).toString('hex');
      return made;
    });
  }

  #push(seq: number, body: Uint8Array, prev: string): void {
    const row = { seq, body, leaf: leafHash(body), prev: Buffer.from(prev, 'hex') };
    this.rows.push(row);
    try {
      this.entries.push(readEntry(row));
    } catch {
      // Something that the first implementation would never have written.
    }
  }
}

export const subject = 'ab'.repeat(16);
/** Seconds after the beginning at which what is asked for lapses. */
export const patience = 1000;
const lateRecord: Said<'supplement'> = {
  kind: 'power-cut',
  occurred: { from: timeAt(-7200), to: timeAt(-3600) },
  attachments: [{ sha256: 'f0'.repeat(32), size: 12 }],
  until: timeAt(patience),
};
const erasure: Said<'request'> = { action: 'erase', details: { subject }, until: timeAt(patience) };
