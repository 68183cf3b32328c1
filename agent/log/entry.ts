/** An entry as callers see it, and the way from stored bytes to it. */
import { NotInCatalogue, parseEvent, type LogEvent } from './events.ts';
import { parseSealed, type SealedField } from './sealed-field.ts';
import {
  leafHash,
  NotCanonical,
  parseBody,
  type EntryStation,
  type EntryTime,
  type Envelope,
  type Json,
  type JsonObject,
} from './record.ts';

/** One row as it is stored: the very bytes. `leaf` and `prev` are 32 bytes. */
export interface RawEntry {
  readonly seq: number;
  readonly body: Uint8Array;
  readonly leaf: Uint8Array;
  readonly prev: Uint8Array;
}

/** One entry of the operation log. */
export interface LogEntry {
  readonly seq: number;
  /** Leaf hash of the body, hex. */
  readonly leaf: string;
  /** Leaf of the entry before, hex; 64 zeros at 0. */
  readonly prev: string;
  readonly origin: string;
  readonly at: EntryTime;
  readonly station: EntryStation;
  readonly event: LogEvent;
  /** What stands in the clear of its personal fields; absent where it has none. */
  readonly sealed?: readonly SealedField[];
}

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** Reads a row. Throws NotCanonical or NotInCatalogue for bytes that this version did not write. */
export function readEntry(raw: RawEntry): LogEntry {
  const { v, origin, seq, prev, at, station, fields, op, operation, actor, sealed, ...rest } = parseBody(raw.body);
  if (v !== 1 || Object.keys(rest).length > 0) throw new NotCanonical(`entry ${raw.seq}: another version of the body`);
  const visit = operation === undefined ? {} : { operation };
  const event = parseEvent({ ...object(fields), op, ...visit, actor });
  const { time, boot, mono } = object(at);
  const { software, config } = object(station);
  return {
    seq: number(seq),
    leaf: toHex(raw.leaf),
    prev: string(prev),
    origin: string(origin),
    at: { time: string(time), boot: string(boot), mono: number(mono) },
    station: { software: string(software), config: string(config) },
    event,
    ...(sealed === undefined ? {} : { sealed: parseSealed(sealed) }),
  };
}

function object(value: Json | undefined): JsonObject {
  if (typeof value === 'object' && !Array.isArray(value)) return value as JsonObject;
  throw new NotCanonical('an object is missing');
}

function string(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  throw new NotCanonical('a string is missing');
}

function number(value: Json | undefined): number {
  if (typeof value === 'number') return value;
  throw new NotCanonical('a number is missing');
}

/** The envelope and event of an entry that was just made, as an entry. */
export function entryOf(envelope: Envelope, event: LogEvent, leaf: Uint8Array, sealed: readonly SealedField[] = []): LogEntry {
  const { origin, seq, prev, at, station } = envelope;
  return { seq, leaf: toHex(leaf), prev, origin, at, station, event, ...(sealed.length === 0 ? {} : { sealed }) };
}

/** A row in its place: its leaf (hex) and op; or what is wrong with it, and the number of the entry that is bad. */
export type Link = { readonly leaf: string; readonly op: unknown } | { readonly problem: string; readonly seq: number };

/** Checks that a row has the hash that stands beside it and follows the one before. `log verify` looks closer; this runs at every start. */
export function checkLink(raw: RawEntry, expected: { readonly seq: number; readonly prev: string; readonly origin: string }): Link {
  const { seq } = raw;
  if (seq !== expected.seq) return { problem: `entry ${expected.seq} is missing`, seq: expected.seq };
  const leaf = toHex(leafHash(raw.body));
  if (leaf !== toHex(raw.leaf)) return { problem: `entry ${seq} was changed: its bytes do not have the hash that stands beside them`, seq };
  if (toHex(raw.prev) !== expected.prev) return { problem: `entry ${seq} does not follow the entry before it`, seq };
  let body: Partial<Record<keyof Envelope | 'op', unknown>>;
  try {
    body = JSON.parse(Buffer.from(raw.body).toString('utf8')) as typeof body;
  } catch {
    return { problem: `entry ${seq} cannot be read`, seq };
  }
  if (body.seq !== seq || body.prev !== expected.prev)
    return { problem: `entry ${seq} says another place in the log than it stands in`, seq };
  if (body.origin !== expected.origin) return { problem: `entry ${seq} belongs to another log`, seq };
  return { leaf, op: body.op };
}

/** Tells bytes that this version cannot read from a bug. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof NotCanonical || error instanceof NotInCatalogue;
}
