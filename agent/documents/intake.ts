/** Intake: reads a document once, bounds it, computes its digest, and refuses what cannot be signed safely. Nothing in it throws on bad input. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { DocumentRefusal } from '../contract/problems.ts';
import { judgeActions } from './intake-actions.ts';
import { judgeContent } from './intake-content.ts';
import { Findings, type Remark } from './intake-findings.ts';
import { judgeForm } from './intake-form.ts';
import { judgeFonts } from './intake-fonts.ts';
import { judgeLayers } from './intake-layers.ts';
import { type IntakePolicy, defaultIntakePolicy } from './intake-policy.ts';
import { judgeSignatures } from './intake-signatures.ts';
import { type PdfFile, openPdf } from './pdf.ts';
import { readFields } from './pdf-fields.ts';
import { PdfRefused, defaultPdfLimits } from './pdf-objects.ts';
import { readPages, walk } from './pdf-pages.ts';
import { checkPermissions } from './pdf-permissions.ts';
import { printable } from './printable.ts';
import { type Refusal, refuse } from './refusal-sentences.ts';

/** What intake knows of a document. `digest` is the SHA-256 of `bytes`, lower-case hex; `size` is in bytes. */
export interface ExaminedDocument {
  readonly bytes: Uint8Array;
  readonly digest: string;
  readonly size: number;
  readonly pages: number;
  /** Signatures that are already in it. */
  readonly signatures: number;
  /** What a person should know of it although it may be signed. */
  readonly remarks: readonly Remark[];
}

/** A document that was read from a file; `name` is its file name, made safe to show. */
export interface ReadDocument extends ExaminedDocument {
  readonly name: string;
}

export type Examined = { readonly ok: true; readonly document: ExaminedDocument } | Refusal;

/** Whoever examines documents by a policy: on a station a process of its own (`examiner.ts`). `digest` is the SHA-256 of `bytes`, hex. */
export interface Examining {
  readonly policy: IntakePolicy;
  examine(bytes: Uint8Array, digest: string): Promise<Examined>;
}

/** Everything that can be reached is parsed, inflated and judged, object by object; nothing is decided by searching in the bytes. */
function judge(file: PdfFile, policy: IntakePolicy, findings: Findings): void {
  judgeForm(file, findings);
  const judges = [
    judgeActions(file, findings),
    judgeContent(file, policy, findings),
    judgeLayers(file, findings),
    judgeFonts(file, policy, findings),
  ];
  walk(file, { inflate: true, onDict: (dict, stream) => judges.forEach((one) => one(dict, stream)) });
}

/** Examines bytes that are held in memory. Never throws on bad input: every outcome is a document or a refusal. */
export function examine(bytes: Uint8Array, policy: IntakePolicy = defaultIntakePolicy): Examined {
  if (bytes.length === 0) return refuse('empty');
  if (bytes.length > policy.maxBytes) return refuse('too-large');
  try {
    const file = openPdf(bytes, { ...defaultPdfLimits, maxPages: policy.maxPages });
    const pages = readPages(file).length;
    const fields = readFields(file);
    checkPermissions(file, fields);
    const findings = new Findings();
    judge(file, policy, findings);
    if (fields.signed.length > 0) judgeSignatures(bytes, findings);
    const found = findings.first();
    if (found !== undefined) return refuse(found.refusal, found.subject);
    const digest = createHash('sha256').update(bytes).digest('hex');
    const signatures = fields.signed.length;
    return { ok: true, document: { bytes, digest, size: bytes.length, pages, signatures, remarks: findings.remarks() } };
  } catch (problem) {
    if (problem instanceof PdfRefused) {
      return refuse(problem.refusal, problem.subject === undefined ? undefined : printable(problem.subject, 60));
    }
    throw problem;
  }
}

const refusalOfErrno: ReadonlyMap<string, DocumentRefusal> = new Map([
  ['ELOOP', 'not-a-file'],
  ['EISDIR', 'not-a-file'],
  ['ENXIO', 'not-a-file'],
]);

/** The bytes of a file and their SHA-256, hex. */
export interface Read {
  readonly bytes: Uint8Array;
  readonly digest: string;
}

/** Reads an open file to its end, or one byte past the limit; the digest is made on the way, so that a large file does not hold up the agent. */
async function readBounded(file: FileHandle, maxBytes: number): Promise<Read> {
  const chunks: Buffer[] = [];
  const hash = createHash('sha256');
  let length = 0;
  while (length <= maxBytes) {
    const chunk = Buffer.allocUnsafe(Math.min(4 * 1024 * 1024, maxBytes + 1 - length));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
    if (bytesRead === 0) break;
    const read = chunk.subarray(0, bytesRead);
    hash.update(read);
    chunks.push(read);
    length += bytesRead;
  }
  return { bytes: Buffer.concat(chunks, length), digest: hash.digest('hex') };
}

async function readOpened(file: FileHandle, maxBytes: number): Promise<Read | DocumentRefusal> {
  const before = await file.stat();
  if (!before.isFile()) return 'not-a-file';
  if (before.size > maxBytes) return 'too-large';
  const read = await readBounded(file, maxBytes);
  const after = await file.stat();
  // A file that changed while it was read is still being copied.
  if (after.size === read.bytes.length && after.mtimeMs === before.mtimeMs) return read;
  return read.bytes.length > maxBytes ? 'too-large' : 'unreadable';
}

/**
 * Opens a file once and reads it once: `digest` is the SHA-256 (hex) of the very bytes that are given back, which nobody has examined yet. A link at the
 * end of the path is not followed and a fifo does not block. Never throws on bad input.
 */
export async function readBytes(path: string, maxBytes: number): Promise<Read | DocumentRefusal> {
  if (path.includes('\0')) return 'not-a-file';
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    return await readOpened(file, maxBytes);
  } catch (problem) {
    if (!(problem instanceof Error) || !('syscall' in problem)) throw problem;
    const errno = 'code' in problem ? String(problem.code) : '';
    return refusalOfErrno.get(errno) ?? 'unreadable';
  } finally {
    await file?.close();
  }
}

/** Reads a file as `readBytes` does, and has those bytes examined. Never throws on bad input. */
export async function readDocument(
  path: string,
  examiner: Examining,
): Promise<{ readonly ok: true; readonly document: ReadDocument } | Refusal> {
  const read = await readBytes(path, examiner.policy.maxBytes);
  if (typeof read === 'string') return refuse(read);
  const examined = await examiner.examine(read.bytes, read.digest);
  return examined.ok ? { ok: true, document: { ...examined.document, name: printable(basename(path)) } } : examined;
}
