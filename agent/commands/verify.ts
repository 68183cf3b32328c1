/**
 * `countersign verify FILE...`: judges the signatures of PDFs, of a .p7s with its file, or of containers. Each file is read in a
 * process of its own. It needs no station and writes nothing.
 */
import type { ContentReport } from '../documents/content-report.ts';
import type { VerificationReport } from '../documents/verify.ts';
import { StartRefused } from '../refusals.ts';
import { command, WrongUsage } from './arguments.ts';
import { judgeFile } from './signed-input.ts';
import { trustFrom } from './trust-folders.ts';
import { contentInWords } from './verify-content-words.ts';
import { pdfInWords } from './verify-pdf-words.ts';
import { inShort } from './verify-short.ts';

const help = `countersign verify FILE... [options]

Judges every signature in PDFs, in ASiC containers (.asice, .asics) or in a .p7s, in the words of ETSI EN 319 102-1. What kind of file it is, its
content decides, not its name. It says who signed, when (as claimed, where no timestamp proves it), and what was added since.

  --content FILE  the file that a .p7s signs
  --trust DIR     folder with the certificates of trusted issuers (PEM or DER); without it no verdict is better than INDETERMINATE
  --crl DIR       folder with revocation lists (PEM or DER) of these issuers; where one is missing or has run out, the verdict is INDETERMINATE
  --at TIME       judge the certificates at this time (2026-11-30 or 2026-11-30T17:00:00Z) and not at the time of each signature
  --verbose       everything that was found out
  --json          the report as one JSON object for each file, a line each
  --help

Exit codes: 0 every signature in every file is TOTAL-PASSED, 1 at least one is not or there is none, 2 a file cannot be read.
`;

type Report = VerificationReport | ContentReport;

export const verify = command(
  {
    name: 'verify',
    help,
    options: {
      content: { type: 'string' },
      trust: { type: 'string' },
      crl: { type: 'string' },
      at: { type: 'string' },
      verbose: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
    takesWords: true,
  },
  async ({ values, words: [...files] }, io) => {
    const { content, verbose, json } = values;
    if (files.length === 0) throw new WrongUsage('Name a document: countersign verify FILE.');
    if (content !== undefined && files.length > 1) throw new WrongUsage('--content is for one .p7s alone.');
    const at = values.at === undefined ? {} : { at: timeFrom(values.at) };
    const trust = await trustFrom(values, io);
    const options = { ...at, ...(trust === undefined ? {} : { trust }) };
    let worst = 0;
    for (const [index, file] of files.entries()) {
      try {
        const report = await judgeFile(file, content, options);
        worst = Math.max(worst, exitCode(report));
        if (json) io.out(`${JSON.stringify({ file, ...report })}\n`);
        else io.out(`${files.length === 1 ? '' : `${index === 0 ? '' : '\n'}${file}\n`}${verbose ? inFull(report) : inShort(report)}`);
      } catch (error) {
        // One file that cannot be read does not keep the others from being judged.
        if (!(error instanceof StartRefused) || error instanceof WrongUsage || files.length === 1) throw error;
        io.err(`${error.message}\n`);
        worst = 2;
      }
    }
    return worst;
  },
);

function inFull(report: Report): string {
  return 'format' in report ? contentInWords(report) : pdfInWords(report);
}

/** A day (its first moment, UTC) or a moment with its zone, RFC 3339. Throws WrongUsage. */
function timeFrom(text: string): Date {
  const found = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2}))?$/.exec(text);
  const time = found === null ? new Date(Number.NaN) : new Date(found[2] === undefined ? `${text}T00:00:00Z` : text);
  // The engine takes 31 February for the 3rd of March.
  const day = new Date(`${found?.[1] ?? ''}T00:00:00Z`);
  if (Number.isNaN(time.getTime()) || Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== found?.[1])
    throw new WrongUsage(`"${text}" is not a time such as 2026-11-30 or 2026-11-30T17:00:00Z.`);
  return time;
}

function exitCode({ outcome }: Report): number {
  if (outcome === 'UNREADABLE') return 2;
  return outcome === 'TOTAL-PASSED' ? 0 : 1;
}
