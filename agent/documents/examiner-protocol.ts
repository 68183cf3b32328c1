/** What the agent and the examining process say to each other: one line that announces a document, its bytes, and one line of answer. */
import { type DocumentRefusal, documentRefusals, documentRemarks } from '../contract/problems.ts';
import { type OtherView, otherKinds } from '../contract/state.ts';
import type { Remark } from './intake-findings.ts';
import { mostPacked } from './intake-other.ts';
import type { IntakePolicy } from './intake-policy.ts';
import { printable } from './printable.ts';

/** Goes before the bytes, as JSON, and ends with a line feed. */
export interface Announcement {
  /** Bytes that follow. */
  readonly size: number;
  readonly policy: IntakePolicy;
}

/** What the process found out; `digest` is that of the bytes it was given, SHA-256 in hex. */
export type Answer =
  | {
      readonly ok: true;
      readonly digest: string;
      readonly pages: number;
      readonly signatures: number;
      readonly remarks: readonly Remark[];
      readonly other?: OtherView;
    }
  | { readonly ok: false; readonly digest: string; readonly refusal: DocumentRefusal; readonly subject?: string };

/** Longest answer that is listened to, characters. */
export const longestAnswer = 100_000;

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function readRemark(value: unknown): Remark | undefined {
  if (!isFields(value)) return undefined;
  const { code, subjects } = value;
  const known = documentRemarks.find((remark) => remark === code);
  if (known === undefined || !Array.isArray(subjects) || !subjects.every((subject) => typeof subject === 'string')) return undefined;
  return { code: known, subjects: subjects.map((subject) => printable(subject, 60)) };
}

/** Undefined for anything that is none. */
function readOther(value: unknown): OtherView | undefined {
  if (!isFields(value)) return undefined;
  const { kind, mimeType, files } = value;
  const known = otherKinds.find((one) => one === kind);
  if (known === undefined || typeof mimeType !== 'string' || !/^[\w.+-]{1,64}\/[\w.+-]{1,100}$/.test(mimeType)) return undefined;
  if (!Array.isArray(files) || files.length > mostPacked) return undefined;
  const read = files.flatMap((file: unknown) => {
    if (!isFields(file) || typeof file['name'] !== 'string' || typeof file['digest'] !== 'string') return [];
    return /^[0-9a-f]{64}$/.test(file['digest']) ? [{ name: printable(file['name'], 120), digest: file['digest'] }] : [];
  });
  return read.length === files.length ? { kind: known, mimeType, files: read } : undefined;
}

/** Reads an answer; undefined for anything that is none. A process that read a hostile file is not believed blindly. */
export function parseAnswer(text: string): Answer | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isFields(value)) return undefined;
  const { digest, pages, signatures, remarks, other, refusal, subject } = value;
  if (typeof digest !== 'string') return undefined;
  if (value['ok'] === true) {
    if (!isCount(pages) || !isCount(signatures) || !Array.isArray(remarks)) return undefined;
    const read = remarks.map(readRemark).filter((remark) => remark !== undefined);
    if (read.length !== remarks.length) return undefined;
    const answer = { ok: true, digest, pages, signatures, remarks: read } as const;
    if (other === undefined) return answer;
    const seen = readOther(other);
    return seen === undefined ? undefined : { ...answer, other: seen };
  }
  const known = documentRefusals.find((code) => code === refusal);
  if (known === undefined) return undefined;
  return typeof subject === 'string'
    ? { ok: false, digest, refusal: known, subject: printable(subject, 60) }
    : { ok: false, digest, refusal: known };
}
