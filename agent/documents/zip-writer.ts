/**
 * Writes ZIP containers (PKWARE APPNOTE 6.3.10) in one form: every entry stored as it is, sizes in front, no extra fields, one fixed date. So the same
 * entries are always the same bytes, and `mimetype` stands where ETSI EN 319 162-1 annex A.1 wants it. It only writes; `zip-reader.ts` reads.
 */
import { crc32 } from 'node:zlib';
import { concat } from './der.ts';

export interface ZipPart {
  /** With "/" between folders, as it stands in the container. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Entries that are in a container already: their bytes as they are, and their lines in the central directory. */
export interface ZipBeginning {
  /** Local headers and data, from the first byte of the container. */
  readonly entries: Uint8Array;
  readonly directory: Uint8Array;
  readonly count: number;
}

/** The limits of the form without 64-bit fields (section 4.3.9.2): 2^32 - 2 bytes, 2^16 - 2 entries. */
const mostBytes = 0xffff_fffe;
const mostEntries = 0xfffe;
const utf8Names = 0x0800;
/** 1 January 1980, 00:00: the first date there is (section 4.4.6). */
const date = { time: 0, day: 0x0021 } as const;

interface Line {
  readonly name: Buffer;
  readonly crc: number;
  readonly size: number;
}

/** The fields that a local header and a line of the central directory have in common (sections 4.3.7 and 4.3.12). */
function commonFields({ name, crc, size }: Line): Buffer {
  const fields = Buffer.alloc(26);
  const isAscii = name.every((octet) => octet < 0x80);
  fields.writeUInt16LE(isAscii ? 10 : 20, 0);
  fields.writeUInt16LE(isAscii ? 0 : utf8Names, 2);
  fields.writeUInt16LE(0, 4);
  fields.writeUInt16LE(date.time, 6);
  fields.writeUInt16LE(date.day, 8);
  fields.writeUInt32LE(crc, 10);
  fields.writeUInt32LE(size, 14);
  fields.writeUInt32LE(size, 18);
  fields.writeUInt16LE(name.length, 22);
  fields.writeUInt16LE(0, 24);
  return fields;
}

function localHeader(line: Line): Uint8Array {
  return concat([Buffer.from('PK\x03\x04', 'latin1'), commonFields(line), line.name]);
}

function directoryLine(line: Line, offset: number): Uint8Array {
  const place = Buffer.alloc(14);
  place.writeUInt32LE(offset, 10);
  return concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), commonFields(line), place, line.name]);
}

function endRecord(count: number, size: number, offset: number): Uint8Array {
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return end;
}

/** The container, as parts to be joined: the bytes of the entries are not copied. Throws RangeError when it would be too large for the form. */
export function zipParts(parts: readonly ZipPart[], beginning?: ZipBeginning): readonly Uint8Array[] {
  const pieces: Uint8Array[] = beginning === undefined ? [] : [beginning.entries];
  const directory: Uint8Array[] = beginning === undefined ? [] : [beginning.directory];
  let offset = beginning?.entries.length ?? 0;
  for (const { name, bytes } of parts) {
    const line = { name: Buffer.from(name, 'utf8'), crc: crc32(bytes), size: bytes.length };
    const header = localHeader(line);
    pieces.push(header, bytes);
    directory.push(directoryLine(line, offset));
    offset += header.length + bytes.length;
    if (offset > mostBytes) throw new RangeError('the container is too large');
  }
  const count = parts.length + (beginning?.count ?? 0);
  const size = directory.reduce((sum, line) => sum + line.length, 0);
  if (count > mostEntries || offset + size > mostBytes) throw new RangeError('the container is too large');
  return [...pieces, ...directory, endRecord(count, size, offset)];
}

/** The container in one piece. Throws RangeError when it would be too large for the form. */
export function writeZip(parts: readonly ZipPart[], beginning?: ZipBeginning): Uint8Array {
  return concat(zipParts(parts, beginning));
}
