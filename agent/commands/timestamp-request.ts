/** `countersign timestamp-request FILE`: writes what a time stamping authority is to be asked. It needs no station, and says nothing of the document but a digest. */
import { requestFor } from '../documents/timestamp-apply.ts';
import { findStampable } from '../documents/timestamp-pdf.ts';
import { command, WrongUsage } from './arguments.ts';
import { besides, writeOutput } from './new-file.ts';
import { aboutFile } from './timestamp-refusal.ts';
import { readInput } from './trust-folders.ts';

const help = `countersign timestamp-request FILE [options]

Writes the request (RFC 3161) for a timestamp on a signature in a PDF. It holds the digest of the signature and nothing else of the document, so that it
may leave the station on a drive. The same signature always gives the same request: nothing needs to be kept until the answer comes.

  --field NAME  the signature that is meant; without it the last one. Only the last one can take a timestamp: a later one covers those before it
  --out FILE    where the request goes; an existing file is never written over (default: FILE with the ending .tsq)
  --help

What comes back is added with countersign timestamp-apply.
Exit codes: 0 written, 1 there is nothing that can take a timestamp, 2 the file cannot be read or the request not be written.
`;

export const timestampRequest = command(
  { name: 'timestamp-request', help, options: { field: { type: 'string' }, out: { type: 'string' } }, takesWords: true },
  async ({ values, words: [file, ...others] }, io) => {
    if (file === undefined || others.length > 0) throw new WrongUsage('Name one document: countersign timestamp-request FILE.');
    const target = aboutFile(file, await readInput(file), (bytes) => findStampable(bytes, values.field));
    const out = values.out ?? besides(file, '.tsq');
    await writeOutput(out, requestFor(target));
    io.out(`Written: ${out}\n  asks for a timestamp on the signature ${target.field}, ${target.hash}\n`);
    return 0;
  },
);
