/** In which format a document is signed, what the signed file is called, and the signature prepared in that format. */
import type { OutputFormat } from '../contract/state.ts';
import { prepareAnotherSignature, prepareAsicE, prepareAsicS } from './asic.ts';
import { digestOf } from './algorithms.ts';
import { prepareCades } from './cades.ts';
import type { OtherFile } from './other-kinds.ts';
import { preparePades } from './pades.ts';
import type { PadesRequest } from './pades-request.ts';
import type { PreparedSignature } from './prepared.ts';
import { nameInContainer } from './zip-names.ts';

export const outputFormats = ['pades', 'cades', 'asic-s', 'asic-e'] as const satisfies readonly OutputFormat[];

/** What is to be signed; `other` is absent for a PDF. */
export interface Signable {
  readonly fileName: string;
  readonly bytes: Uint8Array;
  readonly other?: OtherFile | undefined;
}

/**
 * The format that fits: a PDF is signed in itself unless `wanted` says otherwise; an ASiC-E container takes one more signature into itself, whatever is wanted; any
 * other file is signed as `wanted`, beside itself where that is left out.
 */
export function formatFor(other: OtherFile | undefined, wanted: OutputFormat | undefined): OutputFormat {
  if (other === undefined) return wanted ?? 'pades';
  if (other.mimeType === containerType) return 'asic-e';
  return wanted === undefined || wanted === 'pades' ? 'cades' : wanted;
}

const containerType = 'application/vnd.etsi.asic-e+zip';
const longestStem = 200;

function shortened(name: string): string {
  let short = name;
  while (Buffer.byteLength(short) > longestStem) short = Array.from(short).slice(0, -1).join('');
  return short;
}

/**
 * Name of the signed file: "contract.pdf" becomes "contract-signed.pdf", a container "files.asice" becomes "files-signed.asice"; otherwise "report.docx" becomes
 * "report.docx.p7s", ".asics" or ".asice". A name that would be too long for a file system is cut.
 */
export function signedName(fileName: string, format: OutputFormat): string {
  switch (format) {
    case 'pades':
      return `${shortened(fileName.replace(/\.pdf$/i, ''))}-signed.pdf`;
    case 'cades':
      return `${shortened(fileName)}.p7s`;
    case 'asic-s':
      return `${shortened(fileName)}.asics`;
    case 'asic-e':
      return /\.asice$/i.test(fileName) ? `${shortened(fileName.slice(0, -'.asice'.length))}-signed.asice` : `${shortened(fileName)}.asice`;
  }
}

/** True when a signed file of this name may have come from the document, in whatever format. */
export function mayComeFrom(fileName: string, signed: string): boolean {
  return outputFormats.some((format) => signedName(fileName, format) === signed);
}

/** Prepares the signature. Throws what the format's own function throws; a name that no container may hold is replaced. */
export function prepareSignature({ fileName, bytes, other }: Signable, format: OutputFormat, request: PadesRequest): PreparedSignature {
  if (format === 'pades') return preparePades(bytes, request);
  const { certificate, chain, hash, scheme, signedAt, commitment } = request;
  const cades = { certificate, chain, hash, scheme, signedAt, ...(commitment === undefined ? {} : { commitment }) };
  const mimeType = other?.mimeType ?? 'application/pdf';
  const file = { name: nameInContainer(fileName), bytes, mimeType };
  switch (format) {
    case 'cades':
      return prepareCades(digestOf(request.hash, bytes), { ...cades, mimeType });
    case 'asic-s':
      return prepareAsicS(file, cades);
    case 'asic-e':
      return mimeType === containerType ? prepareAnotherSignature(bytes, cades) : prepareAsicE([file], cades);
  }
}
