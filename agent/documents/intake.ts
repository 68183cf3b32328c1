/** Intake: reads a document once, bounds it, computes its digest, and refuses what cannot be signed safely. Nothing in it throws on bad input. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { OtherView } from '../contract/state.ts';
import { hasActiveEnding } from './active-content.ts';
import { piecesOf, readBytes, withDocumentFile } from './document-file.ts';
import { judgeActions } from './intake-actions.ts';
import { judgeContent } from './intake-content.ts';
import { Findings, type Remark } from './intake-findings.ts';
import { judgeForm } from './intake-form.ts';
import { judgeFonts } from './intake-fonts.ts';
import { judgeLayers } from './intake-layers.ts';
import { examineOther } from './intake-other.ts';
import { type IntakePolicy, defaultIntakePolicy } from './intake-policy.ts';
import { judgeUnreached } from './intake-shadow.ts';
import { judgeSignatures } from './intake-signatures.ts';
import { judgeOther, mayBePdf } from './other-kinds.ts';
import { type PdfFile, openPdf } from './pdf.ts';
import { readFields } from './pdf-fields.ts';
import { PdfRefused, defaultPdfLimits } from './pdf-objects.ts';
import { readPages, walk } from './pdf-pages.ts';
import { checkPermissions } from './pdf-permissions.ts';
import { printable } from './printable.ts';
import { type Refusal, refuse } from './refusal-sentences.ts';

/** What intake knows of a document. `digest` is the SHA-256 of its bytes, lower-case hex; `size` is in bytes. */
export interface SeenDocument {
  readonly digest: string;
  readonly size: number;
  readonly pages: number;
  /** Signatures that are already in it. */
  readonly signatures: number;
  /** What a person should know of it although it may be signed. */
  readonly remarks: readonly Remark[];
  /** Set for a file that is no PDF; it has no pages then. */
  readonly other?: OtherView;
}

/** The same, with the bytes. */
export interface ExaminedDocument extends SeenDocument {
  readonly bytes: Uint8Array;
}

/** A document that was read from a file; `name` is its file name, made safe to show. */
export interface ReadDocument extends ExaminedDocument {
  readonly name: string;
  /** That of the file before it was read (`file-stamp.ts`). */
  readonly stamp: string | undefined;
}

export type Examined = { readonly ok: true; readonly document: ExaminedDocument } | Refusal;
export type Seen = { readonly ok: true; readonly document: SeenDocument } | Refusal;

/** Whoever examines documents by a policy: on a station a process of its own (`examiner.ts`). */
export interface Examining {
  readonly policy: IntakePolicy;
  /** `digest` is the SHA-256 of `bytes`, hex. */
  examine(bytes: Uint8Array, digest: string): Promise<Examined>;
  /** Examines `size` bytes that come piece by piece, and keeps none of them. Throws what `pieces` throws. */
  look(size: number, pieces: AsyncIterable<Uint8Array>): Promise<Seen>;
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
  const reached = walk(file, { inflate: true, onDict: (dict, stream) => judges.forEach((one) => one(dict, stream)) });
  judgeUnreached(file, reached, findings);
}

/** A file in a container, as if it had come alone; what it is a container of in its turn is not looked into. */
function examineInside(content: Uint8Array, policy: IntakePolicy): Refusal | undefined {
  if (mayBePdf(content)) {
    const examined = examine(content, { ...policy, embeddedFiles: 'refuse' });
    return examined.ok ? undefined : examined;
  }
  const judged = judgeOther(content);
  return 'refusal' in judged ? refuse(judged.refusal) : undefined;
}

/**
 * Examines bytes that are held in memory; `digest` is their SHA-256, hex, where it is known already. Never throws on bad input: every outcome is a document or
 * a refusal.
 */
export function examine(bytes: Uint8Array, policy: IntakePolicy = defaultIntakePolicy, digest?: string): Examined {
  if (bytes.length === 0) return refuse('empty');
  if (bytes.length > policy.maxBytes) return refuse('too-large');
  if (policy.otherFiles === 'allow' && !mayBePdf(bytes)) {
    const examined = examineOther(bytes, (content) => examineInside(content, policy));
    if (!examined.ok) return examined;
    const { other, signatures } = examined;
    return { ok: true, document: { bytes, digest: digest ?? sha256(bytes), size: bytes.length, pages: 0, signatures, remarks: [], other } };
  }
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
    const signatures = fields.signed.length;
    const remarks = findings.remarks();
    return { ok: true, document: { bytes, digest: digest ?? sha256(bytes), size: bytes.length, pages, signatures, remarks } };
  } catch (problem) {
    if (problem instanceof PdfRefused) {
      return refuse(problem.refusal, problem.subject === undefined ? undefined : printable(problem.subject, 60));
    }
    throw problem;
  }
}

/** Reads a file once (`readBytes`) and has those bytes examined. Never throws on bad input. */
export async function readDocument(
  path: string,
  examiner: Examining,
): Promise<{ readonly ok: true; readonly document: ReadDocument } | Refusal> {
  const read = await readBytes(path, examiner.policy.maxBytes);
  if (typeof read === 'string') return refuse(read);
  const examined = named(await examiner.examine(read.bytes, read.digest), path);
  return examined.ok ? { ok: true, document: { ...examined.document, stamp: read.stamp } } : examined;
}

/** Has a file examined without holding its bytes: they go through piece by piece. Never throws on bad input. */
export async function lookAtDocument(
  path: string,
  examiner: Examining,
): Promise<{ readonly ok: true; readonly document: SeenDocument & { readonly name: string } } | Refusal> {
  const seen = await withDocumentFile(path, examiner.policy.maxBytes, (file, size) => examiner.look(size, piecesOf(file)));
  if (typeof seen === 'string') return refuse(seen);
  return named(seen, path);
}

/** What a computer would run by the ending of its name is refused, whatever is inside; a PDF is known by its content alone. */
function named<T extends SeenDocument>(
  seen: { readonly ok: true; readonly document: T } | Refusal,
  path: string,
): { readonly ok: true; readonly document: T & { readonly name: string } } | Refusal {
  if (!seen.ok) return seen;
  if (seen.document.other !== undefined && hasActiveEnding(basename(path))) return refuse('active-content');
  return { ok: true, document: { ...seen.document, name: printable(basename(path)) } };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
