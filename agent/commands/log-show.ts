/** `countersign log show`: the entries of a station's log in plain words, also while the agent runs. It reads and changes nothing. */
import { parseArgs } from 'node:util';
import { openForReading } from '../log/database.ts';
import { isUnreadable, type LogEntry, type RawEntry, readEntry } from '../log/entry.ts';
import { LogRefusal } from '../log/errors.ts';
import { fieldsOf, meanings } from '../log/events.ts';
import { checkTables, readRows } from '../log/schema.ts';
import { databaseFile, logFolder } from '../log/store.ts';
import { sentence } from './log-sentences.ts';

/** Where a command writes; each call is one line or several, without the last line feed. */
export interface CommandOutput {
  out(text: string): void;
  err(text: string): void;
}

const usage = `countersign log show [--data DIR] [--operation ID] [--op OP] [--tail N] [--json]

Shows the entries of the operation log, oldest first.

  --data DIR       folder of the station (default: ./station)
  --operation ID   only entries of one operation
  --op OP          only entries of one kind; --op help lists them
  --tail N         only the last N of these
  --json           one JSON object per line: the body as it is stored, and its leaf hash`;

/** Runs the command. Returns 0, or 2 when the arguments are wrong or the log cannot be read. */
export async function logShow(args: string[], io: CommandOutput): Promise<number> {
  let options: ReturnType<typeof readArguments>;
  try {
    options = readArguments(args);
  } catch (error) {
    io.err(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  if (options.help || options.op === 'help') {
    io.out(options.help ? usage : kinds());
    return 0;
  }
  const file = databaseFile(logFolder(options.data));
  const kept: string[] = [];
  const show = (line: string): void => {
    if (options.tail === undefined) io.out(line);
    else if (kept.push(line) > options.tail) kept.shift();
  };
  try {
    const database = await openForReading(file);
    try {
      await checkTables(database, file);
      for await (const raw of readRows(database, file)) {
        const entry = readEntry(raw);
        if (options.op !== undefined && entry.event.op !== options.op) continue;
        if (options.operation !== undefined && entry.event.operation !== options.operation) continue;
        show(options.json ? jsonLine(raw, entry) : textLine(entry));
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

function readArguments(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      data: { type: 'string', default: './station' },
      operation: { type: 'string' },
      op: { type: 'string' },
      tail: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { data, operation, op, json, help } = values;
  if (op !== undefined && op !== 'help' && !Object.hasOwn(fieldsOf, op)) throw new RangeError(`--op: no entry is of the kind "${op}"`);
  if (values.tail !== undefined && !/^\d{1,9}$/.test(values.tail)) throw new RangeError('--tail: a whole number is needed');
  return { data, operation, op, json, help, tail: values.tail === undefined ? undefined : Number(values.tail) };
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
