/** What `countersign verify --verbose` says of a PDF. */
import type { DocumentTimestampReport, SignatureReport, VerificationReport } from '../documents/verify.ts';
import { timeLines } from './time-lines.ts';

/** The report in words, for a terminal, with everything in it. */
export function pdfInWords(report: VerificationReport): string {
  const { outcome, sentence, signatures, documentTimestamps } = report;
  return [`${outcome}: ${sentence}`, ...signatures.flatMap(signatureLines), ...documentTimestamps.flatMap(documentLines), ''].join('\n');
}

function signatureLines(signature: SignatureReport, index: number): string[] {
  const { verdict, subIndication, profile, signer, signedAt, timestamps, location, coversWholeDocument, revision, sentences } = signature;
  return [
    '',
    `Signature ${index + 1}: ${verdict}${subIndication === undefined ? '' : ` (${subIndication})`}`,
    ...(signer === undefined ? [] : [`  signer    ${signer.name}, issued by ${signer.issuer}, serial ${signer.serial}`]),
    ...(profile === undefined ? [] : [`  level     ${profile}${profileWords[profile]}`]),
    ...timeLines(signedAt, timestamps),
    ...(location === undefined ? [] : [`  station   ${location}`]),
    `  covers    ${coversWholeDocument ? 'the whole document' : 'an earlier revision of the document'}${revision === undefined ? '' : `, ${revision.number} of ${revision.of}`}`,
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
