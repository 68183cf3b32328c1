/** Reading a log a stretch at a time, for whoever does not want to hold all of it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LogUnavailable } from '../../../agent/log/errors.ts';
import { makeStationLog, numbered, type StationLog } from '../../support/log/station-log.ts';

let log: StationLog;
beforeEach(async () => {
  log = await makeStationLog();
});
afterEach(() => log.remove());

it('walks through a log that is longer than a stretch as it was when it began, and reads no further than it is asked', async () => {
  const store = await log.open();
  for (let at = 0; at < 4100; at += 256) await store.appendAll(Array.from({ length: 256 }, (_, index) => numbered(at + index)));
  const before = await store.entries({ op: 'document-in' });
  const walked: number[] = [];
  for await (const { seq } of store.scan({ op: 'document-in' })) {
    if (walked.length === 0) await store.append(numbered(9999));
    walked.push(seq);
  }
  expect(walked).toEqual(before.map(({ seq }) => seq));
  expect(walked.length).toBeGreaterThan(4000);
  const part: number[] = [];
  for await (const { seq } of store.scan({ from: 1999, to: 2002 })) part.push(seq);
  expect(part).toEqual([1999, 2000, 2001, 2002]);
  const begun = store.scan()[Symbol.asyncIterator]();
  expect((await begun.next()).value).toMatchObject({ seq: 0 });
  await store.close();
  // What was read already comes; the next stretch is refused.
  const rest = async () => {
    while ((await begun.next()).done !== true);
  };
  await expect(rest()).rejects.toThrow(LogUnavailable);
});
