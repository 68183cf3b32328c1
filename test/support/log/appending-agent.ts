/**
 * A process that waits for a byte on its standard input, opens the log in the folder it is told and appends, eight at a time, until it is
 * ended. It tells each acknowledged number on its standard output, and at the end what stopped it: `failed` with the name of the error and whether the store still takes anything.
 */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { openStore } from '../../../agent/log/store.ts';
import { numbered, options } from './station-log.ts';

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

const [directory, start] = process.argv.slice(2);
if (directory === undefined) throw new Error('a folder is needed');

await once(process.stdin, 'data');
process.stdin.destroy();
const store = await openStore(directory, options);
tell('open\n');
let next = Number(start ?? 0);
let failure: unknown;

async function work(): Promise<void> {
  while (failure === undefined) {
    const size = next++;
    try {
      const { seq } = await store.append(numbered(size));
      tell(`ack ${size} ${seq}\n`);
    } catch (error) {
      failure ??= error;
    }
  }
}

await Promise.all(Array.from({ length: 8 }, work));
const again = await store.append(numbered(0)).then(
  () => 'taken',
  (error: unknown) => (error instanceof Error ? error.name : 'thrown'),
);
tell(`failed ${failure instanceof Error ? failure.name : 'thrown'} ${again} ${store.isOpen ? 'open' : 'shut'}\n`);
await store.close();
