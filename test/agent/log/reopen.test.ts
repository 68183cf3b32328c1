/** A commit that failed, on a disk that is really full: the log is opened again with a new handle, in the same process, and goes on. */
import { execFileSync } from 'node:child_process';
import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StationAnchor } from '../../../agent/log/anchor.ts';
import { readAnchor } from '../../../agent/log/anchor-file.ts';
import { databaseFile, type LogStore, openStore } from '../../../agent/log/store.ts';
import { LogUnavailable } from '../../../agent/log/errors.ts';
import { rescueLog } from '../../../agent/signing/rescue.ts';
import { fillDisk } from '../../support/several/storage.ts';
import { verdictOf } from '../../support/log/faults/judged.ts';
import { cutOff } from '../../support/log/rewritten-log.ts';
import { makeStationLog, numbered, options, type StationLog } from '../../support/log/station-log.ts';

let made: StationLog;
let data: string;
let log: LogStore;
beforeEach(async () => {
  made = await makeStationLog();
  data = join(made.data, 'disk');
  await mkdir(data);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=700', 'tmpfs', data]);
  await cp(made.directory, join(data, 'log'), { recursive: true });
  log = await openStore(join(data, 'log'), { ...options, anchor: new StationAnchor(join(made.data, 'log-anchor')) });
  await log.append(numbered(1));
});
afterEach(async () => {
  await log.close();
  execFileSync('umount', [data]);
  await made.remove();
});

const file = () => databaseFile(join(data, 'log'));
const ballast = () => join(data, 'ballast');
const numbers = async () => (await log.entries({ op: 'document-in' })).map(({ event }) => event.op === 'document-in' && event.size);

/** Fills the disk and appends until an append fails; gives the numbers that were acknowledged. */
async function fail(): Promise<readonly number[]> {
  const acknowledged = [1];
  await fillDisk(ballast());
  for (let size = 2; ; size += 1) {
    try {
      await log.append(numbered(size));
      acknowledged.push(size);
    } catch (error) {
      expect(error).toBeInstanceOf(LogUnavailable);
      return acknowledged;
    }
  }
}

it('loses nothing that was acknowledged, enters that it was opened again, and its anchor follows', async () => {
  const told: LogUnavailable[] = [];
  log.onFailure((failure) => told.push(failure));
  const acknowledged = await fail();
  expect(told).toHaveLength(1);
  const { seq } = log.last();
  await expect(log.append(numbered(0))).rejects.toThrow(LogUnavailable);
  await rm(ballast());
  const found = await log.reopen();
  expect(found.at(-1)).toMatchObject({ event: { op: 'boot', reopened: true } });
  expect(found[0]?.seq).toBe(seq + 1);
  expect((await numbers()).slice(0, acknowledged.length)).toEqual(acknowledged);
  await log.append(numbered(4711));
  expect((await numbers()).at(-1)).toBe(4711);
  await expect.poll(async () => (await readAnchor(join(made.data, 'log-anchor')))?.heads[0]?.size).toBe(log.size);
  expect(await verdictOf(data)).toBe('intact');
});

it('stays shut while its file cannot be read, however often it is tried, and opens when it can', async () => {
  await fail();
  await rm(ballast());
  await rename(file(), join(data, 'aside'));
  await writeFile(file(), '');
  for (let time = 0; time < 3; time += 1) await expect(log.reopen()).rejects.toMatchObject({ code: 'unreadable' });
  expect(log.isOpen).toBe(false);
  await expect(log.append(numbered(0))).rejects.toThrow(LogUnavailable);
  await rename(join(data, 'aside'), file());
  await log.reopen();
  await log.append(numbered(4711));
  expect(log.isOpen).toBe(true);
});

it('is not opened again when entries that were acknowledged are gone, nor when nothing failed', async () => {
  await expect(log.reopen()).rejects.toThrow(RangeError);
  await log.append(numbered(2));
  await fail();
  await rm(ballast());
  await cutOff(file(), 2);
  await expect(log.reopen()).rejects.toMatchObject({
    code: 'anchor',
    message: expect.stringMatching(/behind the last entry that this agent has written.*\d (entries are|entry is) missing/) as string,
  });
});

it('a station that cannot open it again gives up, and says the last reason', async () => {
  const calls: string[] = [];
  const faults: unknown[] = [];
  const never = () => Promise.reject(new Error('nothing was opened'));
  const visit = {
    operation: '',
    logLost: () => Promise.resolve(void calls.push('lost')),
    logMended: () => void calls.push('mended'),
  };
  const stop = rescueLog(
    { log, visit, take: () => undefined, recover: never, onMended: () => undefined, onFault: (error) => faults.push(error) },
    5,
  );
  await rename(file(), join(data, 'aside'));
  await writeFile(file(), '');
  await fail();
  await expect.poll(() => faults.length, { timeout: 20_000 }).toBe(1);
  await stop();
  expect(calls).toEqual(['lost']);
  expect(faults[0]).toMatchObject({ code: 'unreadable' });
});
