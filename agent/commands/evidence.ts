/** `countersign evidence`: the package with which an outside expert judges one operation. */
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readConfig, stationPaths } from '../config.ts';
import { syncFolder, writeDurably } from '../documents/durable.ts';
import { readLog } from '../log/readable.ts';
import { type EvidencePackage, makeEvidence } from '../records/evidence.ts';
import { NoEvidence } from '../records/evidence-entries.ts';
import { StartRefused } from '../refusals.ts';
import { command, WrongUsage } from './arguments.ts';
import { refuseUnreadable } from './refuse-unreadable.ts';

const help = `countersign evidence OPERATION --to DIR [--data DIR] [--document FILE]...

Makes a folder with everything that shows what happened in one operation: the exact entries with their proofs, the checkpoint, the keys, what
the fingerprint reader signed, the signed documents, a README for an outside expert, and verify.sh, which checks all of it with sh, sha256sum
and openssl. The station is read and not changed; it may run meanwhile.

  OPERATION        id of the operation, as log show tells it
  --to DIR         a new folder
  --data DIR       folder of the station (default: ./station)
  --document FILE  a document that is not in the station any more; may be said several times. It is known by its digest
  --help

Exit codes: 0 made, 1 there is no such operation or it cannot be proven yet, 2 cannot be read or written.`;

/** Exit code 0, 1 when there is nothing to be proven, 2 when the call is wrong or something cannot be read or written. */
export const evidence = command(
  {
    name: 'evidence',
    help,
    options: {
      to: { type: 'string' },
      data: { type: 'string', default: './station' },
      document: { type: 'string', multiple: true, default: [] },
    },
    takesWords: true,
  },
  async ({ values: { to, data, document }, words: [operation, more] }, io) => {
    if (operation === undefined || more !== undefined || !/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(operation))
      throw new WrongUsage('Name one operation by its id, for example: countersign evidence 3f9c… --to evidence.');
    if (to === undefined) throw new WrongUsage('The folder that is to be made is said with --to.');
    const config = await readConfig(data);
    const { outbox, originals } = stationPaths(data, config);
    return refuseUnreadable(io, async () => {
      const request = { operation, rpId: config.rpId, places: { outbox, originals, files: document } };
      const made = await readLog(data, (log) => makeEvidence(log, request)).catch(refuse);
      await write(to, made);
      io.out(`Written: ${to} (${made.entries} entries)`);
      if (made.documents.length === 0) io.out('No document was signed in this operation, and verify.sh says so (exit code 3).');
      for (const { done, signed, ofContainer, original, format } of made.documents) {
        if (signed === undefined)
          io.err(`The signed document of entry ${done} lies in no folder of the station. Bring it with --document FILE.`);
        else if (ofContainer && original === undefined)
          io.err(`The container that was signed in entry ${done} lies in no folder of the station. Bring it with --document FILE.`);
        else if (format === 'p7s' && original === undefined)
          io.err(`The file that was signed in entry ${done} lies in no folder of the station. Bring it with --document FILE.`);
      }
      io.out(`Check it: sh ${join(to, 'verify.sh')} --log-key FILE, with the key of the log from elsewhere (countersign log key)`);
      return 0;
    });
  },
);

function refuse(error: unknown): never {
  if (error instanceof NoEvidence) throw new StartRefused(`There is no evidence: ${error.message}.`, 1, error);
  if (error instanceof Error && 'syscall' in error && 'code' in error && 'path' in error)
    throw new StartRefused(`${String(error.path)} cannot be read (${String(error.code)}).`, 2, error);
  throw error;
}

/** The list of all files is written last, so that a folder that was cut off is seen to be. */
async function write(folder: string, { files }: EvidencePackage): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
    for (const { name, bytes } of files) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeDurably(path, bytes);
    }
    await syncFolder(folder);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    if (code === undefined) throw error;
    if (code === 'EEXIST') throw new StartRefused(`${folder} is there already, and nothing is written over it.`, 2, error);
    if (code === 'ENOENT') throw new StartRefused(`There is no folder ${dirname(folder)}.`, 2, error);
    throw new StartRefused(`${folder} cannot be written (${code}).`, 2, error);
  }
}
