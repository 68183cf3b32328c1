/** What a durable append costs beside a raw write, in turns, so that both meet the same disk at the same moment. */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { LogStore } from '../../../agent/log/store.ts';
import { line, median, ms, quantile } from '../measure.ts';
import { origin } from './big-log.ts';
import type { Ratio } from './ratios.ts';
import { visitEvents } from './visits.ts';

/** Appends that wait together. */
const waiting = 16;
const rawBytes = 4096;
/** A file of this size is written over and over, as a write-ahead log is. */
const reusedBytes = 4 * 1024 * 1024;
/** Rounds that do not count: in them the write-ahead log grows to the size that it then keeps, and a file that grows is slower. */
const warmUp = 1000;

/** Appends to an open log `rounds` times alone and `rounds` times sixteen at once, and writes raw between them into `folder`. */
export async function durableAppends(store: LogStore, folder: string, rounds: number): Promise<readonly Ratio[]> {
  const grown = openSync(join(folder, 'raw-grown'), 'w');
  const reused = openSync(join(folder, 'raw-reused'), 'w');
  for (let at = 0; at < reusedBytes; at += rawBytes) writeSync(reused, Buffer.alloc(rawBytes), 0, rawBytes, at);
  fdatasyncSync(reused);
  const block = Buffer.alloc(rawBytes, 7);
  const raw = (file: number, at: number): void => {
    writeSync(file, block, 0, rawBytes, at);
    fdatasyncSync(file);
  };
  const times = { grown: [] as number[], reused: [] as number[], single: [] as number[], together: [] as number[] };
  const timed = async (kind: keyof typeof times, count: boolean, act: () => unknown): Promise<void> => {
    const start = performance.now();
    await act();
    if (count) times[kind].push(performance.now() - start);
  };
  const events = supply();
  for (let round = -warmUp; round < rounds; round += 1) {
    const counts = round >= 0;
    const at = (round + warmUp) * rawBytes;
    await timed('grown', counts, () => raw(grown, at));
    const next = events.next().value;
    await timed('single', counts, () => store.append(next));
    await timed('reused', counts, () => raw(reused, at % reusedBytes));
    const several = Array.from({ length: waiting }, () => events.next().value);
    await timed('together', counts, () => Promise.all(several.map((event) => store.append(event))));
  }
  closeSync(grown);
  closeSync(reused);
  const [yardstick, single, together] = [median(times.grown), median(times.single), median(times.together)];
  const [rawTail, tail] = [quantile(times.grown, 0.99), quantile(times.single, 0.99)];
  line('raw write over blocks that the file has already', ms(median(times.reused)), `p99 ${ms(quantile(times.reused, 0.99))}; no aim`);
  return [
    {
      what: 'durable append, median',
      measured: ms(single),
      yardstick: `${ms(yardstick)} raw 4 KiB + fdatasync`,
      ratio: single / yardstick,
      aim: { atMost: 1.7 },
    },
    { what: 'durable append, p99', measured: ms(tail), yardstick: `${ms(rawTail)} raw, p99`, ratio: tail / rawTail, aim: { atMost: 3 } },
    {
      what: `${waiting} waiting appends, throughput`,
      measured: `${Math.round((waiting * 1000) / together)}/s`,
      yardstick: `${Math.round(1000 / single)}/s one by one`,
      ratio: (waiting * single) / together,
      aim: { atLeast: 4 },
    },
  ];
}

/** Entries of visits that nobody has written yet. */
function* supply(): Generator<Parameters<LogStore['append']>[0], never> {
  for (let visit = 10_000_000; ; visit += 1) {
    // Without the signature itself: its entry names the number of another one, which is not known while others are appended between them.
    for (const event of visitEvents(origin, visit, 0, new Date().toISOString())) if (event.op !== 'sign.done') yield event;
  }
}
