/** A log that was put back, cut short or made anew, and an anchor that is damaged or gone: each stops the start, and is named. */
import { execFileSync } from 'node:child_process';
import { cp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { start } from '../../agent/commands/start.ts';
import { logAnchor } from '../../agent/commands/log-anchor.ts';
import { logVerify } from '../../agent/commands/log-verify.ts';
import { makeAnchor, readAnchor } from '../../agent/log/anchor-file.ts';
import { slotSize } from '../../agent/log/anchor-slot.ts';
import type { KnownHead } from '../../agent/log/check-anchors.ts';
import { openStore } from '../../agent/log/store.ts';
import { openStationLog } from '../../agent/opening.ts';
import { call, type KeyedStation, makeKeyedStation } from '../support/keyed-station.ts';
import { cutOff, rechain } from '../support/log/rewritten-log.ts';
import { numbered, origin } from '../support/log/station-log.ts';

const options = { software: 'countersign test', configDigest: 'c0'.repeat(32) };
let station: KeyedStation;
let file: string;
beforeEach(async () => {
  station = await makeKeyedStation();
  file = join(station.paths.log, 'log.sqlite');
});
afterEach(() => station.remove());

const sql = (text: string) => execFileSync('sqlite3', [file, text], { encoding: 'utf8' });
const at = (name: string) => join(station.data, name);
const begin = () => call(start, '--data', station.data);
const verify = () => call(logVerify, '--data', station.data);

/** One start of the agent that appends so many entries. Gives the size of the log. */
async function run(entries: number): Promise<number> {
  const { log } = await station.open();
  for (let size = 0; size < entries; size += 1) await log.append(numbered(size));
  const { size } = log;
  await log.close();
  return size;
}

/** Puts a copy of the log in the place of the log. */
async function putBack(copy: string): Promise<void> {
  await rm(station.paths.log, { recursive: true });
  await cp(copy, station.paths.log, { recursive: true });
}

/** What nobody but the anchor finds: the log is sound, and without its anchor it would be opened and written. */
async function mustBeFoundByTheAnchorAlone(): Promise<void> {
  expect(await verify()).toMatchObject({ code: 0, out: expect.stringContaining('INTACT') as string });
  const copy = at('copy');
  await cp(station.paths.log, copy, { recursive: true });
  const log = await openStore(copy, options);
  await log.append(numbered(0));
  await log.close();
  await rm(copy, { recursive: true });
}

/** Nothing was appended by the start that was refused. */
async function mustBeRefused(said: RegExp, exitCode = 1): Promise<void> {
  const newest = "SELECT seq || ' ' || hex(leaf) FROM entry ORDER BY seq DESC LIMIT 1";
  const before = sql(newest);
  expect(await begin()).toMatchObject({ code: exitCode, out: '', err: expect.stringMatching(said) as string });
  await expect(station.open()).rejects.toMatchObject({ name: 'StartRefused', exitCode, message: expect.stringMatching(said) as string });
  expect(sql(newest)).toBe(before);
}

describe('a log with an anchor', () => {
  it('has one from its beginning, which follows every entry; both are there after any number of starts (control)', async () => {
    for (let starts = 0; starts < 4; starts += 1) {
      const size = await run(3);
      expect((await readAnchor(station.paths.anchor))?.heads[0]).toMatchObject({ origin, size });
    }
    expect(await call(logAnchor, '--data', station.data)).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/entries {2}19\n.*agrees/s) as string,
    });
  });

  it('whose agent was killed before the anchor was written goes on: the log may be ahead', async () => {
    await run(2);
    const before = await readFile(station.paths.anchor);
    await run(5);
    await writeFile(station.paths.anchor, before);
    await run(1);
    expect((await readAnchor(station.paths.anchor))?.heads[0]?.size).toBe(3 + 3 + 6 + 2);
  });

  it('has its anchor durable and agreeing while the agent runs, after each seal', async () => {
    const { log } = await station.open();
    await log.append(numbered(1));
    expect(await call(logAnchor, '--data', station.data)).toMatchObject({ code: 0 });
    await log.close();
  });
});

describe('an older copy of the log', () => {
  it.each([
    ['with its write-ahead log, taken while the agent ran', true],
    ['of the database alone', false],
  ])('%s', async (_, isLive) => {
    await run(4);
    const { log } = await station.open();
    await log.append(numbered(4));
    const older = log.size;
    if (isLive) await cp(station.paths.log, at('older'), { recursive: true });
    if (isLive) expect((await stat(at('older/log.sqlite-wal'))).size).toBeGreaterThan(0);
    await log.close();
    if (!isLive) await cp(station.paths.log, at('older'), { recursive: true, filter: (path) => !/-wal$|-shm$/.test(path) });
    const newest = await run(2);
    await putBack(at('older'));
    await mustBeFoundByTheAnchorAlone();
    await mustBeRefused(
      new RegExp(
        `behind the anchor .*log-anchor, which says ${newest} entries: ${newest - older} entries are missing, from number ${older} on. ` +
          'Nothing of the last start of the agent is there, as when an older copy was put back.*countersign log anchor --renew',
      ),
    );
    expect(await call(logAnchor, '--data', station.data)).toMatchObject({ code: 1, err: expect.stringContaining('is behind') as string });
  });
});

it('the last three entries deleted', async () => {
  const size = await run(8);
  await cutOff(file, 3);
  await mustBeFoundByTheAnchorAlone();
  await mustBeRefused(
    new RegExp(
      `3 entries are missing, from number ${size - 3} on. The log ends in the middle of the last start of the agent, as when its end was cut off`,
    ),
  );
});

