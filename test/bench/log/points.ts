/** What one start, one proof and one checkpoint cost in a log that is large already. */
import { join } from 'node:path';
import type { LogStore } from '../../../agent/log/store.ts';
import { line, median, ms, quantile, timesOf } from '../measure.ts';
import { origin, signer, storeOptions } from './big-log.ts';
import { log } from './built.ts';
import type { Ratio } from './ratios.ts';
import { visitEvents } from './visits.ts';

/** Opens the log as the agent does at its start, which follows the whole chain and goes on with the anchor. */
export async function openTimed(data: string, entries: number): Promise<LogStore> {
  const start = performance.now();
  const anchor = new log.StationAnchor(join(data, 'log-anchor'));
  const store = await log.openStore(log.logFolder(data), { ...storeOptions, anchor });
  const seconds = (performance.now() - start) / 1000;
  line(`start on ${entries} entries (openStore)`, `${seconds.toFixed(1)} s`, `${Math.round(entries / seconds)} entries/s; no aim`);
  return store;
}

/** Proves entries all over the log; each proof is checked outside the time. Throws when one does not hold. */
export async function proofs(data: string, count: number): Promise<readonly Ratio[]> {
  const database = await log.openForReading(log.databaseFile(log.logFolder(data)));
  try {
    const [row] = await database.all('SELECT count(*) AS size FROM entry');
    const size = Number(row?.['size']);
    const read = log.nodeReader(database);
    const root = log.rootOf(await log.readFrontier(size, read));
    const times: number[] = [];
    let longest = 0;
    for (let round = 0; round < count; round += 1) {
      // Multiples of a prime that is larger than any size here stand all over the tree, the last entry among them.
      const index = round === 0 ? size - 1 : (round * 2_147_483_647) % size;
      const start = performance.now();
      const hashes = await log.inclusionProof(index, size, read);
      times.push(performance.now() - start);
      longest = Math.max(longest, hashes.length);
      const [leaf] = await read([{ level: 0, index }]);
      if (leaf === undefined || !log.verifyInclusion(leaf, index, size, hashes, root)) throw new Error(`no proof of entry ${index}`);
    }
    const most = Math.ceil(Math.log2(size));
    const tail = quantile(times, 0.99);
    return [
      {
        what: 'hashes in a proof, at most',
        measured: `${longest}`,
        yardstick: `${most} = ceil(log2 ${size})`,
        ratio: longest / most,
        aim: { atMost: 1 },
        counted: true,
      },
      {
        what: 'proof made, p99',
        measured: `${ms(tail)} (median ${ms(median(times))})`,
        yardstick: '5 ms',
        ratio: tail / 5,
        aim: { atMost: 1 },
      },
    ];
  } finally {
    await database.close();
  }
}

/** Signs a checkpoint behind each of so many appends. */
export async function checkpoints(store: LogStore, count: number): Promise<readonly Ratio[]> {
  let visit = 20_000_000;
  const before = async (): Promise<void> => {
    visit += 1;
    await store.appendAll(visitEvents(origin, visit, store.size, new Date().toISOString()));
  };
  const times = await timesOf(count, () => store.checkpoint(signer), { before });
  return [
    {
      what: 'checkpoint, its durable insert included, median',
      measured: `${ms(median(times))} (p99 ${ms(quantile(times, 0.99))})`,
      yardstick: '2 ms',
      ratio: median(times) / 2,
      aim: { atMost: 1 },
    },
  ];
}
