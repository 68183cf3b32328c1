/** What a file is that is no PDF: told by its content alone. It is not shown, so its kind is what a person is told besides name, size and digest. */
import { isUtf8 } from 'node:buffer';
import type { DocumentRefusal } from '../contract/problems.ts';
import type { OtherKind } from '../contract/state.ts';
import { hasActiveEntry, isPage, isProgram } from './active-content.ts';
import { asicTypes, kindOf } from './asic-layout.ts';
import { bytesSource } from './byte-source.ts';
import { ZipReader, defaultZipLimits } from './zip-reader.ts';
import { ZipRefused } from './zip-refused.ts';

export interface OtherFile {
  readonly kind: OtherKind;
  /** As RFC 2045 writes it. */
  readonly mimeType: string;
}

type Judged = OtherFile | { readonly refusal: DocumentRefusal };

const unknown: OtherFile = { kind: 'unknown', mimeType: 'application/octet-stream' };

/** Beginnings, hexadecimal, with "." for a digit that may be any. */
const pictures: readonly (readonly [string, string])[] = [
  ['89504e470d0a1a0a', 'image/png'],
  ['ffd8ff', 'image/jpeg'],
  ['474946383.61', 'image/gif'],
  ['49492a00', 'image/tiff'],
  ['4d4d002a', 'image/tiff'],
  ['52494646........57454250', 'image/webp'],
];
/** Packed in a way that is not looked into: gzip, bzip2, xz, zstd, 7-Zip, RAR, cabinet; and the old Office format, whose macros cannot be seen. */
const sealed = ['1f8b', '425a68', 'fd377a585a00', '28b52ffd', '377abcaf271c', '526172211a07', '4d534346', 'd0cf11e0a1b11ae1'];

const office: readonly (readonly [RegExp, OtherKind, string])[] = [
  [/^word\//, 'text-document', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  [/^xl\//, 'spreadsheet', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  [/^ppt\//, 'presentation', 'application/vnd.openxmlformats-officedocument.presentationml.presentation'],
];
const openDocument: ReadonlyMap<string, OtherKind> = new Map([
  ['application/vnd.oasis.opendocument.text', 'text-document'],
  ['application/vnd.oasis.opendocument.spreadsheet', 'spreadsheet'],
  ['application/vnd.oasis.opendocument.presentation', 'presentation'],
]);

function begins(bytes: Uint8Array, pattern: string): boolean {
  const hex = Buffer.from(bytes.subarray(0, 16)).toString('hex').slice(0, pattern.length);
  return new RegExp(`^${pattern}$`).test(hex);
}

/**
 * True for a file that some program would open as a PDF: the header may stand anywhere in the first 1024 octets for it (ISO 32000-1 annex H, note 13). Such a
 * file is judged as a PDF and as nothing else.
 */
export function mayBePdf(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 1024)).includes('%PDF-') && !isAsicE(bytes);
}

/** A container to which a signature can be added: its files stand in it as they are, so a PDF may well be the first of them. */
export function isAsicE(bytes: Uint8Array): boolean {
  if (!begins(bytes, '504b0304')) return false;
  try {
    return kindOf(new ZipReader(bytesSource(bytes))) === 'asic-e';
  } catch (problem) {
    if (problem instanceof ZipRefused) return false;
    throw problem;
  }
}

/** A ZIP file is looked into: what it is, and whether anything in it is a program. One that two programs could read differently is refused. */
function judgeZip(bytes: Uint8Array): Judged {
  try {
    const reader = new ZipReader(bytesSource(bytes), { ...defaultZipLimits, maxTotal: 2 * 1024 * 1024 * 1024 });
    if (hasActiveEntry(reader)) return { refusal: 'active-content' };
    // What is packed must be what the headers say, or it cannot be known what would be signed.
    for (const entry of reader.entries) reader.digest(entry, ['sha256']);
    const asic = kindOf(reader);
    if (asic !== undefined) return { kind: 'container', mimeType: asicTypes[asic] };
    const type = reader.entry('mimetype');
    const named = type === undefined || type.size > 100 ? '' : Buffer.from(reader.read(type, 100)).toString('latin1');
    const kind = openDocument.get(named);
    if (kind !== undefined) return { kind, mimeType: named };
    const isOffice = reader.entry('[Content_Types].xml') !== undefined;
    const found = isOffice ? office.find(([folder]) => reader.entries.some(({ name }) => folder.test(name))) : undefined;
    return found === undefined ? { kind: 'packed-files', mimeType: 'application/zip' } : { kind: found[1], mimeType: found[2] };
  } catch (problem) {
    if (problem instanceof ZipRefused) return { refusal: 'packed-unread' };
    throw problem;
  }
}

/** Text that can be read as such: UTF-8, and no control characters but line feeds, tabs and the like. */
function isText(bytes: Uint8Array): boolean {
  return isUtf8(bytes) && !bytes.some((octet) => octet < 0x20 && octet !== 9 && octet !== 10 && octet !== 12 && octet !== 13);
}

/** Judges a file that is no PDF (`mayBePdf`). What runs, or cannot be looked into although it is packed, is refused. Never throws on bad input. */
export function judgeOther(bytes: Uint8Array): Judged {
  if (isProgram(bytes)) return { refusal: 'active-content' };
  if (sealed.some((pattern) => begins(bytes, pattern))) return { refusal: 'packed-unread' };
  if (begins(bytes, '504b')) return judgeZip(bytes);
  const picture = pictures.find(([pattern]) => begins(bytes, pattern));
  if (picture !== undefined) return { kind: 'picture', mimeType: picture[1] };
  if (isPage(bytes)) return { refusal: 'active-content' };
  if (!isText(bytes)) return unknown;
  const isXml = Buffer.from(bytes.subarray(0, 100))
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .startsWith('<?xml');
  return isXml ? { kind: 'xml', mimeType: 'application/xml' } : { kind: 'text', mimeType: 'text/plain' };
}

/** The kind of any file's content as RFC 2045 writes it. */
export function mimeTypeOf(bytes: Uint8Array): string {
  if (mayBePdf(bytes)) return 'application/pdf';
  const judged = judgeOther(bytes);
  return 'kind' in judged ? judged.mimeType : unknown.mimeType;
}
