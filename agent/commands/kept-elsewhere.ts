/** What was kept elsewhere and is held against a log: a checkpoint, a key, the hash of an entry. */
import { readFile } from 'node:fs/promises';
import type { KnownEntry, Verification } from '../log/verify.ts';
import type { Beside } from '../log/verify/beside.ts';
import { Wrong } from '../log/verify/canonical.ts';
import { type KnownLog, readClaim, readSignedHead, readVerifierKey } from '../log/verify/checkpoint.ts';
import { StartRefused } from '../refusals.ts';
import { WrongUsage } from './arguments.ts';

/** What was kept elsewhere, and whose it is. */
export interface Elsewhere extends Pick<Beside, 'kept' | 'publicKey'> {
  readonly origin?: string;
  /** Entries under the checkpoint that was kept, as it says itself. */
  readonly size?: number;
}

/** Throws WrongUsage, and StartRefused when a file cannot be read or says nothing about any log. */
export async function readElsewhere(file: string | undefined, text: string | undefined): Promise<Elsewhere> {
  const key = text === undefined ? undefined : readKey(text);
  if (file === undefined) return key ?? {};
  const kept = await readFile(file).catch((cause: unknown) => {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    throw new StartRefused(code === 'ENOENT' ? `There is no file ${file}.` : `${file} cannot be read (${code}).`, 2, cause);
  });
  try {
    const { origin, size } = readClaim(kept);
    if (key !== undefined) readSignedHead(kept, key);
    return { ...key, origin, size, kept };
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    throw new StartRefused(`The checkpoint ${file} says nothing about any log: ${error.message}.`, 2, error);
  }
}

/** A key as `countersign log key` shows it. Throws WrongUsage. */
export function readKey(text: string): KnownLog {
  try {
    return readVerifierKey(text);
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    throw new WrongUsage(`--key takes a key as countersign log key shows it, name+id+base64, and this is none: ${error.message}.`);
  }
}

/** An entry that was written down. Throws WrongUsage. */
export function readKnown(text: string): KnownEntry {
  const [, seq, leaf] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || leaf === undefined)
    throw new WrongUsage('--known takes the number of an entry, a colon, and its hash of 64 hex digits.');
  return { seq: Number(seq), leaf };
}

/** Why something of another log says nothing here, in whole sentences; where that log is the one before this one, what it means. */
export function ofAnotherLog({ origin, size }: Elsewhere, own: string, { predecessor }: Pick<Verification, 'predecessor'>): string {
  if (predecessor === undefined || origin !== predecessor.origin)
    return `What was kept elsewhere is of ${origin ?? ''}, and this is the log of ${own}.`;
  const ended = `What was kept elsewhere is of ${predecessor.origin}, the log before this one, which ${own} carries on after ${predecessor.size} entries.`;
  const lost =
    size === undefined || size <= predecessor.size
      ? 'Hold it against a bundle of that log.'
      : `It had ${size} entries then: those from ${predecessor.size} on were in no bundle and were lost.`;
  return `${ended} ${lost}`;
}
