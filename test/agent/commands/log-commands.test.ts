import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { logShow } from '../../../agent/commands/log-show.ts';
import { logVerify } from '../../../agent/commands/log-verify.ts';
import { reserved } from '../../../agent/log/catalogue.ts';
import { meanings } from '../../../agent/log/meanings.ts';
import type { LogStore } from '../../../agent/log/store.ts';
import { makeStationLog, numbered, signing, type StationLog } from '../../support/log/station-log.ts';

let log: StationLog;
let store: LogStore;
beforeEach(async () => {
  log = await makeStationLog();
  store = await log.open();
  await store.append(numbered(1));
  for (const event of signing('op-2', 'a', 4)) await store.append(event);
});
afterEach(async () => {
  await store.close();
  await log.remove();
});

async function told(command: typeof logShow, ...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await command(args, { out: (text) => out.push(text), err: (text) => err.push(text) });
  return { code, out, err: err.join('\n') };
}

it('shows every entry in one line of plain words, while the agent has the log', async () => {
  const { code, out } = await told(logShow, '--data', log.data);
  expect(code).toBe(0);
  expect(out).toHaveLength(7);
  expect(out[0]).toMatch(
    /^ {5}0 {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z {2}genesis +The log of "branch-12.example.org" begins; it is a demo station/,
  );
  expect(out[6]).toContain('Signed: document aaaaaaaaaaaa… became eeeeeeeeeeee…, 4711 bytes (begun in entry 4).  (operation op-2)');
});

it('shows what was asked for', async () => {
  expect((await told(logShow, '--data', log.data, '--operation', 'op-2')).out).toHaveLength(4);
  expect((await told(logShow, '--data', log.data, '--op', 'sign.done')).out).toHaveLength(1);
  expect((await told(logShow, '--data', log.data, '--tail', '2')).out.map((line) => line.trim().slice(0, 1))).toEqual(['5', '6']);
  expect((await told(logShow, '--help')).out.join()).toContain('--tail N');
  const written = Object.keys(meanings).filter((op) => !(op in reserved));
  expect((await told(logShow, '--op', 'help')).out.join().split('\n')).toHaveLength(written.length);
});

it('shows as JSON the bytes that were hashed', async () => {
  const { out } = await told(logShow, '--data', log.data, '--json');
  for (const line of out) {
    const { leaf } = JSON.parse(line) as { leaf: string };
    const body = line.slice(line.indexOf('"body":') + 7, -1);
    expect(createHash('sha256').update(`\0${body}`).digest('hex')).toBe(leaf);
  }
});

it('says what is wrong with a command, and where there is no log', async () => {
  expect(await told(logShow, '--op', 'lunch')).toMatchObject({ code: 2, err: expect.stringContaining('"lunch"') as string });
  expect(await told(logShow, '--tail=-1')).toMatchObject({ code: 2, err: expect.stringContaining('a whole number') as string });
  expect(await told(logVerify, '--what')).toMatchObject({
    code: 2,
    err: 'countersign log verify has no option --what. See countersign log verify --help.',
  });
  expect(await told(logVerify, '--known', '3')).toMatchObject({ code: 2, err: expect.stringContaining('64 hex digits') as string });
  const nowhere = `${log.data}/nowhere`;
  expect(await told(logShow, '--data', nowhere)).toMatchObject({
    code: 2,
    err: expect.stringContaining('there is no operation log') as string,
  });
  expect(await told(logVerify, '--data', nowhere)).toMatchObject({ code: 2, out: expect.arrayContaining(['CANNOT BE READ']) as string[] });
});

it('finds the log intact, and knows an entry that was written down', async () => {
  const { seq, leaf } = store.last();
  expect(await told(logVerify, '--data', log.data, '--known', `${seq}:${leaf}`)).toEqual({
    code: 0,
    out: ['INTACT', `7 entries are good. The hash of entry 6 is ${leaf}.`],
    err: '',
  });
  const later = await told(logVerify, '--data', log.data, '--known', `9:${leaf}`, '--json');
  expect(later.code).toBe(1);
  expect(JSON.parse(later.out.join())).toMatchObject({ verdict: 'broken', bad: { seq: 7 } });
});

it('finds the log broken, names the entry, and notes that the triggers are gone', async () => {
  await promisify(execFile)('sqlite3', [log.file, 'DROP TRIGGER entry_unchanged; UPDATE entry SET leaf = zeroblob(32) WHERE seq = 3']);
  const { code, out, err } = await told(logVerify, '--data', log.data);
  expect(code).toBe(1);
  expect(out[1]).toBe('First bad entry: 3. entry 3 was changed: its bytes do not have the hash that stands beside them.');
  expect(err).toContain('triggers');
});

it('says in which revocation lists the certificates of a token were looked up', async () => {
  const actor = { id: 'unknown', role: 'holder' } as const;
  const entry = { op: 'token-in' as const, actor, module: 'opensc', token_serial: '1', certificates: [] };
  const list = { list_sha256: 'a'.repeat(64), issuer_sha256: 'b'.repeat(64), this_update: '2026-07-28T10:00:00.000Z' };
  await store.append(entry);
  await store.append({ ...entry, revocation_lists: [] });
  await store.append({
    ...entry,
    revocation_lists: [
      { ...list, number: '7' },
      { ...list, stale: true as const },
    ],
  });
  const { out } = await told(logShow, '--data', log.data);
  const said = out
    .join('\n')
    .split('\n')
    .filter((line) => line.includes('was put in'));
  expect(said.map((line) => line.slice(line.indexOf('certificates.') + 'certificates.'.length))).toEqual([
    '',
    ' No revocation list was there to look into.',
    ' Looked up in revocation list 7, aaaaaaaaaaaa… of 2026-07-28T10:00:00.000Z; aaaaaaaaaaaa… of 2026-07-28T10:00:00.000Z, stale.',
  ]);
});
