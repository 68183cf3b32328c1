/** Signed files that are named in a call: judged in a process of their own, and what is said when one cannot be opened. */
import { basename } from 'node:path';
import type { ContentReport } from '../documents/content-report.ts';
import { FileUnavailable, type FileProblem, verifyFile } from '../documents/verifier.ts';
import type { VerificationReport, VerifyOptions } from '../documents/verify.ts';
import { StartRefused } from '../refusals.ts';
import { WrongUsage } from './arguments.ts';
import { because, readInput } from './trust-folders.ts';

const reasons: Partial<Record<FileProblem, string>> = {
  folder: ': it is a folder',
  'not-a-file': ': it is not a plain file',
  changed: ': it changed while it was read',
};

/** Judges one file in a process of its own. Throws StartRefused when it, or its content, cannot be opened, and WrongUsage for a content of what has none. */
export async function judgeFile(
  path: string,
  content: string | undefined,
  options: VerifyOptions,
): Promise<VerificationReport | ContentReport> {
  try {
    return await verifyFile({ path, content }, options);
  } catch (error) {
    if (!(error instanceof FileUnavailable)) throw error;
    if (error.problem === 'content-not-wanted') throw new WrongUsage('--content is for a .p7s, and this file is none.');
    if (error.problem === 'too-large') throw new StartRefused(`${error.path} is too large for a signature.`, 2, error);
    throw new StartRefused(`${error.path} cannot be read${reasons[error.problem] ?? because(error.cause)}.`, 2, error);
  }
}

/**
 * The bytes of a signed file to which something is to be added. They are read here only after a process with limits has come to the end of them, so that
 * what would take all time or memory is refused before. Throws StartRefused.
 */
export async function readSigned(path: string): Promise<Uint8Array> {
  const { refusal, sentence } = await judgeFile(path, undefined, {});
  if (refusal === 'took-too-long' || refusal === 'examination-failed') throw new StartRefused(`${basename(path)}: ${sentence}`, 2);
  return readInput(path);
}
