/** `countersign log verify`: checks the whole log with the second implementation, also while the agent runs. It reads and changes nothing. */
import { openForReading } from '../log/database.ts';
import { LogRefusal } from '../log/errors.ts';
import { checkTables, readRows } from '../log/schema.ts';
import { databaseFile, logFolder } from '../log/store.ts';
import { type KnownEntry, verify, type Verification } from '../log/verify.ts';
import { command, WrongUsage } from './arguments.ts';
import type { CommandIo } from './io.ts';

const help = `countersign log verify [--data DIR] [--known N:HASH] [--json]

Hashes every entry of the operation log again and checks that each follows the one before it, that every signature that was
begun has at most one end, and that none was made without a consent and a finger that matched.

  --data DIR      folder of the station (default: ./station)
  --known N:HASH  number and hash of an entry that was written down elsewhere: finds a log that was cut short or made anew
  --json          the result as one JSON object
  --help

Exit codes: 0 intact, 1 broken, 2 cannot be read.`;

/** Exit code 0 intact, 1 broken, 2 when the call is wrong or the log cannot be read. */
export const logVerify = command(
  {
    name: 'log verify',
    help,
    options: { data: { type: 'string', default: './station' }, known: { type: 'string' }, json: { type: 'boolean', default: false } },
  },
  async ({ values: { data, known, json } }, io) => {
    const result = await verifyFile(databaseFile(logFolder(data)), known === undefined ? undefined : readKnown(known), io);
    const { cause, ...shown } = result;
    const why = cause instanceof Error ? cause.message : undefined;
    if (json) io.out(JSON.stringify({ ...shown, ...(why === undefined ? {} : { reason: why }) }));
    else for (const line of inWords(result, why)) io.out(line);
    return { intact: 0, broken: 1, unreadable: 2 }[result.verdict];
  },
);

async function verifyFile(file: string, known: KnownEntry | undefined, io: CommandIo): Promise<Verification> {
  try {
    const database = await openForReading(file);
    try {
      // Entries are judged whatever was done to the triggers around them; the agent does not start on such a log.
      await checkTables(database, file).catch((error: unknown) => {
        if (!(error instanceof LogRefusal)) throw error;
        io.err(`Note: ${error.message}.`);
      });
      return await verify(readRows(database, file), known);
    } finally {
      await database.close();
    }
  } catch (cause) {
    if (!(cause instanceof LogRefusal)) throw cause;
    return { verdict: 'unreadable', entries: 0, openIntents: [], cause };
  }
}

function readKnown(text: string): KnownEntry {
  const [, seq, leaf] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || leaf === undefined)
    throw new WrongUsage('--known takes the number of an entry, a colon, and its hash of 64 hex digits.');
  return { seq: Number(seq), leaf };
}

function inWords({ verdict, entries, head, bad, openIntents }: Verification, why: string | undefined): readonly string[] {
  const good = head === undefined ? [] : [`${entries} entries are good. The hash of entry ${entries - 1} is ${head}.`];
  if (verdict === 'unreadable') return ['CANNOT BE READ', ...(why === undefined ? [] : [`${why}.`]), ...good];
  if (verdict === 'broken') return ['BROKEN', `First bad entry: ${bad?.seq ?? ''}. ${bad?.sentence ?? ''}.`, ...good];
  const open =
    openIntents.length === 0
      ? []
      : [`Begun and not ended: entry ${openIntents.join(', ')} (under way, or the agent has not started again).`];
  return ['INTACT', ...good, ...open];
}
