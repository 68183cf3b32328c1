/** The whole log checked as `countersign log verify` does it, beside the bare hashing of the same bodies, and what that takes in memory. */
import { createHash, hash } from 'node:crypto';
import { line, median } from '../measure.ts';
import { log } from './built.ts';
import type { Ratio } from './ratios.ts';

/** How often memory is looked at while the log is checked, milliseconds. */
const lookMs = 250;
const megabyte = 2 ** 20;

interface Memory {
  /** Heap and buffers in use after a collection, bytes. */
  readonly used: number;
  readonly rss: number;
}

/** Checks the log of a data folder. Throws unless it is found intact. */
export async function wholeLog(data: string, tell: (line: string) => void): Promise<readonly Ratio[]> {
  const { leafRate, entries } = await hashingRate(data);
  tell(`hashing alone: ${Math.round(leafRate)} leaves a second`);
  const start = performance.now();
  const result = await verified(data, entries, tell);
  const seconds = (performance.now() - start) / 1000;
  // Once more for the memory: looking at it costs time.
  tell('verifying it once more, for what it takes in memory');
  const looks: Memory[] = [];
  const watch = setInterval(() => looks.push(memory()), lookMs);
  await verified(data, entries, tell);
  clearInterval(watch);
  const tenths = Array.from({ length: 10 }, (_, tenth) => looks[Math.floor((looks.length * (tenth + 1)) / 10) - 1] ?? memory());
  const figures = (kind: keyof Memory): string => tenths.map((one) => Math.round(one[kind] / megabyte)).join(' ');
  line('memory of the verification, at each tenth', `${figures('used').split(' ').at(-1) ?? ''} MB`, `in use ${figures('used')} MB`);
  line('', '', `of the process ${figures('rss')} MB`);
  const [early, late] = [median(tenths.slice(1, 4).map(({ used }) => used)), median(tenths.slice(-3).map(({ used }) => used))];
  const rate = entries / seconds;
  return [
    {
      what: 'full verification from the database',
      measured: `${Math.round(rate)}/s (${seconds.toFixed(1)} s, ${result.checkpoints} checkpoints)`,
      yardstick: `${Math.round(leafRate)}/s SHA-256 leaves alone`,
      ratio: rate / leafRate,
      aim: { atLeast: 0.1 },
    },
    {
      what: `memory in use late in ${entries} entries`,
      measured: `${(late / megabyte).toFixed(1)} MB`,
      yardstick: `${(early / megabyte).toFixed(1)} MB early`,
      ratio: late / early,
      aim: { atMost: 1.1 },
    },
  ];
}

/** Verifies the log as the command does. Throws unless it is found intact, with so many entries. */
async function verified(data: string, entries: number, tell: (line: string) => void): Promise<{ readonly checkpoints: number }> {
  const out: string[] = [];
  const code = await log.logVerify(['--data', data, '--json'], { out: (text) => out.push(text), err: (text) => tell(text) });
  const result = JSON.parse(out.join('')) as { readonly entries: number; readonly checkpoints: number };
  if (code !== 0 || result.entries !== entries) throw new Error(`the log of the benchmark is not as it was made: ${out.join('')}`);
  return result;
}

/** Leaves a second on one core, reading not counted: as the log hashes them, and once more by the shortest way that this Node has. */
async function hashingRate(data: string): Promise<{ readonly leafRate: number; readonly entries: number }> {
  const file = log.databaseFile(log.logFolder(data));
  const database = await log.openForReading(file);
  const spent = { plain: 0, shortest: 0 };
  let page: Uint8Array[] = [];
  const prefix = Buffer.from([0]);
  const hashPage = (): void => {
    const start = performance.now();
    for (const body of page) createHash('sha256').update(prefix).update(body).digest();
    const between = performance.now();
    for (const body of page) hash('sha256', body, 'hex');
    spent.plain += between - start;
    spent.shortest += performance.now() - between;
    page = [];
  };
  let [bytes, entries] = [0, 0];
  for await (const { body } of log.readRows(database, file)) {
    bytes += body.byteLength;
    entries += 1;
    if (page.push(body) === 4096) hashPage();
  }
  hashPage();
  const [size] = await database.all('SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()');
  await database.close();
  line(
    'size of a body, mean',
    `${Math.round(bytes / entries)} B`,
    `${Math.round(Number(size?.['bytes']) / entries)} B an entry in the file`,
  );
  const shortest = Math.round((entries * 1000) / spent.shortest);
  line('hashing without the leaf prefix, one call', `${shortest}/s`, 'no aim');
  return { leafRate: (entries * 1000) / spent.plain, entries };
}

function memory(): Memory {
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { used: heapUsed + external, rss };
}
