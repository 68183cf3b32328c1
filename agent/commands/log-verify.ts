/** `countersign log verify`: checks the whole log with the second implementation, also while the agent runs. It reads and changes nothing. */
import { stationPaths } from '../config.ts';
import { openForReading } from '../log/database.ts';
import { LogRefusal } from '../log/errors.ts';
import { readKeyRows, readSealedRows } from '../log/read-sealed.ts';
import { readCheckpoints, readNodeRows } from '../log/read-tree.ts';
import { checkTables, readRows } from '../log/schema.ts';
import { databaseFile, logFolder } from '../log/store.ts';
import { type KnownEntry, verify, type Verification } from '../log/verify.ts';
import type { Beside } from '../log/verify/beside.ts';
import type { Gap } from '../log/verify/cadence.ts';
import { StartRefused } from '../refusals.ts';
import { command, WrongUsage } from './arguments.ts';
import { AttachmentCheck } from './log-attachments.ts';
import type { CommandIo } from './io.ts';
import { type Elsewhere, ofAnotherLog, readElsewhere, readKnown } from './kept-elsewhere.ts';
import { verifyBundleAt } from './verify-bundle.ts';

const help = `countersign log verify [--data DIR | --bundle PATH] [--checkpoint FILE] [--key VKEY] [--known N:HASH] [--json]

Hashes every entry of the operation log again and checks that each follows the one before it, that every signature that was
begun has at most one end, and that none was made without a consent and a finger that matched; then every stored node of the
tree, every checkpoint that was signed, the sealed fields, which it does not open, every statement of staff and the second person
to it, and whether the files that entries name are there as they were. What only the log itself says can be made anew as a whole; a checkpoint or a key
that was kept elsewhere finds that.

  --data DIR         folder of the station (default: ./station)
  --bundle PATH      a bundle instead: a drive, its folder COUNTSGN/<STATION> (the newest export), or a manifest in it; several
                     bundles of one log may be given
  --identity FILE    the age identity of head office, which opens bundles; without it only the signature of the manifest and the hash
                     of each part are checked, and nothing is said about what is in them
  --checkpoint FILE  a checkpoint that was kept elsewhere: finds a log that was cut short, put back or made anew
  --key VKEY         the key of the log as it was brought from elsewhere (countersign log key shows it)
  --known N:HASH     number and hash of an entry that was written down elsewhere
  --json             the result as one JSON object
  --help

Exit codes: 0 intact, 1 broken or a file that an entry names is missing or changed, 2 cannot be read, or what was kept elsewhere is not of this log.`;