it('one entry deleted is one entry', async () => {
  const size = await run(3);
  await cutOff(file, 1);
  await mustBeRefused(new RegExp(`1 entry is missing, number ${size - 1}\\.`));
});

it('the whole log chained again with other content, of the same length and longer', async () => {
  const size = await run(6);
  await rechain(file, 5, ({ fields }) => (fields['size'] = 4712));
  await mustBeFoundByTheAnchorAlone();
  const said = new RegExp(`made anew or changed: entry ${size - 1} is not the one that the anchor .* says`);
  await mustBeRefused(said);
  const log = await openStore(station.paths.log, options);
  for (let more = 0; more < 5; more += 1) await log.append(numbered(more));
  await log.close();
  await mustBeRefused(said);
});

describe('the anchor', () => {
  beforeEach(async () => {
    await run(3);
  });

  async function damage(...slots: number[]): Promise<void> {
    const bytes = await readFile(station.paths.anchor);
    for (const slot of slots) bytes.fill(0, slot * slotSize + 100, slot * slotSize + 200);
    await writeFile(station.paths.anchor, bytes);
  }

  it.each([0, 1])('damaged in slot %i, as by a write that was cut off, is written anew, and the log says so', async (slot) => {
    await damage(slot);
    await run(1);
    expect(await readAnchor(station.paths.anchor)).toMatchObject({ damaged: 0 });
    const log = await openStore(station.paths.log, options);
    expect((await log.entries({ op: 'anchor' })).map(({ event }) => event)).toMatchObject([{ action: 'begun' }, { action: 'mended' }]);
    await log.close();
  });

  it.each([0, 1])('damaged in slot %i still finds an older copy of the log', async (slot) => {
    await cp(station.paths.log, at('older'), { recursive: true });
    await run(3);
    await putBack(at('older'));
    await damage(slot);
    await mustBeRefused(/is behind the anchor/);
  });

  it('damaged in both slots', async () => {
    await damage(0, 1);
    await mustBeRefused(/the anchor .*log-anchor is damaged: neither of its two slots can be read/, 2);
  });

  it('empty', async () => {
    await writeFile(station.paths.anchor, '');
    await mustBeRefused(/is damaged/, 2);
  });

  it('missing', async () => {
    await rm(station.paths.anchor);
    await mustBeRefused(
      /the log says that it has an anchor, and there is no file .*log-anchor. Bring the file back, or mount the disk that it is on/,
      2,
    );
    expect(await stat(station.paths.anchor).catch(() => 'none')).toBe('none');
  });

  it('that cannot be read', async () => {
    await rm(station.paths.anchor);
    await cp(station.paths.trust, station.paths.anchor, { recursive: true });
    await mustBeRefused(/the anchor .*log-anchor cannot be read \(EISDIR\)/, 2);
  });

  it('of another station', async () => {
    const head = (await readAnchor(station.paths.anchor))?.heads[0];
    if (head === undefined) throw new Error('there is an anchor');
    await makeAnchor(station.paths.anchor, { ...head, origin: 'branch-13.example.org/e1' }, true);
    await mustBeRefused(/the anchor .*log-anchor belongs to the log of branch-13.example.org\/e1, and this is another one/);
  });

  it('moved, and named in the configuration, goes on', async () => {
    await rename(station.paths.anchor, at('elsewhere'));
    const { log } = await openStationLog({ ...station.paths, anchor: at('elsewhere') }, station.config, options);
    await log.append(numbered(1));
    await log.close();
    expect((await readAnchor(at('elsewhere')))?.heads[0]?.size).toBe(log.size);
  });
});

describe('a station that was made before there were anchors', () => {
  it('gets one at its first start, and needs it from then on', async () => {
    await station.remove();
    station = await makeKeyedStation('none');
    file = join(station.paths.log, 'log.sqlite');
    expect(await readAnchor(station.paths.anchor)).toBeUndefined();
    const size = await run(1);
    expect((await readAnchor(station.paths.anchor))?.heads[0]).toMatchObject({ origin, size });
    await run(1);
    await rm(station.paths.anchor);
    await mustBeRefused(/the log says that it has an anchor/, 2);
  });
});

describe('further heads that were kept elsewhere', () => {
  const open = (...known: KnownHead[]) => openStationLog(station.paths, station.config, { ...options, known });

  it('let the log start when it grew out of them, and stop it with their name when it did not', async () => {
    await run(3);
    const { heads } = (await readAnchor(station.paths.anchor)) ?? { heads: [] };
    const { size, root, leaf } = heads[0] ?? { size: 0, root: '', leaf: '' };
    await run(2);
    const name = 'the manifest of export 7';
    const { log } = await open({ name, origin, size, root }, { name, origin, size, leaf });
    await log.close();
    for (const [known, says] of [
      [{ name, origin, size, root: 'ee'.repeat(32) }, `entry ${size - 1} is not the one that the manifest of export 7 says`],
      [
        { name, origin, size: 99, root },
        /behind the manifest of export 7, which says 99 entries: \d+ entries are missing, from number \d+ on\. Keep/,
      ],
      [{ name, origin: 'other.example.org/e1', size, root }, 'the manifest of export 7 belongs to the log of other.example.org/e1'],
    ] as const)
      await expect(open(known)).rejects.toMatchObject({ exitCode: 1, message: expect.stringMatching(says) as string });
  });
});
