/**
 * Commits whose sync fails after their bytes were written, in this process, by real errors of real calls. Whether such an entry is in the log is found when the
 * log is opened anew, and then nobody writes it a second time; where the disk stays bad, nothing is lost and the log stays shut.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogUnavailable } from '../../../agent/log/errors.ts';
import { openIntents, reconcileOps, signatureName, signedDocuments } from '../../../agent/log/reconcile.ts';
import type { LogStore } from '../../../agent/log/store.ts';
import { BadDisk } from '../../support/log/faults/attached.ts';
import { verdictOf } from '../../support/log/faults/judged.ts';
import { makeStationLog, numbered, sha256, signing, type StationLog } from '../../support/log/station-log.ts';

const operation = 'op-2';
let made: StationLog;
let log: LogStore;
/** What a visit has entered until the token was asked. */
let begun: number;
let bad: BadDisk | undefined;

beforeEach(async () => {
  made = await makeStationLog();
  log = await made.open();
  await log.append(numbered(1));
  const events = signing(operation, 'a', log.size + 1);
  await log.appendAll(events.slice(0, 3));
  begun = log.last().seq;
});
afterEach(async () => {
  await bad?.mend();
  bad = undefined;
  await log.close();
  await made.remove();
});

const done = () => signing(operation, 'a', begun - 1).slice(3);
const breakDisk = async (calls: readonly string[], files?: readonly string[]) =>
  (bad = await BadDisk.under(process.pid, calls, made.directory, files));
const mend = () => bad?.mend();
const entriesOf = async () => {
  const entries = await log.entries({ op: ['document-in', ...reconcileOps] });
  const signed = await signedDocuments((query) => log.scan(query), new Set([operation]));
  return { open: openIntents(entries), signed: [...signed.keys()] };
};

describe('an I/O error at the commit of a signature', () => {
  it('that is in the log after all: opening it anew tells of it, nothing is open, and it is there once', async () => {
    await breakDisk(['fsync', 'fdatasync']);
    await expect(log.appendAll(done())).rejects.toThrow(LogUnavailable);
    expect(log.last().seq).toBe(begun);
    // The handle that failed is let go while nothing can be synced, and so SQLite writes nothing back and leaves the WAL as it is.
    await expect(log.reopen()).rejects.toMatchObject({ name: 'LogRefusal', code: 'unreadable' });
    expect(await bad?.failures()).toBeGreaterThan(1);
    await mend();
    const found = await log.reopen();
    expect(found.map(({ seq, event }) => [seq, event.op])).toEqual([
      [begun + 1, 'sign.done'],
      [begun + 2, 'boot'],
    ]);
    expect(found[0]?.event).toMatchObject({ operation, intent: begun - 1, document_sha256: sha256('a') });
    expect(await entriesOf()).toEqual({ open: [], signed: [signatureName(operation, begun - 1)] });
    expect(await verdictOf(made.data)).toBe('intact');
  });

  it('the counterpart: one that is not in it leaves the intent open, with a token that may have signed', async () => {
    await breakDisk(['fsync', 'fdatasync']);
    await expect(log.appendAll(done())).rejects.toThrow(LogUnavailable);
    await mend();
    expect((await log.reopen()).map(({ event }) => event.op)).toEqual(['boot']);
    expect(await entriesOf()).toMatchObject({ open: [{ seq: begun - 1, operation, tokenMayHaveSigned: true }], signed: [] });
    expect(await verdictOf(made.data)).toBe('intact');
  });
});

describe('an I/O error while the log is opened anew', () => {
  it.each([['fsync', 'fdatasync'], ['pwrite64'], ['pread64'], ['openat'], ['ftruncate']])(
    'at %s: the log stays shut and says why, however often it is tried; nothing that was acknowledged is lost',
    async (...calls) => {
      await breakDisk(['fsync', 'fdatasync']);
      await expect(log.appendAll(done())).rejects.toThrow(LogUnavailable);
      await mend();
      await breakDisk(calls, ['log.sqlite', 'log.sqlite-wal', 'log.sqlite-shm']);
      for (let time = 0; time < 3; time += 1) {
        const refused: unknown = await log.reopen().catch((error: unknown) => error);
        expect(refused).toMatchObject({
          message: expect.stringMatching(/^the operation log (?:at \S+ (?:cannot be (?:read|opened)|is damaged)$|failed: \S+)/) as string,
        });
        expect((refused as Error).name).toMatch(/^(?:LogRefusal|LogUnavailable)$/);
        expect(log.isOpen).toBe(false);
        await expect(log.append(numbered(2))).rejects.toThrow(LogUnavailable);
      }
      expect(await bad?.failures()).toBeGreaterThan(0);
      await mend();
      const [next] = await log.reopen();
      expect(next?.seq).toBe(begun + 1);
      expect((await log.entries({ to: begun })).map(({ seq }) => seq)).toEqual(Array.from({ length: begun + 1 }, (_, seq) => seq));
      await log.append(numbered(3));
      expect(await verdictOf(made.data)).toBe('intact');
    },
  );
});
