/** `countersign log show`: the entries of a station's log in plain words, also while the agent runs. It reads and changes nothing. */
import { fieldsOf } from '../log/catalogue.ts';
import { type Database, DatabaseError, openForReading, unreadable } from '../log/database.ts';
import { isUnreadable, type LogEntry, type RawEntry, readEntry } from '../log/entry.ts';
import { LogRefusal } from '../log/errors.ts';
import { meanings } from '../log/meanings.ts';
import { lastNumber, scanRows, tailStart } from '../log/scan.ts';
import { checkTables, findRows } from '../log/schema.ts';
import { databaseFile, logFolder } from '../log/store.ts';
import { command, WrongUsage } from './arguments.ts';
import type { CommandIo } from './io.ts';
import { entryLine } from './log-sentences.ts';
import { readWanted, type Wanted } from './log-show-wanted.ts';
import { showUnsealed } from './log-unsealed.ts';
import { parseStaff, staffCredential } from './staff-key.ts';

const help = `countersign log show [--data DIR] [--op OP]... [--operation ID] [--since TIME] [--until TIME]
                     [--entry N | --from N --to N] [--tail N] [--json]
                     [--unseal --staff ID [--identity FILE]]

Shows the entries of the operation log, oldest first. Only what fits everything that is asked for is shown. With --unseal, also the
names and titles that are sealed in them, as far as the role of who reads allows; then the agent must not run, because that is an
entry itself.

  --data DIR       folder of the station (default: ./station)
  --op OP          only entries of this kind; may be given more than once; --op help lists the kinds
  --operation ID   only entries of one operation
  --since TIME     only entries from this time on: a date, or a time in RFC 3339 (2026-03-01T08:30:00Z)
  --until TIME     only entries up to this time; a date is meant to its end. Dates are in UTC, as the times of entries are
  --entry N        only entry N
  --from N, --to N only entries with these numbers and between
  --tail N         only the last N of these
  --json           one JSON object per line: the body as it is stored, and its leaf hash; with --unseal what is opened
  --unseal         open what is sealed
  --staff ID       with --unseal: who reads, by their pseudonym
  --identity FILE  with --unseal: the age identity that opens their keys; otherwise it is their passphrase, which is the systemd
                   credential ${staffCredential('ID')}, or is asked at the terminal
  --help

Times are those that the clock of the station said. It may have been set back: then an entry is found by the time that it says.

Exit codes: 0 shown, also when nothing fits, 1 there is no entry of that number, or it is refused, 2 cannot be read.`;

const textLine = (_raw: RawEntry, entry: LogEntry): string => entryLine(entry);

/** Exit code 0, 1 when the one entry that was named is not there or sealed fields are refused, or 2 when the call is wrong or the log cannot be read. */
export const logShow = command(
  {
    name: 'log show',
    help,
    options: {
      data: { type: 'string', default: './station' },
      op: { type: 'string', multiple: true },
      operation: { type: 'string' },
      since: { type: 'string' },
      until: { type: 'string' },
      entry: { type: 'string' },
      from: { type: 'string' },
      to: { type: 'string' },
      tail: { type: 'string' },
      json: { type: 'boolean', default: false },
      unseal: { type: 'boolean', default: false },
      staff: { type: 'string' },
      identity: { type: 'string' },
    },
  },
  async ({ values: { data, json, unseal, staff, identity, ...asked } }, io) => {
    if (asked.op?.includes('help') === true) {
      io.out(kinds());
      return 0;
    }
    const wanted = readWanted(asked);
    if (unseal !== (staff !== undefined) || (identity !== undefined && !unseal))
      throw new WrongUsage('--unseal opens what is sealed for the one whom --staff names; --identity goes with them.');
    if (staff !== undefined) return showUnsealed({ data, staff: parseStaff(staff), identity, wanted, json }, io);
    const file = databaseFile(logFolder(data));
    try {
      const database = await openForReading(file);
      try {
        // One transaction: what the agent appends meanwhile is not seen.
        await database.exec('BEGIN');
        await checkTables(database, file);
        return await show(database, wanted, json ? jsonLine : textLine, io);
      } finally {
        await database.close();
      }
    } catch (cause) {
      const error = cause instanceof DatabaseError ? unreadable(file, cause) : cause;
      if (!(error instanceof LogRefusal) && !isUnreadable(error)) throw error;
      io.err(`The log cannot be read: ${error instanceof Error ? error.message : ''}.`);
      return 2;
    }
  },
);

/**
 * Where a time is asked for, every entry is looked at all the same: its time is what the clock said, and a clock that was set back leaves later
 * entries with earlier times, so that no half of the log can be passed over.
 */
async function show(
  database: Database,
  { entry, tail, ...wanted }: Wanted,
  line: (raw: RawEntry, entry: LogEntry) => string,
  io: CommandIo,
): Promise<number> {
  const last = await lastNumber(database);
  if (entry !== undefined && (await findRows(database, { from: entry, to: entry, limit: 1, newestFirst: false })).length === 0) {
    io.err(`There is no entry ${entry}; ${last === undefined ? 'the log holds none' : `the last one is entry ${last}`}.`);
    return 1;
  }
  const query = { ...wanted, to: Math.min(wanted.to, last ?? -1) };
  const from = tail === undefined ? query.from : await tailStart(database, query, tail);
  for await (const raw of scanRows(database, { ...query, from })) io.out(line(raw, readEntry(raw)));
  return 0;
}

function kinds(): string {
  return Object.keys(fieldsOf)
    .map((op) => `${op.padEnd(21)} ${meanings[op as keyof typeof fieldsOf]}`)
    .join('\n');
}

/** The body's own bytes stand in the line, so they can be hashed again. */
function jsonLine(raw: RawEntry, entry: LogEntry): string {
  return `{"leaf":"${entry.leaf}","body":${Buffer.from(raw.body).toString('utf8')}}`;
}
