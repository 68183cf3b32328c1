/** What `countersign verify` does for signatures that stand beside what they sign: a .p7s with its file, and containers. */
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileSource } from '../documents/byte-source.ts';
import { ContentRefused, digestFile } from '../documents/content-digest.ts';
import type { ContentReport, ContentSignature } from '../documents/content-report.ts';
import { headBytes, kindOfSigned, type SignedFileKind } from '../documents/signed-file.ts';
import { verifyContainer } from '../documents/verify-container.ts';
import { verifyDetached } from '../documents/verify-detached.ts';
import type { VerifyOptions } from '../documents/verify.ts';
import { StartRefused } from '../refusals.ts';
import { timeLines } from './time-lines.ts';
import { because } from './trust-folders.ts';

/** A CMS object that is larger than this holds something else than signatures. */
const longestDetached = 16 * 1024 * 1024;

/** Opens, uses and closes a file. What goes wrong with it becomes a StartRefused; what else is thrown comes through. */
async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    return await use(file);
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new StartRefused(`${path} cannot be read${because(error)}.`, 2, error);
  } finally {
    await file?.close();
  }
}

/** Throws StartRefused when the file cannot be read. */
export async function kindOfFile(path: string): Promise<SignedFileKind> {
  return withFile(path, async (file) => {
    const head = new Uint8Array(headBytes);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    return kindOfSigned(head.subarray(0, bytesRead));
  });
}

/** Judges a container, or a .p7s with the file it signs. Throws StartRefused when one of them cannot be read. */
export async function verifyContent(
  path: string,
  kind: Exclude<SignedFileKind, 'pdf'>,
  content: string | undefined,
  options: VerifyOptions,
): Promise<ContentReport> {
  return withFile(path, async (file) => {
    const source = fileSource(file.fd);
    if (kind === 'container') return verifyContainer(source, options);
    if (source.size > longestDetached) throw new StartRefused(`${path} is too large for a signature.`, 2);
    return verifyDetached(await file.readFile(), content === undefined ? undefined : contentAt(content), options);
  });
}

function contentAt(path: string) {
  return {
    name: basename(path),
    async digest(hash: Parameters<typeof digestFile>[1][number]): Promise<Uint8Array> {
      try {
        return (await digestFile(path, [hash])).of(hash);
      } catch (error) {
        if (error instanceof ContentRefused) throw new StartRefused(`${path} cannot be read: ${error.message}.`, 2, error);
        throw new StartRefused(`${path} cannot be read${because(error)}.`, 2, error);
      }
    },
  };
}

const formats: Readonly<Record<ContentReport['format'], string>> = {
  cades: 'CAdES, beside the file that is signed',
  'asic-s': 'ASiC-S, one file in a container',
  'asic-e': 'ASiC-E, files in a container',
  unknown: 'unknown',
};

/** The report in words, for a terminal. */
export function contentInWords({ outcome, sentence, format, signatures, uncovered }: ContentReport): string {
  return [
    `${outcome}: ${sentence}`,
    ...(format === 'unknown' ? [] : [`Format: ${formats[format]}`]),
    ...signatures.flatMap(signatureLines),
    ...(uncovered.length === 0 ? [] : ['', 'Signed by nobody:', ...uncovered.map((name) => `  ${name}`)]),
    '',
  ].join('\n');
}

function signatureLines(
  { name, verdict, subIndication, signer, signedAt, timestamps, covers, sentences }: ContentSignature,
  index: number,
): string[] {
  return [
    '',
    `Signature ${index + 1}${name === '' ? '' : ` (${name})`}: ${verdict}${subIndication === undefined ? '' : ` (${subIndication})`}`,
    ...(signer === undefined ? [] : [`  signer    ${signer.name}, issued by ${signer.issuer}, serial ${signer.serial}`]),
    ...timeLines(signedAt, timestamps),
    ...covers.map((file, line) => `  ${line === 0 ? 'covers  ' : '        '}  ${file}`),
    ...sentences.map((text) => `  ${text}`),
  ];
}
