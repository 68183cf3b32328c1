/** What is to be signed at the terminal: each file on its own, or several packed into one container so that one signature covers them all. */
import { createHash } from 'node:crypto';
import { basename, extname, resolve } from 'node:path';
import type { OutputFormat } from '../contract/state.ts';
import { packFiles } from '../documents/asic.ts';
import { readDocument } from '../documents/intake.ts';
import { remarkSentence } from '../documents/intake-findings.ts';
import { outputFormats } from '../documents/output-format.ts';
import type { Refusal } from '../documents/refusal-sentences.ts';
import { nameInContainer } from '../documents/zip-names.ts';
import { ZipRefused } from '../documents/zip-refused.ts';
import type { Station } from '../main.ts';
import { StartRefused } from '../refusals.ts';
import { WrongUsage } from './arguments.ts';

/** `name` is the one that it gets in the inbox; `digest` is SHA-256 in hex. */
interface TerminalDocument {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly digest: string;
}

export type TerminalDocuments =
  /** `notes`: what a person should know of them. */
  | { readonly ok: true; readonly documents: readonly TerminalDocument[]; readonly notes: readonly string[] }
  | { readonly ok: false; readonly file: string; readonly refusal: Refusal };

/** The value of --format. Throws WrongUsage. */
export function readFormat(text: string | undefined): OutputFormat | undefined {
  const found = outputFormats.find((format) => format === text);
  if (text !== undefined && found === undefined) throw new WrongUsage(`"${text}" is not a format (${outputFormats.join(', ')}).`);
  return found;
}

/**
 * Reads every file and has it examined. With `together`, several become one ASiC-E container without a signature. Throws StartRefused when they cannot be
 * signed in this format, or cannot be packed together.
 */
export async function readTerminalDocuments(
  files: readonly string[],
  format: OutputFormat | undefined,
  together: boolean,
  { examiner, desk }: Pick<Station, 'examiner' | 'desk'>,
): Promise<TerminalDocuments> {
  const documents: TerminalDocument[] = [];
  const notes: string[] = [];
  for (const file of files) {
    const read = await readDocument(resolve(file), examiner);
    if (!read.ok) return { ok: false, file, refusal: read };
    const { bytes, digest, remarks, other, name: shown } = read.document;
    if (other !== undefined && format === 'pades') throw new StartRefused(`${basename(file)} is no PDF, so it cannot be signed as pades.`);
    const taken = new Set(documents.map(({ name }) => name));
    const name = freeName(other === undefined ? pdfName(file) : otherName(file), taken);
    const byRules = desk.refusal({ fileName: name, remarks, ...(other === undefined ? {} : { other }) });
    if (byRules !== undefined) return { ok: false, file, refusal: byRules };
    documents.push({ name, bytes, digest });
    notes.push(...remarks.map((remark) => `${files.length === 1 ? 'Note' : `Note on ${shown}`}: ${remarkSentence(remark)}`));
  }
  if (!together || documents.length === 1) return { ok: true, documents, notes };
  if (examiner.policy.otherFiles !== 'allow') {
    throw new StartRefused(
      'This station signs PDFs only, each in itself. A container needs "otherFiles": "allow" among "documents" in station.json.',
    );
  }
  const bytes = pack(documents);
  const packed = await examiner.examine(bytes, createHash('sha256').update(bytes).digest('hex'));
  if (!packed.ok) return { ok: false, file: 'the files together', refusal: packed };
  return { ok: true, documents: [{ name: 'files.asice', bytes, digest: packed.document.digest }], notes };
}

function pack(files: readonly TerminalDocument[]): Uint8Array {
  try {
    return packFiles(files.map(({ name, bytes }) => ({ name: nameInContainer(name), bytes })));
  } catch (error) {
    if (!(error instanceof ZipRefused || error instanceof RangeError)) throw error;
    throw new StartRefused('These files cannot be packed together: two of them have the same name, or they are too large.', 2, error);
  }
}

/** Names that are there twice get a number. */
function freeName(name: string, taken: ReadonlySet<string>): string {
  const ending = extname(name);
  const stem = name.slice(0, name.length - ending.length);
  let free = name;
  for (let number = 2; taken.has(free); number += 1) free = `${stem} (${number})${ending}`;
  return free;
}

/** The inbox passes over names of half-copied files, and here the copy is whole whatever its name is. */
function pdfName(file: string): string {
  return `${shortName(file.replace(/\.pdf$/i, ''))}.pdf`;
}

/** The ending stays: it is part of what the file is. */
function otherName(file: string): string {
  const ending = extname(file);
  const name = `${shortName(file.slice(0, file.length - ending.length))}${ending}`;
  return /\.(?:part|partial|tmp|crdownload)$/i.test(name) ? `${name}_` : name;
}

function shortName(file: string): string {
  return Array.from(basename(file).replace(/^[.~$]+/, ''))
    .slice(0, 60)
    .join('');
}
