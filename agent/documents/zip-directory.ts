/**
 * Reads the structure of a ZIP container strictly (PKWARE APPNOTE 6.3.10 section 4.3): the end record, the central directory and every local header must
 * say the same, and together with the data they must fill the file from its first byte to its last. So there is nothing in front, between or
 * behind, nothing overlaps, and every program finds the same entries.
 */
import type { ByteSource } from './byte-source.ts';
import { decodeName } from './zip-names.ts';
import { refuseZip } from './zip-refused.ts';

/** One entry as its headers describe it; sizes and places in bytes. */
export interface ZipLine {
  readonly name: string;
  readonly isDeflated: boolean;
  readonly crc: number;
  /** Bytes of the data as they stand in the container, from `start`. */
  readonly packed: number;
  readonly size: number;
  readonly start: number;
  /** Where its local header begins. */
  readonly offset: number;
  /** Extra fields in the local header; `mimetype` must have none. */
  readonly hasExtraField: boolean;
}

export interface ZipStructure {
  /** In the order of the data. */
  readonly lines: readonly ZipLine[];
  readonly directoryStart: number;
  readonly directoryEnd: number;
  /** With 64-bit fields. */
  readonly is64: boolean;
}

const marks = { local: 0x04034b50, line: 0x02014b50, end: 0x06054b50, end64: 0x06064b50, locator64: 0x07064b50, descriptor: 0x08074b50 };
const flags = { encrypted: 0x0001, descriptor: 0x0008, utf8: 0x0800 } as const;
/** Bits 1 and 2 tell how hard a program tried to deflate. */
const knownFlags = flags.encrypted | 0x0006 | flags.descriptor | flags.utf8;
const extra = { zip64: 0x0001, unicodePath: 0x7075, unicodeComment: 0x6375 } as const;
const full32 = 0xffff_ffff;
/** The comment that ETSI EN 319 162-1 annex A.1 allows: "mimetype=" and the type. */
const longestComment = 100;

