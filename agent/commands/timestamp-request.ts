/** `countersign timestamp-request FILE`: writes what a time stamping authority is to be asked. It needs no station, and says nothing of the document but a digest. */
import { findPrepared, prepareDocumentTimestamp } from '../documents/document-timestamp.ts';
import { requestFor, type Stampable } from '../documents/timestamp-apply.ts';
import { command, WrongUsage } from './arguments.ts';
import type { CommandIo } from './io.ts';
import { besides, writeOutput } from './new-file.ts';
import { readSigned } from './signed-input.ts';
import { aboutFile } from './timestamp-refusal.ts';
import { stampableFile } from './timestamp-target.ts';
import { trustFrom } from './trust-folders.ts';

const help = `countersign timestamp-request FILE [options]

Writes the request (RFC 3161) for a timestamp on a signature in a PDF, a .p7s or a container (.asice, .asics), or over a whole PDF. It holds the digest of the signature and nothing else of the document, so that it
may leave the station on a drive. The same signature always gives the same request: nothing needs to be kept until the answer comes.

  --document    over the whole document: writes FILE with the ending -prepared.pdf too, to which the timestamp is then applied. Keep it until then
  --trust DIR   with --document: adds the certificates that everything signed in it leads to, from this folder (PEM or DER)
  --crl DIR     with --document: adds the revocation lists of these issuers, from this folder; one that is missing is a refusal
  --field NAME  the signature that is meant, in a container its path; without it the last one. In a PDF only the last one can take a timestamp: a later one
                covers those before it
  --out FILE    where the request goes; an existing file is never written over (default: FILE with the ending .tsq)
  --help

What comes back is added with countersign timestamp-apply.
Exit codes: 0 written, 1 there is nothing that can take a timestamp, 2 the file cannot be read or the request not be written.
`;

export const timestampRequest = command(
  {
    name: 'timestamp-request',
    help,
    options: {
      document: { type: 'boolean', default: false },
      trust: { type: 'string' },
      crl: { type: 'string' },
      field: { type: 'string' },
      out: { type: 'string' },
    },
    takesWords: true,
  },
  async ({ values, words: [file, ...others] }, io) => {
    if (file === undefined || others.length > 0) throw new WrongUsage('Name one document: countersign timestamp-request FILE.');
    if (values.document && values.field !== undefined)
      throw new WrongUsage('A timestamp over the document is on no single signature: --field does not go with --document.');
    if (!values.document && (values.trust ?? values.crl) !== undefined) throw new WrongUsage('--trust and --crl are for --document.');
    if ((values.trust === undefined) !== (values.crl === undefined))
      throw new WrongUsage('Proofs are certificates and revocation lists: --trust and --crl go together.');
    const out = values.out ?? besides(file, '.tsq');
    const target = values.document
      ? await prepare(file, values, io)
      : aboutFile(file, await readSigned(file), (bytes) => stampableFile(bytes, values.field));
    await writeOutput(out, requestFor(target));
    io.out(
      `Written: ${out}\n  asks for a timestamp ${values.document ? 'over the document' : `on the signature ${target.field}`}, ${target.hash}\n`,
    );
    return 0;
  },
);

/** Writes the prepared document and gives the place in it. */
async function prepare(
  file: string,
  folders: { readonly trust?: string | undefined; readonly crl?: string | undefined },
  io: CommandIo,
): Promise<Stampable> {
  const bytes = await readSigned(file);
  const trust = await trustFrom(folders, io);
  const prepared = aboutFile(file, bytes, () =>
    prepareDocumentTimestamp(bytes, trust === undefined ? undefined : { trust, now: new Date() }),
  );
  const target = aboutFile(file, prepared, findPrepared);
  if (target === undefined) throw new Error('the place that was prepared is not there');
  const kept = besides(file, '-prepared.pdf');
  await writeOutput(kept, prepared);
  io.out(`Written: ${kept}\n  the timestamp goes into this file: countersign timestamp-apply ${kept} TOKEN\n`);
  return target;
}
