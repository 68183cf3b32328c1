import { chmod, lstat, readFile, rm, writeFile } from 'node:fs/promises';
import { afterEach, expect, it } from 'vitest';
import { logKeyOf } from '../../../agent/commands/doctor/log-key.ts';
import { logKey } from '../../../agent/commands/log-key.ts';
import { logShow } from '../../../agent/commands/log-show.ts';
import { logVerify } from '../../../agent/commands/log-verify.ts';
import { makeLogKey } from '../../../agent/log/log-key.ts';
import { parseVerifierKey } from '../../../agent/log/note-key.ts';
import { openStationKey } from '../../../agent/opening.ts';
import { makeStation } from '../../../agent/station.ts';
import { ask, call, type KeyedStation, makeKeyedStation } from '../../support/keyed-station.ts';

let station: KeyedStation;
afterEach(() => station.remove());
const never = (): Promise<Uint8Array> => Promise.reject(new Error('nobody is to be asked'));

it('a new station has a key, and its log says so in the entry behind the first', async () => {
  station = await makeKeyedStation(() => ask());
  expect((await lstat(station.paths.logKey)).mode & 0o777).toBe(0o600);
  const opened = await station.open();
  expect((await opened.log.entries()).map(({ event }) => event.op)).toEqual(['genesis', 'key', 'anchor', 'boot']);
  expect(opened.key).toMatchObject({ purpose: 'log', action: 'made', wrapping: 'passphrase' });
  const signer = await openStationKey(station.paths.logKey, opened, () => ask());
  expect(Buffer.from(signer?.verifier.publicKey ?? []).toString('hex')).toBe(opened.key?.public_key);
  await opened.log.close();
  const shown = await call(logKey, '--data', station.data);
  expect({ code: shown.code, key: parseVerifierKey(shown.out.trim()).publicKey }).toEqual({ code: 0, key: signer?.verifier.publicKey });
  expect(await call(logVerify, '--data', station.data)).toMatchObject({ code: 0 });
  expect((await call(logShow, '--data', station.data, '--op', 'key')).out).toContain(
    'The key of the log was made, wrapped by a passphrase',
  );
});

it('a station that cannot be made leaves no key, and a key that lies there already is left as it is', async () => {
  station = await makeKeyedStation();
  await rm(station.paths.config);
  const key = await readFile(station.paths.logKey);
  await expect(makeStation(station.data, station.config, 'unwrapped')).rejects.toThrow('there is a log key at');
  expect(await readFile(station.paths.logKey)).toEqual(key);
  await rm(station.paths.logKey);
  await expect(makeStation(station.data, station.config, () => ask('short'))).rejects.toThrow('has at least 12 characters');
  await expect(makeStation(station.data, station.config, 'unwrapped')).rejects.toThrow('there is an operation log');
  for (const path of [station.paths.logKey, station.paths.config]) await expect(lstat(path)).rejects.toThrow('ENOENT');
});

it('the key of a station is opened only when it is the one that the log says', async () => {
  station = await makeKeyedStation();
  const opened = await station.open();
  const { logKey: file } = station.paths;
  try {
    const open = (): Promise<unknown> => openStationKey(file, opened, never);
    expect(await open()).toBeDefined();
    await chmod(file, 0o644);
    await expect(open()).rejects.toThrow(`The log cannot be sealed: the log key ${file} has mode 0644 instead of 0600.`);
    const sound = await readFile(file);
    await rm(file);
    await expect(open()).rejects.toThrow('a key that is lost is not made anew');
    await makeLogKey(file, opened.log.origin, undefined);
    await expect(open()).rejects.toThrow('is not the one that the log says');
    await writeFile(file, sound);
    expect(await open()).toBeDefined();
  } finally {
    await opened.log.close();
  }
});

it('a station of before gets its key once, while no agent runs, and goes on without one until then', async () => {
  station = await makeKeyedStation('none');
  const { data, paths } = station;
  const opened = await station.open();
  expect(await openStationKey(paths.logKey, opened, never)).toBeUndefined();
  expect(await call(logKey, '--data', data)).toMatchObject({ code: 1, err: expect.stringContaining('The log has no key.') as string });
  expect(await call(logKey, '--data', data, '--make', '--unwrapped')).toMatchObject({
    code: 2,
    err: expect.stringContaining('Another Countersign agent is running') as string,
  });
  await opened.log.close();
  expect(await call(logKey, '--data', data, '--make')).toMatchObject({
    code: 2,
    err: expect.stringContaining('or say --unwrapped') as string,
  });
  await expect(lstat(paths.logKey)).rejects.toThrow('ENOENT');

  const made = await call(logKey, '--data', data, '--make', '--unwrapped');
  expect(made).toMatchObject({ code: 0, err: '' });
  expect(await call(logKey, '--data', data)).toEqual(made);
  const again = await call(logKey, '--data', data, '--make', '--unwrapped');
  expect(again).toMatchObject({ code: 1, err: 'The log has a key already, and a second one is not made.\n' });
  expect(await call(logKey, '--data', data)).toEqual(made);
  expect(await call(logVerify, '--data', data)).toMatchObject({ code: 0 });
});

it('a making that was stopped between the file and the entry is finished with the same key', async () => {
  station = await makeKeyedStation('none');
  const { signer } = await makeLogKey(station.paths.logKey, 'branch-12.example.org/e1', undefined);
  const { code, out } = await call(logKey, '--data', station.data, '--make');
  expect({ code, key: parseVerifierKey(out.trim()).publicKey }).toEqual({ code: 0, key: signer.verifier.publicKey });
});

it('doctor says whether there is a key, and what is wrong with its file', async () => {
  station = await makeKeyedStation(() => ask());
  const look = async () => {
    const place = { root: '/', env: {}, data: station.data, demo: false, now: 0, ms: 1000 };
    return (await logKeyOf(place)).map(({ finding, found }) => `${finding}: ${found}`);
  };
  expect(await look()).toEqual(['ok: wrapped by a passphrase']);
  await chmod(station.paths.logKey, 0o640);
  expect(await look()).toEqual([expect.stringMatching(/^missing: .* has mode 0640 instead of 0600$/)]);
  await rm(station.paths.logKey);
  expect(await look()).toEqual([expect.stringMatching(/^missing: there is no log key at /)]);
  await station.remove();
  station = await makeKeyedStation('none');
  expect(await look()).toEqual(['warning: none: the log is not sealed']);
  await rm(station.paths.log, { recursive: true });
  expect(await look()).toEqual([]);
  await station.remove();
  station = await makeKeyedStation();
  expect(await look()).toEqual(['note: not wrapped: whoever reads the disk can sign with it']);
});

it('wrong calls, and a folder without a log, are refused', async () => {
  station = await makeKeyedStation();
  expect(await call(logKey, '--unwrapped')).toMatchObject({ code: 2, err: expect.stringContaining('goes with --make') as string });
  const nowhere = await call(logKey, '--data', `${station.data}/nowhere`);
  expect(nowhere).toMatchObject({ code: 2, err: expect.stringContaining('there is no operation log') as string });
});
