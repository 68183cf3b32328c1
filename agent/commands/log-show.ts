/** `countersign log show`: the entries of a station's log in plain words, also while the agent runs. It reads and changes nothing. */
import { openForReading } from '../log/database.ts';
import { isUnreadable, type LogEntry, type RawEntry, readEntry } from '../log/entry.ts';
import { LogRefusal } from '../log/errors.ts';
import { fieldsOf } from '../log/catalogue.ts';
import { meanings } from '../log/meanings.ts';
import { checkTables, readRows } from '../log/schema.ts';
import { databaseFile, logFolder } from '../log/store.ts';
import { command, WrongUsage } from './arguments.ts';
import type { CommandIo } from './io.ts';
import { sentence } from './log-sentences.ts';

const help = `countersign log show [--data DIR] [--operation ID] [--op OP] [--tail N] [--json]

Shows the entries of the operation log, oldest first.

  --data DIR       folder of the station (default: ./station)
  --operation ID   only entries of one operation
  --op OP          only entries of one kind; --op help lists them
  --tail N         only the last N of these
  --json           one JSON object per line: the body as it is stored, and its leaf hash
  --help

Exit codes: 0 shown, 2 cannot be read.`;

/** Exit code 0, or 2 when the call is wrong or the log cannot be read. */
export const logShow = command(
  {
    name: 'log show',
    help,
    options: {
      data: { type: 'string', default: './station' },
      operation: { type: 'string' },
      op: { type: 'string' },
      tail: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  },
  async ({ values: { data, operation, op, tail, json } }, io) => {
    if (op === 'help') {
      io.out(kinds());
      return 0;
    }
    if (op !== undefined && !Object.hasOwn(fieldsOf, op))
      throw new WrongUsage(`No entry is of the kind "${op}"; countersign log show --op help lists the kinds.`);
    if (tail !== undefined && !/^\d{1,9}$/.test(tail)) throw new WrongUsage(`--tail takes a whole number, and "${tail}" is none.`);
    return show({ data, operation, op, json, tail: tail === undefined ? undefined : Number(tail) }, io);
  },
);

interface Wanted {
  readonly data: string;
  readonly operation: string | undefined;
  readonly op: string | undefined;
  readonly tail: number | undefined;
  readonly json: boolean;
}

async function show(wanted: Wanted, io: CommandIo): Promise<number> {
  const file = databaseFile(logFolder(wanted.data));
  const kept: string[] = [];
  const tell = (line: string): void => {
    if (wanted.tail === undefined) io.out(line);
    else if (kept.push(line) > wanted.tail) kept.shift();
  };
  try {
    const database = await openForReading(file);
    try {
      await checkTables(database, file);
      for await (const raw of readRows(database, file)) {
        const entry = readEntry(raw);
        if (wanted.op !== undefined && entry.event.op !== wanted.op) continue;
        if (wanted.operation !== undefined && entry.event.operation !== wanted.operation) continue;
        tell(wanted.json ? jsonLine(raw, entry) : textLine(entry));
      }
    } finally {
      await database.close();
    }
  } catch (error) {
    for (const line of kept) io.out(line);
    if (!(error instanceof LogRefusal) && !isUnreadable(error)) throw error;
    io.err(`The log cannot be read: ${error instanceof Error ? error.message : ''}.`);
    return 2;
  }
  for (const line of kept) io.out(line);
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

function textLine({ seq, at, event }: LogEntry): string {
  const visit = event.operation === undefined ? '' : `  (operation ${event.operation})`;
  return `${String(seq).padStart(6)}  ${at.time.replace('T', ' ')}  ${event.op.padEnd(20)}  ${sentence(event)}${visit}`;
}
