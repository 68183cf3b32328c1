/**
 * The entries of a revocation list (RFC 5280 section 5.3). A list may hold hundreds of thousands, so they are walked over in place, and what
 * repeats (days, reasons) is read once; the rules are those of the DER reader all the same.
 */
import { DerRefused, expectTag, readBoolean, readDer, readFirst, readOid, readSequence, readTime } from './der-reader.ts';
import type { DerElement } from './der-reader.ts';
import { tags } from './der.ts';

/** The list is one, and may not be used here; the message ends the sentence "This list is not used: it ...". */
export class ListRefused extends Error {
  override readonly name = 'ListRefused';
}

/** RFC 5280 section 5.3.1. */
const reasons = {
  0: 'unspecified',
  1: 'key-compromise',
  2: 'ca-compromise',
  3: 'affiliation-changed',
  4: 'superseded',
  5: 'cessation-of-operation',
  6: 'certificate-hold',
  8: 'remove-from-crl',
  9: 'privilege-withdrawn',
  10: 'aa-compromise',
} as const;
type ReasonCode = keyof typeof reasons;
export type RevocationReason = (typeof reasons)[ReasonCode];

export interface Revoked {
  readonly revokedAt: Date;
  /** `unspecified` also where the list gives none. */
  readonly reason: RevocationReason;
}

/** Far above what an issuer of cards publishes. */
export const mostEntries = 500_000;

const oids = { reasonCode: '2.5.29.21', certificateIssuer: '2.5.29.29' } as const;
// invalidityDate: nobody needs it here, so it may be critical.
const harmless = new Set(['2.5.29.24']);
const removed: ReasonCode = 8;

/** One extension of a list or of an entry. */
export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** Reads Extensions. Throws DerRefused, also for one that stands twice. */
export function readExtensions(found: DerElement): readonly Extension[] {
  const seen = new Set<string>();
  return readSequence(found).map((element) => {
    const parts = readSequence(element);
    const oid = readOid(parts[0]);
    if (seen.has(oid) || parts.length > 3) throw new DerRefused('an extension stands twice');
    seen.add(oid);
    return { oid, critical: parts.length === 3 && readBoolean(parts[1]), value: expectTag(parts.at(-1), tags.octetString).content };
  });
}

/** The certificates that a list revokes. */
export class RevokedEntries {
  /** By the content of the serial number, one character per byte: date in milliseconds times 16, and the code of the reason. */
  readonly #found = new Map<string, number>();

  /** Takes `revokedCertificates`. Throws DerRefused, and ListRefused where the list is not of its issuer alone or not understood. */
  constructor(list?: DerElement) {
    if (list !== undefined) this.#read(Buffer.from(list.content.buffer, list.content.byteOffset, list.content.length));
  }

  /** Certificates that are revoked. What was taken off the list again is not (RFC 5280 section 6.3.3 k); what is on hold is. */
  get size(): number {
    return this.#found.size;
  }

  /** Looks for a serial number, hex as in `Certificate.serial`. */
  get(serial: string): Revoked | undefined {
    const packed = this.#found.get(Buffer.from(serial, 'hex').toString('latin1'));
    if (packed === undefined) return undefined;
    // Dates before 1970 are negative.
    const code = ((packed % 16) + 16) % 16;
    if (!isReason(code)) throw new Error(`the reason ${code} was taken into the list`);
    return { revokedAt: new Date((packed - code) / 16), reason: reasons[code] };
  }

