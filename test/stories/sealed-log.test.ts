/** The key of a log from the making of the station to a checkpoint that an outsider checks: by the built program, with the passphrase as systemd gives it. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configDigest } from '../../agent/config.ts';
import { keyMade, openLogKey } from '../../agent/log/log-key.ts';
import { createStore } from '../../agent/log/new-store.ts';
import { builtCli } from '../support/built-program.ts';
import { countersign, expectNoInsides } from '../support/command-line.ts';
import { ask, type KeyedStation, makeKeyedStation, passphrase } from '../support/keyed-station.ts';
import { RunningAgent } from '../support/kiosk-client.ts';
import { origin } from '../support/log/station-log.ts';
import { readLog } from '../support/station.ts';

const hourMs = 3_600_000;
const stations: KeyedStation[] = [];
let credentials: string;
beforeAll(async () => {
  credentials = await mkdtemp(join(tmpdir(), 'credentials-'));
  await writeFile(join(credentials, 'countersign-log-key'), `${passphrase}\n`, { mode: 0o600 });
});
afterAll(async () => {
  await rm(credentials, { recursive: true, force: true });
  for (const station of stations) await station.remove();
});
const env = () => ({ CREDENTIALS_DIRECTORY: credentials });

async function make(...parameters: Parameters<typeof makeKeyedStation>): Promise<KeyedStation> {
  const station = await makeKeyedStation(...parameters);
  stations.push(station);
  return station;
}

/** A station whose key was made two hours ago, so that its first seal is due. */
async function stationOfBefore(): Promise<KeyedStation> {
  const station = await make(() => ask());
  const then = [keyMade(await openLogKey(station.paths.logKey, origin, () => ask()))];
  await rm(station.paths.log, { recursive: true });
  await rm(station.paths.anchor);
  const clock = { wall: () => Date.now() - 2 * hourMs, monotonic: () => performance.now() };
  const made = { software: 'countersign test', configDigest: configDigest(station.config), stationName: station.config.name, demo: false };
  await createStore(station.paths.log, { ...made, origin, then, clock });
  return station;
}

test('init wraps the key with the credential; without one it makes nothing, and says what to do', async () => {
  const folder = join(credentials, 'new');
  const init = ['init', '--name', 'branch-12.example.org', '--data', folder, '--nobody-reads'];
  const refused = await countersign(init);
  expect(refused).toMatchObject({ code: 2, out: '', err: expect.stringContaining('or say --unwrapped-log-key to do without') as string });
  expectNoInsides(refused);
  const made = await countersign(init, { env: env() });
  expect(made).toMatchObject({ code: 0, err: '', out: expect.stringContaining('key of the log (wrapped)') as string });
  expect(await readFile(join(folder, 'log-key.pem'), 'utf8')).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
});

test('a station opens its key with the credential and seals its log; the seal is checked by openssl as the README says', async () => {
  const { data } = await stationOfBefore();
  const agent = await RunningAgent.start(data, 0, env());
  try {
    await expect.poll(async () => (await readLog(data)).map(({ op }) => op), { timeout: 10_000 }).toContain('seal');
    expect(agent.said).not.toContain('no log key');
    // While the agent runs.
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
    const [, byHand = ''] = /```sh\n(countersign log checkpoint --data station [^]*?)```/.exec(readme) ?? [];
    const script = `countersign() { "${process.execPath}" "${builtCli()}" "$@"; }\n${byHand.replaceAll('--data station', `--data ${data}`)}`;
    const said = execFileSync('sh', ['-e', '-c', script], { cwd: data, encoding: 'utf8' });
    expect(said).toContain('Signature Verified Successfully');
    const checked = await countersign(['log', 'verify', '--data', data, '--checkpoint', join(data, 'kept.checkpoint')]);
    expect(checked).toMatchObject({ code: 0, out: expect.stringContaining('1 stored checkpoint is good.') as string });
  } finally {
    expect(await agent.kill('SIGTERM')).toBe(0);
  }
});

test('a station does not start when its key does not open, is not private or is gone; it says why and makes no other', async () => {
  const { data, paths } = await make(() => ask());
  const start = async (more: Readonly<Record<string, string>> = env()) => {
    const said = await countersign(['start', '--data', data, '--port', '0'], { env: more });
    expectNoInsides(said);
    expect(said.err.trim().split('\n')).toHaveLength(1);
    return { code: said.code, err: said.err };
  };
  expect(await start({})).toEqual({ code: 2, err: expect.stringContaining('Give it in the credential countersign-log-key') as string });
  const sound = await readFile(paths.logKey);
  await chmod(paths.logKey, 0o644);
  expect(await start()).toEqual({ code: 2, err: expect.stringContaining('has mode 0644 instead of 0600') as string });
  await chmod(paths.logKey, 0o600);
  await writeFile(paths.logKey, sound.subarray(0, 100));
  expect(await start()).toEqual({ code: 2, err: expect.stringContaining('does not open') as string });
  await rm(paths.logKey);
  expect(await start()).toEqual({ code: 2, err: expect.stringContaining('a key that is lost is not made anew') as string });
  await expect(readFile(paths.logKey)).rejects.toThrow('ENOENT');
});

test('a station of before starts without a key and says so in one line, until it gets one', async () => {
  const { data } = await make('none');
  const first = await RunningAgent.start(data);
  expect(first.said.split('\n').filter((line) => line.includes('no log key'))).toHaveLength(1);
  expect(await first.kill('SIGTERM')).toBe(0);
  const made = await countersign(['log', 'key', '--make', '--data', data], { env: env() });
  expect(made).toMatchObject({
    code: 0,
    err: '',
    out: expect.stringMatching(/^branch-12\.example\.org\/e1\+[0-9a-f]{8}\+\S{44}\n$/) as string,
  });
  const second = await RunningAgent.start(data, 0, env());
  expect(second.said).not.toContain('no log key');
  expect(await second.kill('SIGTERM')).toBe(0);
});
