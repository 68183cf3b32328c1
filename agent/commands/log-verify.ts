/** `countersign log verify`: checks the whole log with the second implementation, also while the agent runs. It reads and changes nothing. */
import { parseArgs } from 'node:util';
import { openForReading } from '../log/database.ts';
import { LogRefusal } from '../log/errors.ts';
import { checkTables, readRows } from '../log/schema.ts';
import { databaseFile, logFolder } from '../log/store.ts';
import { type KnownEntry, verify, type Verification } from '../log/verify.ts';
import type { CommandOutput } from './log-show.ts';

const usage = `countersign log verify [--data DIR] [--known N:HASH] [--json]

Hashes every entry of the operation log again and checks that each follows the one before it, that every signature that was
begun has at most one end, and that none was made without a consent and a finger that matched.

  --data DIR      folder of the station (default: ./station)
  --known N:HASH  number and hash of an entry that was written down elsewhere: finds a log that was cut short or made anew
  --json          the result as one JSON object

Exit code: 0 intact, 1 broken, 2 cannot be read.`;

/** Runs the command. Returns 0 intact, 1 broken, 2 when the log cannot be read or the arguments are wrong. */
export async function logVerify(args: string[], io: CommandOutput): Promise<number> {
  let options: ReturnType<typeof readArguments>;
  try {
    options = readArguments(args);
  } catch (error) {
    io.err(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    io.out(usage);
    return 0;
  }
  const result = await verifyFile(databaseFile(logFolder(options.data)), options.known, io);
  const { cause, ...shown } = result;
  const why = cause instanceof Error ? cause.message : undefined;
  if (options.json) io.out(JSON.stringify({ ...shown, ...(why === undefined ? {} : { reason: why }) }));
  else for (const line of inWords(result, why)) io.out(line);
  return { intact: 0, broken: 1, unreadable: 2 }[result.verdict];
}

async function verifyFile(file: string, known: KnownEntry | undefined, io: CommandOutput): Promise<Verification> {
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

function readArguments(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      data: { type: 'string', default: './station' },
      known: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { data, json, help } = values;
  return { data, json, help, known: values.known === undefined ? undefined : readKnown(values.known) };
}

function readKnown(text: string): KnownEntry {
  const [, seq, leaf] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || leaf === undefined) throw new RangeError('--known: a number, a colon and 64 hex digits are needed');
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
