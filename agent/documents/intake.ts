/** Intake: reads a document once, bounds it, computes its digest, and refuses what cannot be signed safely. Nothing in it throws on bad input. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { DocumentRefusal } from '../contract/problems.ts';
import { openPdf } from './pdf.ts';
import { checkPermissions, readFields } from './pdf-fields.ts';
import { PdfRefused, defaultPdfLimits } from './pdf-objects.ts';
import { readPages, walk } from './pdf-pages.ts';
import { printable } from './printable.ts';

export interface IntakeLimits {
  readonly maxBytes: number;
  readonly maxPages: number;
}

export const defaultIntakeLimits: IntakeLimits = { maxBytes: 50 * 1024 * 1024, maxPages: 500 };

/** What intake knows of a document. `digest` is the SHA-256 of `bytes`, lower-case hex; `size` is in bytes. */
export interface ExaminedDocument {
  readonly bytes: Uint8Array;
  readonly digest: string;
  readonly size: number;
  readonly pages: number;
  /** Signatures that are already in it. */
  readonly signatures: number;
}

/** A document that was read from a file; `name` is its file name, made safe to show. */
export interface ReadDocument extends ExaminedDocument {
  readonly name: string;
}

export interface Refusal {
  readonly ok: false;
  readonly refusal: DocumentRefusal;
  /** For a clerk, in English. */
  readonly sentence: string;
}

/** One sentence for each refusal: what is wrong, then what to do. */
export const refusalSentences: Readonly<Record<DocumentRefusal, string>> = {
  'not-a-file': 'This is not a document but a folder, a link or a device. Put the document itself here.',
  unreadable: 'The document cannot be read. Check that the station may read it and that it is not still being copied.',
  empty: 'The document is empty. Save it again and bring it back.',
  'too-large': 'The document is too large for this station. Ask for a smaller version of it.',
  'not-a-pdf': 'This is not a PDF, whatever its name says. Save the document as a PDF.',
  'junk-before-header':
    'Something else stands before the beginning of this PDF, so programs disagree on what it is. Save it anew as a PDF.',
  'junk-after-end': 'Something else stands after the end of this PDF, or its end was cut off. Ask for a complete copy.',
  encrypted: 'The document is protected with a password or restricted. Ask for a copy without protection.',
  damaged: 'The document is damaged, and this station does not repair documents. Ask for a sound copy or save it anew as a PDF.',
  'no-pages': 'The document has no pages. Ask for the complete document.',
  'too-many-pages': 'The document has too many pages for this station. Split it and sign the parts.',
  'certified-no-changes':
    'Whoever certified or signed this document before forbade any further signature in it. Ask them for a copy that allows it.',
  'too-complex': 'The document is too complex to be examined safely. Print it to a new PDF and bring that.',
};

/** The refusal with its sentence. */
export function refuse(refusal: DocumentRefusal): Refusal {
  return { ok: false, refusal, sentence: refusalSentences[refusal] };
}

/** Examines bytes that are held in memory. Never throws on bad input: every outcome is a document or a refusal. */
export function examine(
  bytes: Uint8Array,
  limits: IntakeLimits = defaultIntakeLimits,
): { readonly ok: true; readonly document: ExaminedDocument } | Refusal {
  if (bytes.length === 0) return refuse('empty');
  if (bytes.length > limits.maxBytes) return refuse('too-large');
  try {
    const file = openPdf(bytes, { ...defaultPdfLimits, maxPages: limits.maxPages });
    const pages = readPages(file).length;
    const fields = readFields(file);
    checkPermissions(file, fields);
    // Everything that can be reached is parsed and inflated here; rules on active content will look at each dictionary (`onDict`).
    walk(file, { inflate: true });
    const digest = createHash('sha256').update(bytes).digest('hex');
    return { ok: true, document: { bytes, digest, size: bytes.length, pages, signatures: fields.signed.length } };
  } catch (problem) {
    if (problem instanceof PdfRefused) return refuse(problem.refusal);
    throw problem;
  }
}

const refusalOfErrno: ReadonlyMap<string, DocumentRefusal> = new Map([
  ['ELOOP', 'not-a-file'],
  ['EISDIR', 'not-a-file'],
  ['ENXIO', 'not-a-file'],
]);

/** Reads an open file to its end, or one byte past the limit. */
async function readBounded(file: FileHandle, maxBytes: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  while (length <= maxBytes) {
    const chunk = Buffer.allocUnsafe(Math.min(4 * 1024 * 1024, maxBytes + 1 - length));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
    if (bytesRead === 0) break;
    chunks.push(chunk.subarray(0, bytesRead));
    length += bytesRead;
  }
  return Buffer.concat(chunks, length);
}

async function readOpened(file: FileHandle, maxBytes: number): Promise<Uint8Array | DocumentRefusal> {
  const before = await file.stat();
  if (!before.isFile()) return 'not-a-file';
  if (before.size > maxBytes) return 'too-large';
  const bytes = await readBounded(file, maxBytes);
  const after = await file.stat();
  // A file that changed while it was read is still being copied.
  return after.size === bytes.length && after.mtimeMs === before.mtimeMs ? bytes : bytes.length > maxBytes ? 'too-large' : 'unreadable';
}

/**
 * Opens a file once and reads it once: the digest is that of the very bytes that are given back. A link at the end of the path is not
 * followed and a fifo does not block. Never throws on bad input.
 */
export async function readDocument(
  path: string,
  limits: IntakeLimits = defaultIntakeLimits,
): Promise<{ readonly ok: true; readonly document: ReadDocument } | Refusal> {
  if (path.includes('\0')) return refuse('not-a-file');
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const read = await readOpened(file, limits.maxBytes);
    if (typeof read === 'string') return refuse(read);
    const examined = examine(read, limits);
    return examined.ok ? { ok: true, document: { ...examined.document, name: printable(basename(path)) } } : examined;
  } catch (problem) {
    if (!(problem instanceof Error) || !('syscall' in problem)) throw problem;
    const errno = 'code' in problem ? String(problem.code) : '';
    return refuse(refusalOfErrno.get(errno) ?? 'unreadable');
  } finally {
    await file?.close();
  }
}
