/** `countersign verify FILE`: judges the signatures of a PDF. It needs no station and writes nothing. */
import { verifyPdf, type SignatureReport, type TimestampReport, type VerificationReport } from '../documents/verify.ts';
import { command, WrongUsage } from './arguments.ts';
import { readInput, trustFrom } from './trust-folders.ts';

const help = `countersign verify FILE [options]

Judges every signature in a PDF, in the words of ETSI EN 319 102-1.

  --trust DIR  folder with the certificates of trusted issuers (PEM or DER); without it no verdict is better than INDETERMINATE
  --crl DIR    folder with revocation lists (PEM or DER) of these issuers; where one is missing or has run out, the verdict is INDETERMINATE
  --json       the report as one JSON object
  --help

Exit codes: 0 every signature is TOTAL-PASSED, 1 at least one is not or there is none, 2 the file cannot be read.
`;

export const verify = command(
  {
    name: 'verify',
    help,
    options: { trust: { type: 'string' }, crl: { type: 'string' }, json: { type: 'boolean', default: false } },
    takesWords: true,
  },
  async ({ values, words: [file, ...others] }, io) => {
    if (file === undefined || others.length > 0) throw new WrongUsage('Name one document: countersign verify FILE.');
    const bytes = await readInput(file);
    const trust = await trustFrom(values, io);
    const report = verifyPdf(bytes, trust === undefined ? {} : { trust });
    io.out(values.json ? `${JSON.stringify(report)}\n` : inWords(report));
    if (report.outcome === 'UNREADABLE') return 2;
    return report.outcome === 'TOTAL-PASSED' ? 0 : 1;
  },
);

function inWords(report: VerificationReport): string {
  return [`${report.outcome}: ${report.sentence}`, ...report.signatures.flatMap(signatureLines), ''].join('\n');
}

function signatureLines(signature: SignatureReport, index: number): string[] {
  const { verdict, subIndication, signer, signedAt, timestamps, location, coversWholeDocument, sentences } = signature;
  return [
    '',
    `Signature ${index + 1}: ${verdict}${subIndication === undefined ? '' : ` (${subIndication})`}`,
    ...(signer === undefined ? [] : [`  signer    ${signer.name}, issued by ${signer.issuer}, serial ${signer.serial}`]),
    ...(signedAt === undefined
      ? []
      : [`  time      ${signedAt} as claimed by the station's clock${timestamps.length === 0 ? ', no timestamp by a third party' : ''}`]),
    ...timestamps.flatMap(timestampLines),
    ...(location === undefined ? [] : [`  station   ${location}`]),
    `  covers    ${coversWholeDocument ? 'the whole document' : 'an earlier revision of the document'}`,
    ...sentences.map((sentence) => `  ${sentence}`),
  ];
}

function timestampLines({ verdict, subIndication, time, authority, sentences }: TimestampReport): string[] {
  const said = time === undefined ? '' : `${time}${authority === undefined ? '' : ` by ${authority.name}`}: `;
  return [
    `  timestamp ${said}${verdict}${subIndication === undefined ? '' : ` (${subIndication})`}`,
    ...sentences.map((sentence) => `            ${sentence}`),
  ];
}
