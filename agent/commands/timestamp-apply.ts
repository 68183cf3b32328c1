/** `countersign timestamp-apply FILE TOKEN`: adds a timestamp that a time stamping authority gave. It needs no station. */
import { applyTimestamp } from '../documents/timestamp-apply.ts';
import { findStampable } from '../documents/timestamp-pdf.ts';
import { command, WrongUsage } from './arguments.ts';
import { besides, writeOutput } from './new-file.ts';
import { aboutFile } from './timestamp-refusal.ts';
import { readInput, trustFrom } from './trust-folders.ts';

const help = `countersign timestamp-apply FILE TOKEN [options]

Adds a timestamp to the signature in a PDF that countersign timestamp-request asked for it. TOKEN is the authority's answer, or the token alone, as DER or
base64. The document stays as it is but for the room that was left in the signature. A timestamp for something else is refused.

  --field NAME  the signature that is meant; without it the last one
  --out FILE    where the document goes; an existing file is never written over (default: FILE with the ending -timestamped.pdf)
  --trust DIR   folder with the certificates of trusted issuers, of time stamping authorities too (PEM or DER); without it nobody asks who the authority is
  --crl DIR     folder with revocation lists (PEM or DER) of these issuers; the authority's must be there and current
  --help

Exit codes: 0 added, 1 the timestamp is not for this or does not hold, 2 a file cannot be read or written.
`;

export const timestampApply = command(
  {
    name: 'timestamp-apply',
    help,
    options: { field: { type: 'string' }, out: { type: 'string' }, trust: { type: 'string' }, crl: { type: 'string' } },
    takesWords: true,
  },
  async ({ values, words: [file, answer, ...others] }, io) => {
    if (file === undefined || answer === undefined || others.length > 0)
      throw new WrongUsage('Name one document and one timestamp: countersign timestamp-apply FILE TOKEN.');
    const target = aboutFile(file, await readInput(file), (bytes) => findStampable(bytes, values.field));
    const trust = await trustFrom(values, io);
    const { document, judgement } = aboutFile(answer, await readInput(answer), (bytes) =>
      applyTimestamp(target, bytes, { trust, now: new Date() }),
    );
    const out = values.out ?? besides(file, '-timestamped.pdf');
    await writeOutput(out, document);
    io.out(`Written: ${out}\n  the signature ${target.field} was there on ${judgement.token?.time.toISOString() ?? ''}\n`);
    for (const sentence of judgement.sentences) io.out(`  ${sentence}\n`);
    return 0;
  },
);
