/** `countersign log prove`: a receipt for one entry, which is checked with the log's public key alone. */
import { formatTlogProof, verifyTlogProof } from '../log/tlog-proof.ts';
import { EvidenceRefused } from '../log/evidence-error.ts';
import { formatVerifierKey, makeVerifierKey } from '../log/note-key.ts';
import { type ReadableLog, readLog } from '../log/readable.ts';
import { findRows, newestCheckpoint, nodeReader } from '../log/schema.ts';
import { inclusionProof, MissingNode } from '../log/tree.ts';
import { StartRefused } from '../refusals.ts';
import { command, WrongUsage } from './arguments.ts';
import { giveOut } from './new-file.ts';
import { openStored } from './stored-checkpoint.ts';
import { refuseUnreadable } from './refuse-unreadable.ts';

const help = `countersign log prove ENTRY [--data DIR] [--out FILE]

Gives out a proof that an entry is in the operation log (C2SP tlog-proof): its number, the hashes that lead to the root, and the
newest checkpoint. With it, the bytes of the entry and the key of the log anybody can check it, without this station.

  ENTRY       number of the entry
  --data DIR  folder of the station (default: ./station)
  --out FILE  a new file, by custom NAME.tlog-proof; without it the proof goes to the output
  --help

Exit codes: 0 given out, 1 no checkpoint covers the entry yet, or the log does not hold, 2 cannot be read or written.`;

/** Exit code 0, 1 when it cannot be proven, 2 when the call is wrong or something cannot be read or written. */
export const logProve = command(
  {
    name: 'log prove',
    help,
    options: { data: { type: 'string', default: './station' }, out: { type: 'string' } },
    takesWords: true,
  },
  async ({ values: { data, out }, words: [word, more] }, io) => {
    if (word === undefined || more !== undefined || !/^\d{1,15}$/.test(word))
      throw new WrongUsage('Name one entry by its number, for example: countersign log prove 12 --out entry-12.tlog-proof.');
    const index = Number(word);
    return refuseUnreadable(io, async () => {
      const { proof, key } = await readLog(data, (log) => prove(log, index));
      await giveOut(proof, out, io);
      io.err(`The key of the log: ${key}`);
      io.err(`The bytes of the entry: sqlite3 ${data}/log/log.sqlite "SELECT writefile('body', body) FROM entry WHERE seq = ${index}"`);
      io.err('Any program for C2SP tlog-proof checks the three together: the leaf is SHA-256 over a zero byte and the body.');
      return 0;
    });
  },
);

async function prove({ database, facts }: ReadableLog, index: number): Promise<{ readonly proof: Uint8Array; readonly key: string }> {
  const [row] = await findRows(database, { from: index, to: index, limit: 1, newestFirst: false });
  if (row === undefined) throw new StartRefused(`There is no entry ${index} in this log.`, 1);
  const stored = facts.hasTree ? await newestCheckpoint(database, index + 1) : undefined;
  if (stored === undefined || facts.key === undefined)
    throw new StartRefused(
      `No checkpoint covers entry ${index} yet. One is signed while the agent runs, or by: countersign log checkpoint --new`,
      1,
    );
  const { size, note } = openStored(stored, facts);
  const key = makeVerifierKey(facts.origin, 'ed25519', Buffer.from(facts.key.public_key, 'hex'));
  try {
    const proof = formatTlogProof({ index, hashes: await inclusionProof(index, size, nodeReader(database)), checkpoint: note });
    // Nobody gets a proof that does not hold.
    verifyTlogProof(proof, row.body, { origin: facts.origin, key });
    return { proof, key: formatVerifierKey(key) };
  } catch (error) {
    if (!(error instanceof EvidenceRefused) && !(error instanceof MissingNode)) throw error;
    throw new StartRefused(`Entry ${index} cannot be proven: ${error.message}. See: countersign log verify`, 1, error);
  }
}
