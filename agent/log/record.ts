/**
 * The bytes of an entry and their hash: pure, no I/O. The body is RFC 8785 JSON (JCS), restricted to what can be written in exactly one way:
 * keys `[a-z][a-z0-9_]*`, well-formed strings, whole numbers up to 2^53-1, booleans, arrays, objects; no floats, no null. The bytes are the
 * evidence: they are hashed and kept as they are, and never made anew to be checked against.
 */
import { createHash } from 'node:crypto';

export type Json = string | number | boolean | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Longest body, bytes: the limit of one entry in a tlog-tiles entry bundle (a 16-bit length). */
export const bodyLimit = 65_535;
/** Deepest nesting of arrays and objects. */
export const depthLimit = 16;

const keyPattern = /^[a-z][a-z0-9_]*$/;
const loneSurrogate = /\p{Surrogate}/u;

/** Bytes or a value that the restricted JSON cannot hold; the message says what and where. */
export class NotCanonical extends Error {
  override readonly name = 'NotCanonical';
}

/** Writes a value in RFC 8785 form. Throws NotCanonical for whatever the restricted JSON does not have, `undefined` included. */
export function serialise(value: Json): string {
  return write(value, '$', 0);
}

function write(value: unknown, path: string, depth: number): string {
  switch (typeof value) {
    case 'string':
      if (loneSurrogate.test(value)) throw new NotCanonical(`${path}: a string with half a surrogate pair`);
      return JSON.stringify(value);
    case 'number':
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw new NotCanonical(`${path}: a number that is not a safe whole number`);
      return String(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) throw new NotCanonical(`${path}: null`);
      if (depth >= depthLimit) throw new NotCanonical(`${path}: nested deeper than ${depthLimit}`);
      return Array.isArray(value) ? writeArray(value, path, depth + 1) : writeObject(value, path, depth + 1);
    case 'bigint':
    case 'function':
    case 'symbol':
    case 'undefined':
      break;
  }
  throw new NotCanonical(`${path}: a value of type ${typeof value}`);
}

function writeArray(values: readonly unknown[], path: string, depth: number): string {
  // Array.from turns holes into undefined, which is refused like any other undefined.
  return `[${Array.from(values, (value, index) => write(value, `${path}[${index}]`, depth)).join(',')}]`;
}

function writeObject(object: object, path: string, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) throw new NotCanonical(`${path}: not a plain object`);
  const entries = Object.entries(object as Readonly<Record<string, unknown>>);
  const members = entries.map(([key, value]): readonly [string, string] => {
    if (!keyPattern.test(key)) throw new NotCanonical(`${path}: key ${JSON.stringify(key)}`);
    return [key, `"${key}":${write(value, `${path}.${key}`, depth)}`];
  });
  // RFC 8785 section 3.2.3 sorts by UTF-16 code units; these keys are ASCII.
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([, text]) => text).join(',')}}`;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads a body. Throws NotCanonical for bytes that are longer than the limit, not UTF-8, not JSON, not an object, or for which
 * `serialise(JSON.parse(bytes))` is not the same bytes (so duplicate keys, spaces, other escapes and other number forms are refused).
 */
export function parseBody(bytes: Uint8Array): JsonObject {
  if (bytes.byteLength > bodyLimit) throw new NotCanonical(`$: longer than ${bodyLimit} bytes`);
  let text: string;
  let value: unknown;
  try {
    text = utf8.decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw new NotCanonical('$: not JSON in UTF-8', { cause });
  }
  if (typeof value !== 'object' || Array.isArray(value)) throw new NotCanonical('$: not an object');
  if (write(value, '$', 0) !== text) throw new NotCanonical('$: not in canonical form');
  return value as JsonObject;
}

/** When an entry was made: the station's wall clock, and time since this start of the agent, which no clock setting moves. */
export interface EntryTime {
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string;
  /** Random id of this start of the agent, 32 hex digits. */
  readonly boot: string;
  /** Whole milliseconds since this start, by a monotonic clock. */
  readonly mono: number;
}

/** What made the entry: the software's name and version, and the SHA-256 (hex) of its configuration. */
export interface EntryStation {
  readonly software: string;
  readonly config: string;
}

/** The parts of a body that every entry has. */
export interface Envelope {
  readonly origin: string;
  readonly seq: number;
  /** Leaf of the entry before, hex; 64 zeros at 0. */
  readonly prev: string;
  readonly at: EntryTime;
  readonly station: EntryStation;
}

/** An event in the flat form in which callers write it: `op`, `operation`, `actor`, and beside them the fields of the op. */
export interface FlatEvent {
  readonly op: string;
  readonly operation?: string;
  readonly actor: { readonly id: string; readonly role: string };
}

/**
 * The body of an entry, canonical bytes; `sealed` says of personal fields what stands in the clear, and is absent where there are none. Throws
 * NotCanonical, also when it is longer than the limit.
 */
export function makeBody(envelope: Envelope, event: FlatEvent, sealed: readonly JsonObject[] = []): Uint8Array {
  const { op, operation, actor, ...fields } = event;
  const { origin, seq, prev, at, station } = envelope;
  const visit = operation === undefined ? {} : { operation };
  const personal = sealed.length === 0 ? {} : { sealed };
  const body = write({ v: 1, origin, seq, prev, at, op, ...visit, actor, station, fields, ...personal }, '$', 0);
  const bytes = Buffer.from(body, 'utf8');
  if (bytes.byteLength > bodyLimit) throw new NotCanonical(`$: longer than ${bodyLimit} bytes`);
  return bytes;
}

const leafPrefix = Buffer.from([0]);

/** The leaf hash of a body: SHA-256(0x00 || body), 32 bytes (RFC 6962 section 2.1). */
export function leafHash(body: Uint8Array): Uint8Array {
  return createHash('sha256').update(leafPrefix).update(body).digest();
}

/** What stands where the leaf of an entry before the first would stand: 64 zeros. */
export const noPrev = '0'.repeat(64);

/** SHA-256 over `countersign/v1/<what>\n` and then `data`, 32 bytes: what was hashed for one purpose never counts for another. */
export function separatedHash(what: string, data: Uint8Array | string): Uint8Array {
  return createHash('sha256').update(`countersign/v1/${what}\n`).update(data).digest();
}

/** The digest of a consent, hex: what `consent_sha256` says and the fingerprint reader is challenged with. */
export function consentHash(statement: JsonObject): string {
  return Buffer.from(separatedHash('consent', serialise(statement))).toString('hex');
}
