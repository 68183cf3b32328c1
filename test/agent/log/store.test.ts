import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openForReading, openForWriting } from '../../../agent/log/database.ts';
import { LogUnavailable } from '../../../agent/log/errors.ts';
import type { AppendableEvent } from '../../../agent/log/events.ts';
import { readRows } from '../../../agent/log/schema.ts';
import { createStore } from '../../../agent/log/new-store.ts';
import { logFolder, openStore } from '../../../agent/log/store.ts';
import { holder, makeStationLog, numbered, options, origin, sha256, type StationLog } from '../../support/log/station-log.ts';

const run = promisify(execFile);
let log: StationLog;
beforeEach(async () => {
  log = await makeStationLog();
});
afterEach(() => log.remove());

const shell = async (...sql: string[]): Promise<string> => {
  const { stdout } = await run('sqlite3', [log.file, ...sql]);
  return stdout.trim();
};

describe('making and opening a log', () => {
  it('begins with the station, and only its owner can read it', async () => {
    expect((await stat(log.directory)).mode & 0o777).toBe(0o700);
    const store = await log.open();
    for (const name of await readdir(log.directory)) expect((await stat(join(log.directory, name))).mode & 0o777, name).toBe(0o600);
    const entries = await store.entries();
    expect(entries.map(({ seq, event }) => [seq, event.op])).toEqual([
      [0, 'genesis'],
      [1, 'boot'],
    ]);
    expect(entries[0]?.event).toMatchObject({ station_name: 'branch-12.example.org', demo: true });
    expect(store).toMatchObject({ origin, size: 2, isOpen: true });
    await store.close();
    expect(store.isOpen).toBe(false);
  });

  it('is refused where a log is already', async () => {
    const make = createStore(log.directory, { ...options, origin, stationName: 'x', demo: false });
    await expect(make).rejects.toMatchObject({ name: 'LogRefusal', code: 'exists' });
  });

  it('is refused for a station without an epoch', async () => {
    const directory = join(log.data, 'other');
    await expect(createStore(directory, { ...options, origin: 'branch 12', stationName: 'x', demo: false })).rejects.toThrow(RangeError);
  });

  it('runs at every start with the settings that lose no commit', async () => {
    for (let start = 0; start < 3; start++) {
      const database = await openForWriting(log.file);
      const read = async (name: string) => Object.values((await database.all(`PRAGMA ${name}`))[0] ?? {})[0];
      expect([await read('journal_mode'), await read('synchronous'), await read('recursive_triggers')]).toEqual(['wal', 2, 1]);
      expect([await read('foreign_keys'), await read('trusted_schema'), await read('secure_delete')]).toEqual([1, 0, 1]);
      expect(await read('busy_timeout')).toBe(5000);
      await database.close();
    }
  });

  it('is refused when a setting does not hold', async () => {
    // A database in memory cannot take write-ahead logging.
    const memory = openForWriting(':memory:', { create: true });
    await expect(memory).rejects.toMatchObject({ code: 'settings', message: 'SQLite runs with journal_mode=memory instead of WAL' });
  });

  it('names the start before it in each start', async () => {
    for (let i = 0; i < 3; i++) await (await log.open()).close();
    const store = await log.open();
    const boots = await store.entries({ op: 'boot' });
    expect(boots.map(({ event }) => event.op === 'boot' && event.previous)).toEqual([undefined, 1, 2, 3]);
    expect(new Set(boots.map(({ at }) => at.boot)).size).toBe(4);
    await store.close();
  });

  it('never makes a log where one is missing, and leaves nothing behind', async () => {
    const data = await mkdtemp(join(tmpdir(), 'countersign-log-'));
    await expect(openStore(logFolder(data), options)).rejects.toMatchObject({ code: 'missing' });
    expect(await readdir(data)).toEqual([]);
    await rm(data, { recursive: true });
  });

  const spoils: readonly (readonly [string, (file: string) => Promise<unknown>])[] = [
    ['an empty file', (file) => truncate(file, 0)],
    ['a file that is not a database', (file) => writeFile(file, 'x'.repeat(8192))],
    ['a database that was cut in half', (file) => truncate(file, 4096)],
    ['another database', (file) => rm(file).then(() => run('sqlite3', [file, 'CREATE TABLE a(b)']))],
    ['a log without its triggers', (file) => run('sqlite3', [file, 'DROP TRIGGER entry_kept'])],
  ];
  it.each(spoils)('%s is refused and left as it is', async (_name, spoil) => {
    await spoil(log.file);
    const before = await stat(log.file);
    await expect(log.open()).rejects.toMatchObject({ name: 'LogRefusal', code: 'unreadable' });
    expect((await stat(log.file)).size).toBe(before.size);
    // The lock is let go, so a good copy can be put back and opened.
    await expect(log.open()).rejects.toMatchObject({ code: 'unreadable' });
  });

  it('is refused while another agent has it, in this process too', async () => {
    const store = await log.open();
    await expect(log.open()).rejects.toMatchObject({ code: 'in-use' });
    await store.append(numbered(1));
    await store.close();
    await (await log.open()).close();
  });
});

