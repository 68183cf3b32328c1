/** The signed documents of an operation, found by their digests wherever they lie, and the certificates that are in them. */
import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSignatureName } from '../documents/asic-layout.ts';
import { bytesSource } from '../documents/byte-source.ts';
import { readSignedData } from '../documents/cms-reader.ts';
import { openPdf } from '../documents/pdf.ts';
import { readFields } from '../documents/pdf-fields.ts';
import { contentInfo, readPlace } from '../documents/signature-place.ts';
import { ZipReader } from '../documents/zip-reader.ts';
import type { EventOf } from '../log/events.ts';
import { signatureName } from '../log/reconcile.ts';
import type { LogEntry } from '../log/entry.ts';

/** Where documents may lie: folders of the station, and single files that somebody named. */
export interface DocumentPlaces {
  readonly outbox: string;
  readonly originals: string;
  readonly files: readonly string[];
}

/** What became of one `sign.done`. */
export interface FoundDocument {
  /** Number of the entry. */
  readonly done: number;
  readonly format: 'pdf' | 'p7s' | 'asics' | 'asice';
  /** SHA-256 is `output_sha256`; undefined where nothing with that digest lies in any of the places. */
  readonly signed: Uint8Array | undefined;
  /** True where a container was agreed to, and one more signature put into it: then what was agreed to is none of the files in it. */
  readonly ofContainer: boolean;
  /** What a .p7s signs, which is not in it; and the container that was agreed to. */
  readonly original: Uint8Array | undefined;
  /** The certificate that the entry names, DER, as it stands in the signed document. */
  readonly certificate: Uint8Array | undefined;
}

const endings = { cades: 'p7s', 'asic-s': 'asics', 'asic-e': 'asice' } as const;

/** Looks for the documents of every `sign.done`. Throws what reading a named file throws. */
export async function findDocuments(entries: readonly LogEntry[], places: DocumentPlaces): Promise<readonly FoundDocument[]> {
  const found: FoundDocument[] = [];
  for (const { seq: done, event } of entries) {
    if (event.op !== 'sign.done') continue;
    const format = event.format === undefined ? 'pdf' : endings[event.format];
    const signed = await withDigest(event.output_sha256, event.output_size, [...places.files, ...(await filesIn(places.outbox))]);
    const kept = await filesIn(join(places.originals, signatureName(event.operation ?? '', event.intent)));
    const ofContainer = signed !== undefined && (format === 'asice' || format === 'asics') && !holds(signed, event.document_sha256);
    const original =
      format === 'p7s' || ofContainer
        ? await withDigest(event.document_sha256, sizeOf(entries, event), [...places.files, ...kept])
        : undefined;
    const certificate = signed === undefined ? undefined : certificateIn(signed, format, event.certificate_sha256);
    found.push({ done, format, signed, ofContainer, original, certificate });
  }
  return found;
}

/** Bytes of the document that was shown, as `document-in` says. */
export function sizeOf(entries: readonly LogEntry[], { document_sha256 }: EventOf<'sign.done'>): number | undefined {
  for (const { event } of entries) if (event.op === 'document-in' && event.document_sha256 === document_sha256) return event.size;
  return undefined;
}

/** The one of these files that has this size and digest. A link is not followed. */
async function withDigest(digest: string, size: number | undefined, files: readonly string[]): Promise<Uint8Array | undefined> {
  for (const file of files) {
    const there = await lstat(file);
    if (!there.isFile() || (size !== undefined && there.size !== size)) continue;
    const bytes = await readFile(file);
    if (sha256(bytes) === digest) return bytes;
  }
  return undefined;
}

/** Files of a folder, with their paths; none where there is no folder. */
async function filesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort().map((name) => join(folder, name));
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return [];
    throw error;
  }
}

/** The certificate with this SHA-256 among those that the signatures of a document carry. The station made and checked these signatures. */
function certificateIn(bytes: Uint8Array, format: FoundDocument['format'], digest: string): Uint8Array | undefined {
  return signaturesIn(bytes, format)
    .flatMap((cms) => readSignedData(cms).certificates)
    .find((certificate) => sha256(certificate) === digest);
}

function signaturesIn(bytes: Uint8Array, format: FoundDocument['format']): readonly Uint8Array[] {
  if (format === 'p7s') return [bytes];
  if (format === 'pdf') {
    const file = openPdf(bytes);
    const places = readFields(file).signed.map((field) => readPlace(file, field));
    return places.filter(({ end }) => end === bytes.length).map(({ contents }) => contentInfo(contents));
  }
  const container = new ZipReader(bytesSource(bytes));
  return container.entries.filter(({ name }) => isSignatureName(name)).map((line) => container.read(line, bytes.length));
}

/** Whether a container has a file with this digest. The station made and checked it. */
function holds(bytes: Uint8Array, digest: string): boolean {
  const container = new ZipReader(bytesSource(bytes));
  return container.entries.some((line) => sha256(container.read(line, bytes.length)) === digest);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
