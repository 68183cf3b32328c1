/**
 * Judges the signatures in a file in a process of its own: one that crashes the reading of it, or would take all memory or time, has a report that says
 * so, and whoever asked goes on.
 */
import type { ContentReport } from './content-report.ts';
import { type FileToCheck, withFileToCheck } from './file-to-check.ts';
import { LimitedChild, type NoAnswer } from './limited-child.ts';
import type { ChildLimits } from './limited-launch.ts';
import { refusalSentences } from './refusal-sentences.ts';
import type { SignedFileKind } from './signed-file.ts';
import { parseAgreed } from './strict-values.ts';
import { contentAnswer, longestAnswer, pdfAnswer } from './verifier-answer.ts';
import { tellTask } from './verifier-protocol.ts';
import type { VerificationReport, VerifyOptions } from './verify.ts';

export { FileUnavailable, type FileProblem } from './file-to-check.ts';

/** The processor time and the deadline are those of a small file; a large one has more. */
export const defaultVerifierLimits: ChildLimits = { cpuSeconds: 30, deadlineMs: 90_000, heapMegabytes: 512, memoryMegabytes: 1280 };

/** A larger PDF is not read: it would be held in memory. */
const mostPdfBytes = 1024 ** 3;
/** As much of a container as is ever unpacked (`zip-reader.ts`): what is larger has no more time. */
const mostOfFile = 4 * 1024 ** 3;
/** Copies that are held at one time: of a PDF as it is and one stream of it undone, of trust as it came and as it is looked up. */
const copies = { pdf: 2, trust: 4 };
/** What a processor hashes, and a slow drive gives, in a second. */
const bytesPerSecond = { processor: 64 * 1024 * 1024, drive: 4 * 1024 * 1024 };

const unfinished: Readonly<Record<NoAnswer, string>> = {
  'took-too-long': 'This file could not be checked: reading it took too long.',
  'examination-failed': 'This file could not be checked: reading it broke off. It may be damaged, or made to do harm.',
};

type Report = VerificationReport | ContentReport;

/**
 * Judges the signatures in the file at `path`; `content` is the file that a .p7s signs. What kind of file it is, its content decides: the report on
 * a container or a .p7s has a `format`, that on a PDF has none. A file that cannot be judged within the limits is UNREADABLE, with `refusal`
 * `took-too-long` or `examination-failed`, and so is one that is given up by `signal`. Throws FileUnavailable when one of the files cannot be opened, or changes meanwhile.
 */
export async function verifyFile(
  file: { readonly path: string; readonly content?: string | undefined },
  options: VerifyOptions = {},
  limits: ChildLimits = defaultVerifierLimits,
  signal?: AbortSignal,
): Promise<Report> {
  return withFileToCheck(file.path, file.content, (opened) => judgeApart(opened, options, limits, signal));
}

async function judgeApart(
  { kind, file, content }: FileToCheck,
  options: VerifyOptions,
  limits: ChildLimits,
  signal: AbortSignal | undefined,
): Promise<Report> {
  if (kind === 'pdf' && file.size > mostPdfBytes) return unreadable(kind, 'too-large', refusalSentences['too-large']);
  const told = tellTask({ kind, ...(content === undefined ? {} : { content: content.name }), options });
  const trusted = told.reduce((sum, { length }) => sum + length, 0);
  const child = new LimitedChild({
    host: 'verifier-host',
    limits: widened(limits, Math.min(file.size, mostOfFile) + (content?.size ?? 0)),
    heldBytes: (kind === 'pdf' ? copies.pdf * file.size : 0) + copies.trust * trusted,
    longestAnswer,
    descriptors: [file, ...(content === undefined ? [] : [content])].map(({ descriptor }) => descriptor),
  });
  const giveUp = (): void => child.kill();
  if (signal?.aborted === true) giveUp();
  signal?.addEventListener('abort', giveUp, { once: true });
  const answer = await child.ask(told);
  signal?.removeEventListener('abort', giveUp);
  if (typeof answer === 'string') return unreadable(kind, answer, unfinished[answer]);
  const report = kind === 'pdf' ? parseAgreed(answer.said, pdfAnswer) : parseAgreed(answer.said, contentAnswer);
  return report ?? unreadable(kind, 'examination-failed', unfinished['examination-failed']);
}

/** What is large takes long to read, also when nothing is wrong with it. */
function widened({ cpuSeconds, deadlineMs, ...others }: ChildLimits, size: number): ChildLimits {
  return {
    ...others,
    cpuSeconds: cpuSeconds + Math.floor(size / bytesPerSecond.processor),
    deadlineMs: deadlineMs + Math.floor((1000 * size) / bytesPerSecond.drive),
  };
}

function unreadable(kind: SignedFileKind, refusal: NoAnswer | 'too-large', sentence: string): Report {
  const nothing = { outcome: 'UNREADABLE', refusal, signatures: [], sentence } as const;
  return kind === 'pdf' ? { ...nothing, documentTimestamps: [] } : { format: 'unknown', ...nothing, uncovered: [] };
}