  #read(bytes: Buffer): void {
    const days = new Map<string, number>();
    const known = new Map<string, ReasonCode>();
    let count = 0;
    for (let at = 0; at < bytes.length;) {
      count += 1;
      if (count > mostEntries) throw new ListRefused(`has more than ${mostEntries} entries`);
      const entry = place(bytes, at, bytes.length, tags.sequence);
      const serial = place(bytes, entry.start, entry.end, tags.integer);
      mustBeMinimal(bytes, serial.start, serial.end - serial.start);
      const date = place(bytes, serial.end, entry.end);
      const when = timeOf(bytes, date.start, date.end, bytes[serial.end] ?? 0, days);
      const code = date.end === entry.end ? 0 : reasonOf(bytes, date.end, entry.end, known);
      at = entry.end;
      if (code === removed) continue;
      const key = bytes.toString('latin1', serial.start, serial.end);
      const packed = when * 16 + code;
      const before = this.#found.get(key);
      if (before === undefined || packed < before) this.#found.set(key, packed);
    }
  }
}

/** Where the content of the element at `at` starts and ends. */
function place(bytes: Buffer, at: number, end: number, tag?: number): { start: number; end: number } {
  const [found, length] = [bytes[at], bytes[at + 1]];
  if (found === undefined || length === undefined || at + 2 > end || (tag !== undefined && found !== tag))
    throw new DerRefused('not an entry of a revocation list');
  if (length >= 0x80) {
    const whole = readFirst(bytes.subarray(at, end));
    return { start: at + whole.bytes.length - whole.content.length, end: at + whole.bytes.length };
  }
  if (at + 2 + length > end) throw new DerRefused('element is cut off');
  return { start: at + 2, end: at + 2 + length };
}

/** The rule of `readInteger`. */
function mustBeMinimal(bytes: Buffer, start: number, length: number): void {
  const [first = 0, second = 0] = [bytes[start], bytes[start + 1]];
  const padded = length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80));
  if (length === 0 || padded) throw new DerRefused('integer is not minimal');
}

/** Milliseconds since 1970. Each day is read once, by the rules of `readTime`. */
function timeOf(bytes: Buffer, start: number, end: number, tag: number, days: Map<string, number>): number {
  const clock = end - 7;
  const [hours, minutes, seconds] = [pair(bytes, clock), pair(bytes, clock + 2), pair(bytes, clock + 4)];
  if (clock <= start || hours > 23 || minutes > 59 || seconds > 59 || bytes[end - 1] !== 0x5a) throw new DerRefused('not a time in UTC');
  const date = bytes.toString('latin1', start, clock);
  let day = days.get(date);
  if (day === undefined) {
    const content = Buffer.from(`${date}000000Z`, 'latin1');
    day = readTime({ tag, bytes: content, content }).getTime();
    days.set(date, day);
  }
  return day + (hours * 3600 + minutes * 60 + seconds) * 1000;
}

/** Two digits as a number; 255 when they are none. */
function pair(bytes: Buffer, at: number): number {
  const [ten, one] = [(bytes[at] ?? 0) - 0x30, (bytes[at + 1] ?? 0) - 0x30];
  return ten < 0 || ten > 9 || one < 0 || one > 9 ? 255 : ten * 10 + one;
}

/** The extensions of an entry are a few forms that repeat: each is read once. */
function reasonOf(bytes: Buffer, start: number, end: number, known: Map<string, ReasonCode>): ReasonCode {
  const form = bytes.toString('latin1', start, end);
  let code = known.get(form);
  if (code === undefined) {
    code = readReason(readDer(bytes.subarray(start, end)));
    if (known.size < 1000) known.set(form, code);
  }
  return code;
}

function readReason(found: DerElement): ReasonCode {
  let reason: ReasonCode = 0;
  for (const { oid, critical, value } of readExtensions(found)) {
    if (oid === oids.reasonCode) {
      const [code, ...more] = expectTag(readDer(value), 0x0a).content;
      if (code === undefined || more.length > 0 || !isReason(code)) throw new DerRefused('not a reason');
      reason = code;
    } else if (oid === oids.certificateIssuer) throw new ListRefused('holds what other issuers revoked');
    else if (critical && !harmless.has(oid))
      throw new ListRefused(`has an entry with a critical extension that is not understood (${oid})`);
  }
  return reason;
}

function isReason(code: number): code is ReasonCode {
  return code in reasons;
}
