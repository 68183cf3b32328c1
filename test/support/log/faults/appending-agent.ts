/**
 * A process that waits for a byte on its standard input, opens a log and appends as its order says. It tells each acknowledged number on its standard
 * output with the entry that it became, and at the end what stopped it and whether the store still takes anything. Nothing else is on its outputs.
 */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { Database } from '../../../../agent/log/database.ts';
import { createStore } from '../../../../agent/log/new-store.ts';
import type { LogEntry } from '../../../../agent/log/entry.ts';
import { appendPersonal } from '../../../../agent/log/personal.ts';
import { readSealing } from '../../../../agent/log/staff-grants.ts';
import { type LogStore, openStore } from '../../../../agent/log/store.ts';
import { numbered, options, origin } from '../station-log.ts';
import type { Order } from './order.ts';

/** Written at once, so that nothing said is lost when the process is ended; waits while the reader is behind. */
function tell(line: string): void {
  for (;;) {
    try {
      writeSync(1, line);
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'thrown');
const order = JSON.parse(process.argv[2] ?? '{}') as Order;

/** The log's own handle, taken where it reads: the store gives it to nobody. */
const handles: Database[] = [];
const all = Reflect.get(Database.prototype, 'all');
Database.prototype.all = function (this: Database, ...given) {
  handles.push(this);
  return all.apply(this, given);
};
const set = (setting: string) => handles.at(-1)?.exec(`PRAGMA ${setting}`);

/** Appends one number, with sealed fields where the order says so. */
async function appender(store: LogStore): Promise<(size: number) => Promise<LogEntry | undefined>> {
  if (order.sealed !== true) return (size) => store.append(numbered(size));
  const { tiers } = await readSealing(store);
  return async (size) => {
    const fields = { operations: { holder: `Holder ${size}` }, audit: { note: 'seen' } };
    const [entry] = await appendPersonal(store, tiers, [numbered(size)], { subject: String(size % 10).repeat(32), fields });
    return entry;
  };
}

async function append(store: LogStore): Promise<unknown> {
  const appendNumber = await appender(store);
  let next = order.from;
  const end = order.from + (order.count ?? Infinity);
  let failure: unknown;
  // Entries follow each other in the order in which they were asked for.
  let place = store.size;
  const work = async (): Promise<void> => {
    while (failure === undefined && next < end) {
      const [size, seq] = [next++, place++];
      if (order.acknowledges === 'before-commit') tell(`ack ${size} ${seq}\n`);
      try {
        const made = await appendNumber(size);
        if (order.acknowledges === 'after-commit') tell(`ack ${size} ${made?.seq ?? -1}\n`);
      } catch (error) {
        failure ??= error;
      }
      if (order.acknowledges === 'whatever-happens') tell(`ack ${size} ${seq}\n`);
    }
  };
  await Promise.all(Array.from({ length: order.appenders }, work));
  return failure;
}

async function run(): Promise<void> {
  if (order.makes === true) {
    await createStore(order.directory, { ...options, origin, stationName: 'branch-12.example.org', demo: true });
    tell('made\n');
  }
  const store = await openStore(order.directory, options);
  if (order.checkpointPages !== undefined) await set(`wal_autocheckpoint=${order.checkpointPages}`);
  if (order.unsynced === true) await set('synchronous=OFF');
  tell('open\n');
  const failure = await append(store);
  if (failure !== undefined) {
    const again = await store.append(numbered(0)).then(() => 'taken', nameOf);
    tell(`failed ${nameOf(failure)} ${again} ${store.isOpen ? 'open' : 'shut'}\n`);
  }
  await store.close();
  tell('closed\n');
}

tell('ready\n');
await once(process.stdin, 'data');
process.stdin.destroy();
tell('begun\n');
try {
  await run();
} catch (error) {
  tell(`refused ${nameOf(error)} ${error instanceof Error ? error.message : ''}\n`);
  process.exitCode = 1;
}
