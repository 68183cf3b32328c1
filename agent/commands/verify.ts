/** `countersign verify FILE`: judges the signatures of a PDF, of a .p7s with its file, or of a container. It needs no station and writes nothing. */
import type { ContentReport } from '../documents/content-report.ts';
import { verifyPdf, type DocumentTimestampReport, type SignatureReport, type VerificationReport } from '../documents/verify.ts';
import { command, WrongUsage } from './arguments.ts';
import { timeLines } from './time-lines.ts';
import { readInput, trustFrom } from './trust-folders.ts';
import { contentInWords, kindOfFile, verifyContent } from './verify-content.ts';

const help = `countersign verify FILE [options]

Judges every signature in a PDF, in an ASiC container (.asice, .asics) or in a .p7s, in the words of ETSI EN 319 102-1. What kind of file it is, its
content decides, not its name.

  --content FILE  the file that a .p7s signs
  --trust DIR     folder with the certificates of trusted issuers (PEM or DER); without it no verdict is better than INDETERMINATE
  --crl DIR       folder with revocation lists (PEM or DER) of these issuers; where one is missing or has run out, the verdict is INDETERMINATE
  --json          the report as one JSON object
  --help

Exit codes: 0 every signature is TOTAL-PASSED, 1 at least one is not or there is none, 2 the file cannot be read.
`;

export const verify = command(
  {
    name: 'verify',
    help,
    options: { content: { type: 'string' }, trust: { type: 'string' }, crl: { type: 'string' }, json: { type: 'boolean', default: false } },
    takesWords: true,
  },
  async ({ values, words: [file, ...others] }, io) => {
    if (file === undefined || others.length > 0) throw new WrongUsage('Name one document: countersign verify FILE.');
    const kind = await kindOfFile(file);
    if (values.content !== undefined && kind !== 'detached') throw new WrongUsage('--content is for a .p7s, and this file is none.');
    const trust = await trustFrom(values, io);
    const options = trust === undefined ? {} : { trust };
    if (kind !== 'pdf') {
      const report = await verifyContent(file, kind, values.content, options);
      io.out(values.json ? `${JSON.stringify(report)}\n` : contentInWords(report));
      return exitCode(report);
    }
    const report = verifyPdf(await readInput(file), options);
    io.out(values.json ? `${JSON.stringify(report)}\n` : inWords(report));
    return exitCode(report);
  },
);

function exitCode({ outcome }: VerificationReport | ContentReport): number {
  if (outcome === 'UNREADABLE') return 2;
  return outcome === 'TOTAL-PASSED' ? 0 : 1;
}

function inWords(report: VerificationReport): string {
  const { outcome, sentence, signatures, documentTimestamps } = report;
  return [`${outcome}: ${sentence}`, ...signatures.flatMap(signatureLines), ...documentTimestamps.flatMap(documentLines), ''].join('\n');
}

function signatureLines(signature: SignatureReport, index: number): string[] {
  const { verdict, subIndication, profile, signer, signedAt, timestamps, location, coversWholeDocument, sentences } = signature;
  return [
    '',
    `Signature ${index + 1}: ${verdict}${subIndication === undefined ? '' : ` (${subIndication})`}`,
    ...(signer === undefined ? [] : [`  signer    ${signer.name}, issued by ${signer.issuer}, serial ${signer.serial}`]),
    ...(profile === undefined ? [] : [`  level     ${profile}${profileWords[profile]}`]),
    ...timeLines(signedAt, timestamps),
    ...(location === undefined ? [] : [`  station   ${location}`]),
    `  covers    ${coversWholeDocument ? 'the whole document' : 'an earlier revision of the document'}`,
    ...sentences.map((sentence) => `  ${sentence}`),
  ];
}

/** What a level says, by the documents alone. */
const profileWords: Readonly<Record<NonNullable<SignatureReport['profile']>, string>> = {
  'B-B': ', the signature alone',
  'B-T': ', with a timestamp',
  'B-LT': ', with a timestamp and the proofs to judge it later',
  'B-LTA': ', with a timestamp, the proofs to judge it later, and a timestamp over them',
};

function documentLines(stamp: DocumentTimestampReport, index: number): string[] {
  return [
    '',
    `Timestamp ${index + 1} over the document: ${stamp.verdict}${stamp.subIndication === undefined ? '' : ` (${stamp.subIndication})`}`,
    ...(stamp.authority === undefined
      ? []
      : [`  authority ${stamp.authority.name}, issued by ${stamp.authority.issuer}, serial ${stamp.authority.serial}`]),
    ...(stamp.time === undefined ? [] : [`  time      ${stamp.time}`]),
    `  covers    ${stamp.coversWholeDocument ? 'the whole document' : 'an earlier revision of the document'}`,
    ...stamp.sentences.map((sentence) => `  ${sentence}`),
  ];
}