function viewOf(source: ByteSource, start: number, end: number): Buffer {
  if (start < 0 || end > source.size) refuseZip('damaged', 'something points outside of the container');
  const bytes = source.read(start, end);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function wide(view: Buffer, at: number): number {
  if (at + 8 > view.length) refuseZip('damaged', 'a 64-bit field is missing');
  const value = view.readBigUInt64LE(at);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : refuseZip('damaged', 'a size beyond all files');
}

function readExtra(view: Buffer): ReadonlyMap<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 0; at < view.length;) {
    const length = at + 4 <= view.length ? view.readUInt16LE(at + 2) : -1;
    if (length < 0 || at + 4 + length > view.length) refuseZip('damaged', 'an extra field is cut off');
    const id = view.readUInt16LE(at);
    if (id === extra.unicodePath || id === extra.unicodeComment) refuseZip('names-differ', 'a second name stands in an extra field');
    if (found.has(id)) refuseZip('damaged', 'an extra field stands twice');
    found.set(id, view.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return found;
}

/** The fields that are all ones stand in the 64-bit extra field instead, in the order given (section 4.5.3). */
function widen(fields: readonly number[], extras: ReadonlyMap<number, Buffer>): number[] {
  const view = extras.get(extra.zip64) ?? Buffer.alloc(0);
  let at = 0;
  return fields.map((field) => {
    if (field !== full32) return field;
    at += 8;
    return wide(view, at - 8);
  });
}

interface Listed {
  readonly nameBytes: Buffer;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
  readonly length: number;
}

/** One line of the central directory (section 4.3.12). */
function readLine(source: ByteSource, at: number, end: number): Listed {
  const head = viewOf(source, at, at + 46);
  if (at + 46 > end || head.readUInt32LE(0) !== marks.line) refuseZip('damaged', 'the directory is broken');
  const [nameLength, extraLength, commentLength] = [head.readUInt16LE(28), head.readUInt16LE(30), head.readUInt16LE(32)];
  const length = 46 + nameLength + extraLength + commentLength;
  const rest = viewOf(source, at + 46, at + length);
  const extras = readExtra(rest.subarray(nameLength, nameLength + extraLength));
  const [size = 0, packed = 0, offset = 0] = widen([head.readUInt32LE(24), head.readUInt32LE(20), head.readUInt32LE(42)], extras);
  const found = { flags: head.readUInt16LE(8), method: head.readUInt16LE(10), crc: head.readUInt32LE(16) };
  if ((found.flags & flags.encrypted) !== 0) refuseZip('encrypted', 'an entry is encrypted');
  if ((found.flags & ~knownFlags) !== 0) refuseZip('unknown-form', 'an entry in a form that is not read');
  if (found.method !== 0 && found.method !== 8) refuseZip('unknown-form', 'an entry is packed in a way that is not read');
  if (found.method === 0 && packed !== size) refuseZip('damaged', 'an entry that is not packed has two sizes');
  if (head.readUInt16LE(34) !== 0) refuseZip('unknown-form', 'one part of several');
  // A link instead of a file (external attributes of Unix, section 4.4.15).
  if (head.readUInt8(5) === 3 && head.readUInt32LE(38) >>> 28 === 0o12) refuseZip('unknown-form', 'an entry is a link');
  return { ...found, nameBytes: rest.subarray(0, nameLength), packed, size, offset, length };
}

/** The local header, which must say the same (section 4.3.7), and the data descriptor where the flag announces one (section 4.3.9). */
function readLocal(source: ByteSource, listed: Listed, next: number): ZipLine {
  const head = viewOf(source, listed.offset, listed.offset + 30);
  if (head.readUInt32LE(0) !== marks.local) refuseZip('damaged', 'there is no entry where the directory names one');
  const [nameLength, extraLength] = [head.readUInt16LE(26), head.readUInt16LE(28)];
  const start = listed.offset + 30 + nameLength + extraLength;
  const rest = viewOf(source, listed.offset + 30, start);
  if (!rest.subarray(0, nameLength).equals(listed.nameBytes)) refuseZip('names-differ', 'an entry has two names');
  const [size = 0, packed = 0] = widen([head.readUInt32LE(22), head.readUInt32LE(18)], readExtra(rest.subarray(nameLength)));
  const isLater = (listed.flags & flags.descriptor) !== 0;
  const says = (here: number, there: number): boolean => here === there || (isLater && here === 0);
  const same =
    head.readUInt16LE(6) === listed.flags &&
    head.readUInt16LE(8) === listed.method &&
    says(head.readUInt32LE(14), listed.crc) &&
    says(packed, listed.packed) &&
    says(size, listed.size);
  const end = start + listed.packed;
  if (!same || end > next) refuseZip('damaged', 'the two headers of an entry say different things');
  if (isLater ? !isDescriptor(viewOf(source, end, Math.min(next, end + 25)), listed) : end !== next)
    refuseZip('damaged', 'there is something between two entries');
  const name = decodeName(listed.nameBytes, (listed.flags & flags.utf8) !== 0);
  const { crc, offset } = listed;
  return {
    name,
    isDeflated: listed.method === 8,
    crc,
    packed: listed.packed,
    size: listed.size,
    start,
    offset,
    hasExtraField: extraLength > 0,
  };
}

/** With or without its mark, with sizes of 32 or of 64 bits. */
function isDescriptor(view: Buffer, { crc, packed, size }: Listed): boolean {
  const at = view.length === 16 || view.length === 24 ? 4 : 0;
  if (view.length !== at + 12 && view.length !== at + 20) return false;
  if (at === 4 && view.readUInt32LE(0) !== marks.descriptor) return false;
  const isWide = view.length === at + 20;
  const sizes = isWide ? [wide(view, at + 4), wide(view, at + 12)] : [view.readUInt32LE(at + 4), view.readUInt32LE(at + 8)];
  return view.readUInt32LE(at) === crc && sizes[0] === packed && sizes[1] === size;
}

interface End {
  /** Where the end records begin; the directory must reach until there. */
  readonly at: number;
  readonly count: number;
  readonly size: number;
  readonly start: number;
  readonly is64: boolean;
}

/** The end record is the last thing in the file, but for one comment (section 4.3.16). */
function readEnd(source: ByteSource): End {
  const tail = viewOf(source, Math.max(0, source.size - 22 - longestComment), source.size);
  let place = tail.length - 22;
  while (place >= 0 && !(tail.readUInt32LE(place) === marks.end && tail.readUInt16LE(place + 20) === tail.length - 22 - place)) place -= 1;
  if (place < 0) refuseZip('not-a-zip', 'there is no end record at the end');
  const comment = tail.subarray(place + 22).toString('latin1');
  if (comment !== '' && !/^mimetype=[\x21-\x7e]+$/.test(comment)) refuseZip('damaged', 'there is something behind the end');
  const record = tail.subarray(place);
  const at = source.size - record.length;
  const count = record.readUInt16LE(10);
  if (record.readUInt16LE(4) !== 0 || record.readUInt16LE(6) !== 0 || record.readUInt16LE(8) !== count)
    refuseZip('unknown-form', 'several parts');
  const plain = { at, count, size: record.readUInt32LE(12), start: record.readUInt32LE(16), is64: false };
  const locator = at >= 20 ? viewOf(source, at - 20, at) : Buffer.alloc(20);
  if (locator.readUInt32LE(0) !== marks.locator64) return plain;
  const at64 = wide(locator, 8);
  const record64 = viewOf(source, at64, at - 20);
  if (record64.length !== 56 || record64.readUInt32LE(0) !== marks.end64 || wide(record64, 4) !== 44)
    refuseZip('damaged', 'two end records');
  const wider = { at: at64, count: wide(record64, 32), size: wide(record64, 40), start: wide(record64, 48), is64: true };
  const agrees = (narrow: number, most: number, value: number): boolean => narrow === value || narrow === most;
  const same =
    wide(record64, 24) === wider.count &&
    agrees(plain.count, 0xffff, wider.count) &&
    agrees(plain.size, full32, wider.size) &&
    agrees(plain.start, full32, wider.start);
  return same ? wider : refuseZip('damaged', 'the two end records say different things');
}

/** Reads the structure of a container with at most `maxEntries`. Throws ZipRefused. */
export function readStructure(source: ByteSource, maxEntries: number): ZipStructure {
  const end = readEnd(source);
  if (end.count > maxEntries) refuseZip('too-large', 'too many entries');
  if (end.start + end.size !== end.at) refuseZip('damaged', 'the directory is not where the end record says');
  const listed: Listed[] = [];
  let at = end.start;
  for (let index = 0; index < end.count; index += 1) {
    const line = readLine(source, at, end.at);
    listed.push(line);
    at += line.length;
  }
  if (at !== end.at) refuseZip('damaged', 'the directory has another length than its lines');
  const inOrder = [...listed].sort((left, right) => left.offset - right.offset);
  if ((inOrder[0]?.offset ?? end.start) !== 0) refuseZip('damaged', 'there is something in front of the first entry');
  const lines = inOrder.map((line, index) => readLocal(source, line, inOrder[index + 1]?.offset ?? end.start));
  return { lines, directoryStart: end.start, directoryEnd: end.at, is64: end.is64 };
}
