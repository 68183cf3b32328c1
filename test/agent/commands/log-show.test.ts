import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logShow } from '../../../agent/commands/log-show.ts';
import { makeStationLog, numbered, signing, type StationLog } from '../../support/log/station-log.ts';

const dayMs = 86_400_000;
const noon = Date.parse('2026-03-01T12:00:00.000Z');

/** The clock of the station, which somebody sets; the monotonic one goes with it as long as nobody does. */
const clock = { wallMs: noon, monoMs: 0, wall: () => clock.wallMs, monotonic: () => clock.monoMs };
const pass = (ms: number): void => {
  clock.wallMs += ms;
  clock.monoMs += ms;
};

let log: StationLog;
beforeEach(async () => {
  clock.wallMs = noon;
  log = await makeStationLog({ clock });
  const store = await log.open({ clock });
  // Entries 2 to 5, a day later; then 6, two days after that.
  pass(dayMs);
  for (const event of signing('op-2', 'a', 3)) await store.append(event);
  pass(2 * dayMs);
  await store.append(numbered(1));
  // Somebody sets the clock back by two days: 7 says so, and 8 has a time before that of 6.
  clock.wallMs -= 2 * dayMs;
  await store.append(numbered(2));
  await store.close();
});
afterEach(() => log.remove());

async function told(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await logShow(['--data', log.data, ...args], { out: (text) => out.push(text), err: (text) => err.push(text) });
  return { code, numbers: out.map((line) => Number(line.trim().split(' ')[0])), err: err.join('\n') };
}
const shown = async (...args: string[]) => {
  const { code, numbers, err } = await told(...args);
  expect([code, err]).toEqual([0, '']);
  return numbers;
};

describe('log show', () => {
  it('shows kinds, several of them, and one operation', async () => {
    expect(await shown('--op', 'sign.intent', '--op', 'sign.done')).toEqual([3, 5]);
    expect(await shown('--operation', 'op-2')).toEqual([2, 3, 4, 5]);
    expect(await shown('--operation', 'op-2', '--op', 'document-in')).toEqual([]);
  });

  it('shows one entry, and those from a number to a number', async () => {
    expect(await shown('--entry', '0')).toEqual([0]);
    expect(await shown('--from', '4', '--to', '6')).toEqual([4, 5, 6]);
    expect(await shown('--from', '7')).toEqual([7, 8]);
    expect(await shown('--to', '1')).toEqual([0, 1]);
    expect(await shown('--from', '100')).toEqual([]);
    expect(await told('--entry', '9')).toEqual({ code: 1, numbers: [], err: 'There is no entry 9; the last one is entry 8.' });
  });

  it('shows days and times, also of entries that were made after the clock was set back', async () => {
    expect(await shown('--since', '2026-03-02', '--until', '2026-03-02')).toEqual([2, 3, 4, 5, 7, 8]);
    expect(await shown('--since', '2026-03-04T12:00:00Z')).toEqual([6]);
    expect(await shown('--until', '2026-03-01T13:00:00+01:00')).toEqual([0, 1]);
    expect(await shown('--until', '2026-03-01T12:59:59.999+01:00')).toEqual([]);
    expect(await shown('--since', '2026-03-04t12:00:00.001z')).toEqual([]);
  });

  it('shows the last of those that fit', async () => {
    expect(await shown('--tail', '2')).toEqual([7, 8]);
    expect(await shown('--tail', '1', '--operation', 'op-2')).toEqual([5]);
    expect(await shown('--tail', '3', '--to', '5')).toEqual([3, 4, 5]);
    expect(await shown('--tail', '99')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await shown('--tail', '0')).toEqual([]);
  });

  it('reads no further back for the last entries than it has to', async () => {
    const store = await log.open({ clock });
    for (let count = 0; count < 20; count += 1) await store.appendAll(Array.from({ length: 200 }, () => numbered(count)));
    const { size } = store;
    await store.close();
    const triggers = await promisify(execFile)('sqlite3', [
      log.file,
      "SELECT sql || ';' FROM sqlite_schema WHERE name = 'entry_unchanged'",
    ]);
    await promisify(execFile)('sqlite3', [
      log.file,
      `DROP TRIGGER entry_unchanged; UPDATE entry SET body = CAST('{' || body AS BLOB) WHERE seq = 3; ${triggers.stdout}`,
    ]);
    expect(await shown('--tail', '2500')).toHaveLength(2500);
    expect(await shown('--tail', '2100', '--op', 'document-in')).toHaveLength(2100);
    expect(await shown('--tail', '2', '--since', '2026-03-02')).toEqual([size - 2, size - 1]);
    // The same questions about the whole log come to the entry that cannot be read.
    for (const question of [[], ['--op', 'document-in'], ['--since', '2026-03-02'], ['--tail', '9999']])
      expect(await told(...question), question.join(' ')).toMatchObject({
        code: 2,
        err: expect.stringContaining('cannot be read') as string,
      });
  });

  it.each([
    [['--op', 'seal', '--op', 'lunch'], 'No entry is of the kind "lunch"'],
    [['--tail', 'many'], '--tail takes a whole number, and "many" is none.'],
    [['--from', '1.5'], '--from takes a whole number'],
    [['--from', '5', '--to', '4'], '--from 5 lies behind --to 4, so no entry is between them.'],
    [['--entry', '5', '--to', '4'], '--entry names one entry, --from and --to a range'],
    [
      ['--since', 'yesterday'],
      '--since takes a date or a time in RFC 3339, for example 2026-03-01 or 2026-03-01T08:30:00Z, and "yesterday"',
    ],
    [['--since', '2026-02-30'], '"2026-02-30" is neither'],
    [['--until', '2026-03-01T25:00:00Z'], 'is neither'],
    [['--until', '2026-03-01T24:00:00Z'], 'is neither'],
    [['--until', '2026-03-01T08:00:00'], 'is neither'],
    [['--until', '2026-03-01T08:00:00+99:00'], 'is neither'],
    [['--since', '2026-03-02', '--until', '2026-03-01'], 'lies behind --until 2026-03-01T23:59:59.999Z'],
  ])('says what is wrong with %j', async (args, sentence) => {
    const { code, numbers, err } = await told(...args);
    expect([code, numbers]).toEqual([2, []]);
    expect(err).toContain(sentence);
    expect(err).toContain('See countersign log show --help.');
  });
});