describe('appending', () => {
  it('puts a thousand entries in, fifty at a time, all in order', async () => {
    const store = await log.open();
    let next = 0;
    const acknowledged: number[] = [];
    const work = async () => {
      while (next < 1000) {
        const size = next++;
        const entry = await store.append(numbered(size));
        expect(entry.event).toEqual(numbered(size));
        acknowledged[size] = entry.seq;
      }
    };
    await Promise.all(Array.from({ length: 50 }, work));
    expect(acknowledged).toEqual(Array.from({ length: 1000 }, (_, index) => index + 2));
    const entries = await store.entries({ op: 'document-in' });
    expect(entries.map(({ event }) => event.op === 'document-in' && event.size)).toEqual(Array.from({ length: 1000 }, (_, index) => index));
    expect(store.last()).toEqual(entries.at(-1));
    await store.close();
    const again = await log.open();
    expect(again.size).toBe(1003);
    await again.close();
  });

  it('takes several events in one commit or none', async () => {
    const store = await log.open();
    const [first, second] = await store.appendAll([numbered(1), numbered(2)]);
    expect([first?.seq, second?.seq]).toEqual([2, 3]);
    expect(second?.prev).toBe(first?.leaf);
    const bad = { ...numbered(4), pages: -1 };
    await expect(store.appendAll([numbered(3), bad])).rejects.toMatchObject({ name: 'NotInCatalogue' });
    expect((await store.append(numbered(5))).seq).toBe(4);
    await store.close();
  });

  it('keeps what the caller changes afterwards', async () => {
    const store = await log.open();
    const event = { ...numbered(1) };
    const appended = store.append(event);
    Object.assign(event, { size: 2 });
    expect((await appended).event).toMatchObject({ size: 1 });
    await store.close();
  });

  it.each([
    ['an op that is not in the catalogue', { op: 'lunch', actor: holder }],
    ['an op that is reserved', { op: 'seal', actor: holder }],
    ['an op that the log itself writes', { op: 'boot', actor: holder }],
    ['a field that does not belong', { op: 'token-out', actor: holder, name: 'Ada' }],
    ['a field that is missing', { op: 'pin-locked', actor: holder }],
    ['a field that is undefined', { op: 'finger-refused', actor: holder, problem: 'not-matched', tries_left: undefined }],
    ['a hash in upper case', { op: 'document-refused', actor: holder, refusal: 'empty', document_sha256: sha256('A') }],
    ['an unknown problem', { op: 'pin-locked', actor: holder, problem: 'bad-day' }],
    ['a name as actor', { op: 'token-out', actor: { id: 'Ada Lovelace', role: 'holder' } }],
    ['half a letter', { op: 'token-in', actor: holder, module: '\ud800', token_serial: '1', certificates: [] }],
    ['an entry that would be too long', { op: 'enrol', actor: holder, ...enrolment('ab'.repeat(33_000)) }],
  ])('refuses %s, and goes on', async (_name, event) => {
    const store = await log.open();
    await expect(store.append(event as AppendableEvent)).rejects.toMatchObject({ name: /NotInCatalogue|NotCanonical/ });
    expect((await store.append(numbered(1))).seq).toBe(2);
    await store.close();
  });

  it('waits for what is under way when it closes, and takes nothing after that', async () => {
    const store = await log.open();
    const under = Array.from({ length: 100 }, (_, index) => store.append(numbered(index)));
    await new Promise((resolve) => setImmediate(resolve));
    const closed = store.close();
    await expect(store.append(numbered(1))).rejects.toBeInstanceOf(LogUnavailable);
    await closed;
    expect((await Promise.all(under)).at(-1)?.seq).toBe(101);
    await expect(store.entries()).rejects.toBeInstanceOf(LogUnavailable);
  });
});

function enrolment(attestation: string) {
  const keys = { certificate_sha256: sha256('c'), credential_id: 'aa', public_key: 'bb', aaguid: '00'.repeat(16), sign_count: 0 };
  return {
    ...keys,
    assurance: 'signed-by-reader',
    attestation_format: 'packed',
    authenticator_data: 'cc',
    attestation_statement: attestation,
  };
}

