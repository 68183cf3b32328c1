/** `countersign timestamp-apply FILE TOKEN`: adds a timestamp that a time stamping authority gave. It needs no station. */
import { extname } from 'node:path';
import { findPrepared } from '../documents/document-timestamp.ts';
import { addProofs } from '../documents/dss-collect.ts';
import { kindOfSigned } from '../documents/signed-file.ts';
import { applyTimestamp, type Stampable } from '../documents/timestamp-apply.ts';
import { TimestampRefused } from '../documents/timestamp-answer.ts';
import type { Trust } from '../documents/trust.ts';
import { command, WrongUsage } from './arguments.ts';
import type { CommandIo } from './io.ts';
import { besides, writeOutput } from './new-file.ts';
import { readSigned } from './signed-input.ts';
import { aboutFile } from './timestamp-refusal.ts';
import { stampableFile } from './timestamp-target.ts';
import { readInput, trustFrom } from './trust-folders.ts';

const help = `countersign timestamp-apply FILE [TOKEN] [options]

Adds a timestamp to the signature in a PDF, a .p7s or a container, that countersign timestamp-request asked for it. TOKEN is the authority's answer, or the token alone, as DER or
base64. The document stays as it is but for the room that was left in the signature. A timestamp for something else is refused. Where FILE was prepared by
countersign timestamp-request --document, the timestamp goes into the place that was prepared. With --level lt and no TOKEN, proofs are added to a PDF of
which the signatures have their timestamps already: best with lists that were made after them.

  --level LEVEL t: the timestamp (the default for a signature); lt: and the proofs to judge the signature by when its certificates have ended, from --trust
                and --crl; lta: a timestamp over the whole document, which needs a prepared FILE (the default there)
  --field NAME  the signature that is meant, in a container its path; without it the last one
  --out FILE    where the document goes; an existing file is never written over (default: FILE with -timestamped before its ending)
  --trust DIR   folder with the certificates of trusted issuers, of time stamping authorities too (PEM or DER); without it nobody asks who the authority is
  --crl DIR     folder with revocation lists (PEM or DER) of these issuers; the authority's must be there and current
  --help

Exit codes: 0 added, 1 the timestamp is not for this or does not hold, 2 a file cannot be read or written.
`;

export const timestampApply = command(
  {
    name: 'timestamp-apply',
    help,
    options: {
      level: { type: 'string' },
      field: { type: 'string' },
      out: { type: 'string' },
      trust: { type: 'string' },
      crl: { type: 'string' },
    },
    takesWords: true,
  },
  async ({ values, words: [file, answer, ...others] }, io) => {
    const level = levelOf(values.level);
    if (file === undefined || (answer === undefined && level !== 'lt') || others.length > 0)
      throw new WrongUsage('Name one document and one timestamp: countersign timestamp-apply FILE TOKEN.');
    if (level === 'lt' && (values.trust === undefined || values.crl === undefined))
      throw new WrongUsage('--level lt needs the proofs: --trust with the issuers and --crl with their revocation lists.');
    const bytes = await readSigned(file);
    const out = values.out ?? besides(file, `-timestamped${extname(file)}`);
    const trust = await trustFrom(values, io);
    const now = new Date();
    if (answer === undefined && trust !== undefined) {
      await writeOutput(
        out,
        aboutFile(file, bytes, () => addProofs(mustBePdf(bytes), trust, now)),
      );
      io.out(`Written: ${out}\n  with the proofs for every signature in it\n`);
      return 0;
    }
    if (answer === undefined) throw new Error('proofs without a trust folder');
    const target = aboutFile(file, bytes, () => findTarget(bytes, level, values.field));
    const { document: stamped, judgement } = aboutFile(answer, await readInput(answer), (given) =>
      applyTimestamp(target, given, { trust, now }),
    );
    const document = level === 'lt' && trust !== undefined ? aboutFile(file, stamped, () => addProofs(stamped, trust, now)) : stamped;
    await writeOutput(out, document);
    io.out(`Written: ${out}\n  ${target.field} was there on ${judgement.token?.time.toISOString() ?? ''}\n`);
    for (const sentence of judgement.sentences) io.out(`  ${sentence}\n`);
    if (level === 'lt' && judgement.token !== undefined) tellOldLists(trust, judgement.token.time, io);
    return 0;
  },
);

type Level = 't' | 'lt' | 'lta';

function levelOf(text: string | undefined): Level | undefined {
  if (text === undefined || text === 't' || text === 'lt' || text === 'lta') return text;
  throw new WrongUsage(`--level is t, lt or lta, not "${text}".`);
}

/** The place that was prepared in the document, or else the signature in it. Throws TimestampRefused when it does not fit the level. */
function findTarget(bytes: Uint8Array, level: Level | undefined, field: string | undefined): Stampable {
  if (level !== undefined && level !== 't') mustBePdf(bytes);
  if (kindOfSigned(bytes) !== 'pdf') return stampableFile(bytes, field);
  const prepared = findPrepared(bytes);
  if (prepared !== undefined && level !== undefined && level !== 'lta')
    throw new TimestampRefused('This document was prepared for a timestamp over all of it, which is --level lta.');
  if (prepared !== undefined) return prepared;
  if (level === 'lta')
    throw new TimestampRefused(
      'A timestamp over the whole document has to be prepared first: countersign timestamp-request FILE --document.',
    );
  return stampableFile(bytes, field);
}

/** Throws TimestampRefused. */
function mustBePdf(bytes: Uint8Array): Uint8Array {
  if (kindOfSigned(bytes) === 'pdf') return bytes;
  throw new TimestampRefused('Only a PDF can carry proofs and a timestamp over all of it.');
}

/** A list that was made before the timestamp cannot name what was revoked in between. */
function tellOldLists(trust: Trust | undefined, time: Date, io: CommandIo): void {
  for (const { issuerName, thisUpdate } of trust?.revocation?.lists.values() ?? [])
    if (thisUpdate < time)
      io.err(
        `Note: the revocation list of ${issuerName} is from before the timestamp, of ${thisUpdate.toISOString()}. A newer one proves more.\n`,
      );
}
