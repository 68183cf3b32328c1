/** What `countersign verify --verbose` says of signatures that stand beside what they sign: a .p7s with its file, and containers. */
import type { ContentReport, ContentSignature } from '../documents/content-report.ts';
import { timeLines } from './time-lines.ts';

const formats: Readonly<Record<ContentReport['format'], string>> = {
  cades: 'CAdES, beside the file that is signed',
  'asic-s': 'ASiC-S, one file in a container',
  'asic-e': 'ASiC-E, files in a container',
  unknown: 'unknown',
};

/** The report in words, for a terminal, with everything in it. */
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