/** Exit code 0 intact, 1 broken, 2 when the call is wrong or something cannot be read. */
export const logVerify = command(
  {
    name: 'log verify',
    help,
    options: {
      data: { type: 'string' },
      bundle: { type: 'string', multiple: true, default: [] },
      identity: { type: 'string', multiple: true, default: [] },
      checkpoint: { type: 'string' },
      key: { type: 'string' },
      known: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  },
  async ({ values: { data, bundle, identity, checkpoint, key, known: text, json } }, io) => {
    if (bundle.length > 0 && data !== undefined) throw new WrongUsage('--data names a station and --bundle a bundle: say one of them.');
    if (bundle.length === 0 && identity.length > 0) throw new WrongUsage('--identity opens bundles, and goes with --bundle.');
    const elsewhere = await readElsewhere(checkpoint, key);
    const known = text === undefined ? undefined : readKnown(text);
    const files = new AttachmentCheck(stationPaths(data ?? './station').attachments);
    const tell = (result: Verification): number => {
      const { cause, ...shown } = result;
      const why = cause instanceof Error ? cause.message : undefined;
      if (json) io.out(JSON.stringify({ ...shown, ...files.forProgram(), ...(why === undefined ? {} : { reason: why }) }));
      else for (const line of [...inWords(result, elsewhere, why), ...files.lines()]) io.out(line);
      return { intact: files.allThere ? 0 : 1, broken: 1, unreadable: 2 }[result.verdict];
    };
    if (bundle.length > 0) return verifyBundleAt({ paths: bundle, identities: identity, elsewhere, known, json }, tell, io);
    return tell(await verifyFile(databaseFile(logFolder(data ?? './station')), known, { ...elsewhere, attachment: files.take }, io));
  },
);

/** Reads a database and judges it; one that cannot be read is `unreadable`. */
export async function verifyFile(
  file: string,
  known: KnownEntry | undefined,
  elsewhere: Elsewhere & Pick<Beside, 'attachment'>,
  io: CommandIo,
): Promise<Verification> {
  try {
    const database = await openForReading(file);
    try {
      // One transaction: what the agent appends meanwhile is seen neither as entries nor as nodes.
      await database.exec('BEGIN');
      // Entries are judged whatever was done to the triggers around them; the agent does not start on such a log.
      const tables = await checkTables(database, file).catch((error: unknown) => {
        if (!(error instanceof LogRefusal)) throw error;
        io.err(`Note: ${error.message}.`);
        return undefined;
      });
      const isOther = tables !== undefined && elsewhere.origin !== undefined && elsewhere.origin !== tables.origin;
      const [hasTree] = await database.all("SELECT 1 FROM sqlite_schema WHERE name = 'node' AND type = 'table'");
      const tree = hasTree === undefined ? {} : { nodes: readNodeRows(database, file), checkpoints: readCheckpoints(database, file) };
      const personal = { sealed: readSealedRows(database, file), keys: await readKeyRows(database, file) };
      const named = tables === undefined ? {} : { origin: tables.origin };
      const beside = { ...(isOther ? {} : { ...elsewhere, ...named }), ...tree, ...personal };
      const result = await verify(readRows(database, file), known, beside);
      if (isOther) throw new StartRefused(ofAnotherLog(elsewhere, tables.origin, result));
      return result;
    } finally {
      await database.close();
    }
  } catch (cause) {
    if (!(cause instanceof LogRefusal)) throw cause;
    return { verdict: 'unreadable', entries: 0, checkpoints: 0, openIntents: [], cause };
  }
}

function inWords(result: Verification, { kept, publicKey }: Elsewhere, why: string | undefined): readonly string[] {
  const { verdict, entries, head, bad, openIntents, checkpoints, predecessor, gaps = [], gapCount = 0, fingersAsserted } = result;
  const good = head === undefined ? [] : [`${entries} entries are good. The hash of entry ${entries - 1} is ${head}.`];
  if (checkpoints > 0) good.push(checkpoints === 1 ? '1 stored checkpoint is good.' : `${checkpoints} stored checkpoints are good.`);
  if (verdict === 'unreadable') return ['CANNOT BE READ', ...(why === undefined ? [] : [`${why}.`]), ...good];
  if (verdict === 'broken') {
    const sentence = bad?.sentence ?? '';
    const told = bad?.seq === undefined ? capital(sentence) : `First bad entry: ${bad.seq}. ${sentence}`;
    return ['BROKEN', `${told}.`, ...good];
  }
  const key = publicKey === undefined ? 'the key that the log says' : 'the key that was brought from elsewhere';
  if (kept !== undefined) good.push(`The log goes on from the checkpoint that was kept elsewhere, which was signed by ${key}.`);
  if (predecessor !== undefined)
    good.push(`It carries on ${predecessor.origin} after ${predecessor.size} entries, whose root was ${predecessor.root}.`);
  if (fingersAsserted !== undefined)
    good.push(
      `Fingers that no reader signed for (station-asserted): ${fingersAsserted}. That they matched is the word of the station alone.`,
    );
  const open =
    openIntents.length === 0
      ? []
      : [`Begun and not ended: entry ${openIntents.join(', ')} (under way, or the agent has not started again).`];
  return ['INTACT', ...good, ...open, ...gapsInWords(gaps, gapCount)];
}

/** Gaps are remarks for a person to ask about, and leave the verdict as it is. */
function gapsInWords(gaps: readonly Gap[], count: number): readonly string[] {
  const told = gaps.slice(0, 10).map(({ seq, seal, minutes, every }) => {
    return `Gap before entry ${seq}: ${minutes} minutes since seal ${seal} while the agent ran, and the next seal was due after ${every}.`;
  });
  return count > told.length ? [...told, `${count - told.length} more gaps like these; --json has the first ${gaps.length}.`] : told;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
