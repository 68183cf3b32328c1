/** `countersign verify FILE`: judges the signatures of a PDF. It needs no station and writes nothing. */
import { readFile, readdir } from 'node:fs/promises';
import { RevocationFolder } from '../documents/crl-folder.ts';
import { loadTrust, type Trust } from '../documents/trust.ts';
import { verifyPdf, type SignatureReport, type VerificationReport } from '../documents/verify.ts';
import { StartRefused } from '../refusals.ts';
import { command, WrongUsage } from './arguments.ts';
import type { CommandIo } from './io.ts';

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
    const bytes = await readFile(file).catch((error: unknown) => {
      throw new StartRefused(`${file} cannot be read${because(error)}.`, 2, error);
    });
    if (values.crl !== undefined && values.trust === undefined)
      throw new WrongUsage('--crl needs --trust: a revocation list counts by its issuer.');
    const trust = values.trust === undefined ? undefined : await trustFrom(values.trust, values.crl, io);
    const report = verifyPdf(bytes, trust === undefined ? {} : { trust });
    io.out(values.json ? `${JSON.stringify(report)}\n` : inWords(report));
    if (report.outcome === 'UNREADABLE') return 2;
    return report.outcome === 'TOTAL-PASSED' ? 0 : 1;
  },
);

async function trustFrom(directory: string, crl: string | undefined, io: CommandIo): Promise<Trust> {
  const issuers = await loadTrust(directory).catch((error: unknown) => {
    throw new StartRefused(`The trust folder ${directory} cannot be read${because(error)}.`, 2, error);
  });
  if (crl === undefined) return issuers;
  await readdir(crl).catch((error: unknown) => {
    throw new StartRefused(`The folder of revocation lists ${crl} cannot be read${because(error)}.`, 2, error);
  });
  const folder = new RevocationFolder(crl, issuers, { stale: 'refuse' });
  const trust = await folder.trust(new Date());
  for (const { name, sentence } of folder.unused()) io.err(`${name}: ${sentence}\n`);
  return trust;
}

function inWords(report: VerificationReport): string {
  return [`${report.outcome}: ${report.sentence}`, ...report.signatures.flatMap(signatureLines), ''].join('\n');
}

function signatureLines(signature: SignatureReport, index: number): string[] {
  const { verdict, subIndication, signer, signedAt, location, coversWholeDocument, sentences } = signature;
  return [
    '',
    `Signature ${index + 1}: ${verdict}${subIndication === undefined ? '' : ` (${subIndication})`}`,
    ...(signer === undefined ? [] : [`  signer    ${signer.name}, issued by ${signer.issuer}, serial ${signer.serial}`]),
    ...(signedAt === undefined ? [] : [`  time      ${signedAt} as claimed by the station's clock, no timestamp by a third party`]),
    ...(location === undefined ? [] : [`  station   ${location}`]),
    `  covers    ${coversWholeDocument ? 'the whole document' : 'an earlier revision of the document'}`,
    ...sentences.map((sentence) => `  ${sentence}`),
  ];
}

function because(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return ': it does not exist';
  if (code === 'EACCES') return ': there is no permission';
  if (code === 'EISDIR') return ': it is a folder';
  return typeof code === 'string' ? ` (${code})` : '';
}