describe('reading', () => {
  it('finds entries by number, kind and operation, from either end', async () => {
    const store = await log.open();
    for (let i = 0; i < 5; i++) await store.append({ ...numbered(i), operation: `op-${i % 2}` });
    const seqs = async (query: Parameters<typeof store.entries>[0]) => (await store.entries(query)).map(({ seq }) => seq);
    expect(await seqs({ from: 3, to: 4 })).toEqual([3, 4]);
    expect(await seqs({ op: ['genesis', 'boot'] })).toEqual([0, 1]);
    expect(await seqs({ operation: 'op-1' })).toEqual([3, 5]);
    expect(await seqs({ newestFirst: true, limit: 2 })).toEqual([6, 5]);
    expect(await seqs({ op: 'document-in', limit: 1 })).toEqual([2]);
    expect(await seqs({ from: 90 })).toEqual([]);
    await store.close();
  });

  it('is possible for others while an agent has the log, with and without a clean end', async () => {
    const store = await log.open();
    await store.append(numbered(1));
    expect(await shell('SELECT max(seq) FROM entry')).toBe('2');
    const reader = await openForReading(log.file);
    const seqs: number[] = [];
    for await (const row of readRows(reader, log.file)) {
      seqs.push(row.seq);
      await store.append(numbered(2));
    }
    expect(seqs).toEqual([0, 1, 2]);
    await expect(reader.all('DELETE FROM entry')).rejects.toMatchObject({ code: 'SQLITE_READONLY' });
    await store.close();
    await reader.close();
    const after = await openForReading(log.file);
    expect(await after.all('SELECT max(seq) AS tip FROM entry')).toEqual([{ tip: 5 }]);
    await after.close();
  });
});

describe('the tables themselves refuse', () => {
  const row = "x'7b7d', zeroblob(32)";
  it.each([
    ['a change', 'UPDATE entry SET leaf = zeroblob(32) WHERE seq = 0', 'never changed'],
    ['a removal', 'DELETE FROM entry WHERE seq = 1', 'never deleted'],
    ['a number that is not the next', `INSERT INTO entry SELECT 9, ${row}, leaf FROM entry WHERE seq = 1`, 'must follow'],
    ['a number that is there', `INSERT INTO entry SELECT 1, ${row}, leaf FROM entry WHERE seq = 0`, 'must follow'],
    ['no number', `INSERT INTO entry SELECT NULL, ${row}, leaf FROM entry WHERE seq = 1`, 'must follow'],
    ['a hash that is not the last one', `INSERT INTO entry VALUES (2, ${row}, zeroblob(32))`, 'must follow'],
    ['putting one in the place of another', `INSERT OR REPLACE INTO entry SELECT 1, ${row}, leaf FROM entry WHERE seq = 0`, 'must follow'],
    ['text in place of bytes', "INSERT INTO entry SELECT 2, '{}', zeroblob(32), leaf FROM entry WHERE seq = 1", 'cannot store TEXT'],
    ['another origin', "INSERT OR REPLACE INTO meta VALUES ('origin', 'x/e1')", 'never changed'],
  ])('%s', async (_name, sql, message) => {
    await (await log.open()).close();
    await expect(shell('PRAGMA recursive_triggers=ON', sql)).rejects.toThrow(message);
    expect(await shell('SELECT count(*) FROM entry')).toBe('2');
  });

  it('and when another hand appended behind its back, the store fails instead of going on', async () => {
    const store = await log.open();
    await shell("INSERT INTO entry SELECT 2, x'7b7d', zeroblob(32), leaf FROM entry WHERE seq = 1");
    await expect(store.append(numbered(1))).rejects.toBeInstanceOf(LogUnavailable);
    expect(store.isOpen).toBe(false);
    await expect(store.append(numbered(1))).rejects.toBeInstanceOf(LogUnavailable);
    await store.close();
    await expect(log.open()).rejects.toMatchObject({ code: 'broken', seq: 2 });
  });
});

describe('the clock', () => {
  const start = Date.parse('2026-05-01T10:00:00.000Z');
  const clock = (wall: number) => {
    const hands = { wall, mono: 1_000_000 };
    return { hands, wall: () => hands.wall, monotonic: () => hands.mono };
  };

  it('that was set while the agent runs is noted before the next entry', async () => {
    const hours = clock(start);
    await log.remove();
    log = await makeStationLog({ clock: hours });
    const store = await log.open({ clock: hours });
    hours.hands.mono += 1000;
    hours.hands.wall += 1400;
    await store.append(numbered(1));
    hours.hands.mono += 5000;
    hours.hands.wall -= 3_600_000;
    const after = await store.append(numbered(2));
    expect(after).toMatchObject({ seq: 4, at: { time: '2026-05-01T09:00:01.400Z', mono: 6000 } });
    const [changed] = await store.entries({ op: 'clock-changed' });
    expect(changed).toMatchObject({ seq: 3, event: { from: '2026-05-01T10:00:06.400Z', to: '2026-05-01T09:00:01.400Z' } });
    await store.close();
  });

  it('that stands before the last entry when the agent starts is noted', async () => {
    await log.remove();
    log = await makeStationLog({ clock: clock(start) });
    const store = await log.open({ clock: clock(0) });
    const entries = await store.entries({ from: 1 });
    expect(entries.map(({ event }) => event.op)).toEqual(['boot', 'clock-changed']);
    expect(entries[1]?.event).toMatchObject({ from: '2026-05-01T10:00:00.000Z', to: '1970-01-01T00:00:00.000Z' });
    await store.close();
  });
});
