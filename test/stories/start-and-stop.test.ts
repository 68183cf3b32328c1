/** A station that must not start says why in a sentence and an exit code; one that starts is the one that it was made as; one that stops leaves no riddle. */
import { copyFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { makeDemoStation } from '../../agent/workbench/demo-station.ts';
import { countersign, expectNoInsides, type Said } from '../support/command-line.ts';
import { RunningAgent } from '../support/kiosk-client.ts';
import { softhsmModule } from '../support/softhsm.ts';
import { agreement, readLog, StoryStation } from '../support/station.ts';
import { startTestReader, testCa, testCard } from '../support/virtual-reader.ts';

let folder: string;
const running: RunningAgent[] = [];
const at = (...path: string[]): string => join(folder, ...path);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'start-'));
  await makeDemoStation(at('demo'), 0);
  const made = await countersign([
    'init',
    '--name',
    'branch-12.example.org',
    '--data',
    at('real'),
    '--unwrapped-log-key',
    '--nobody-reads',
  ]);
  expect({ code: made.code, err: made.err }).toEqual({ code: 0, err: '' });
});
afterEach(async () => {
  for (const agent of running.splice(0)) await agent.kill('SIGKILL');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function start(...parameters: Parameters<typeof RunningAgent.start>): Promise<RunningAgent> {
  const agent = await RunningAgent.start(...parameters);
  running.push(agent);
  return agent;
}

/** `countersign start` that must end by itself. */
async function refused(data: string, ...words: string[]): Promise<Said> {
  const said = await countersign(['start', '--data', data, ...words]);
  expectNoInsides(said);
  expect(said.out).toBe('');
  expect(said.err.trim().split('\n')).toHaveLength(1);
  return said;
}

/** A copy of a station, with the text of one of its files changed. */
async function changed(station: 'demo' | 'real', copy: string, change: (config: Record<string, unknown>) => unknown): Promise<string> {
  await cp(at(station), at(copy), { recursive: true });
  const file = at(copy, 'station.json');
  await writeFile(file, JSON.stringify(change(JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>)));
  return at(copy);
}

test('a port that is in use, and a second agent on the same data: refused, and the first agent is not disturbed', async () => {
  const agent = await start(at('demo'));
  const { port } = new URL(agent.address);
  const taken = await refused(at('real'), '--port', port);
  expect(taken).toMatchObject({ code: 2, err: expect.stringContaining(`Port ${port} on 127.0.0.1 is in use`) as string });
  const second = await refused(at('demo'), '--port', '0');
  expect(second).toMatchObject({
    code: 2,
    err: expect.stringMatching(/^Another Countersign agent is running on this data folder/) as string,
  });
  const client = await agent.client();
  expect((await client.message()).state.screen).toBe('start');
  // The same door of a demo station is open; see the real station below.
  expect((await client.get('/workbench/state')).status).toBe(200);
  expect(await agent.kill('SIGTERM')).toBe(0);
});

test('a folder without a station, and a station whose log is gone: refused, and nothing is made in its place', async () => {
  const nowhere = await refused(at('nowhere'));
  expect(nowhere).toMatchObject({
    code: 2,
    err: expect.stringContaining(`Make one with: countersign init --data ${at('nowhere')}`) as string,
  });
  const data = await changed('real', 'lost', (config) => config);
  await rm(join(data, 'log'), { recursive: true });
  for (let times = 0; times < 2; times += 1) {
    expect(await refused(data)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no operation log .* so that a lost log is noticed/) as string,
    });
  }
});

test('a log with one changed byte: the station does not start, and says which entry', async () => {
  const data = await changed('demo', 'forged', (config) => config);
  const file = join(data, 'log', 'log.sqlite');
  const bytes = await readFile(file);
  const found = bytes.indexOf('"op":"enrol"');
  expect(found).toBeGreaterThan(0);
  bytes.write('"op":"enroL"', found);
  await writeFile(file, bytes);
  expect(await refused(data)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^The operation log is broken at entry \d+: .*countersign log verify\n$/) as string,
  });
  expect(await countersign(['log', 'verify', '--data', data])).toMatchObject({ code: 1 });
});

test('a demo station does not become a real one, and a real one does not become a demo', async () => {
  const promoted = await changed('demo', 'promoted', (config) => ({ ...config, demo: false }));
  expect(await refused(promoted)).toMatchObject({
    code: 2,
    err: expect.stringContaining('initialised as a demo and cannot become a real one') as string,
  });
  const played = await changed('real', 'played', (config) => ({ ...config, demo: true }));
  expect(await refused(played)).toMatchObject({
    code: 2,
    err: expect.stringContaining('initialised as a real one and cannot use virtual devices') as string,
  });
  const renamed = await changed('real', 'renamed', (config) => ({ ...config, name: 'branch-13.example.org' }));
  expect(await refused(renamed)).toMatchObject({ code: 2, err: expect.stringContaining('belongs to branch-12.example.org/e1') as string });
});

test('a configuration with an unknown key, a wrong value or no JSON is refused by its name', async () => {
  const unknown = await changed('real', 'unknown', (config) => ({ ...config, skipFinger: true }));
  expect(await refused(unknown)).toMatchObject({ code: 2, err: expect.stringContaining('"skipFinger"') as string });
  const limits = await changed('real', 'limits', (config) => ({ ...config, limits: { ...(config['limits'] as object), idleSeconds: 0 } }));
  expect(await refused(limits)).toMatchObject({ code: 2, err: expect.stringContaining('"limits.idleSeconds"') as string });
  const modules = [softhsmModule, at('other.so')].map((path) => ({ name: 'hsm', path }));
  const twins = await changed('real', 'twins', (config) => ({ ...config, modules }));
  expect(await refused(twins)).toMatchObject({
    code: 2,
    err: expect.stringContaining('"modules.1.name": another module is named "hsm" already') as string,
  });
  await writeFile(join(limits, 'station.json'), '{');
  expect(await refused(limits)).toMatchObject({ code: 2, err: expect.stringContaining('is not JSON') as string });
});

test('a real station serves its kiosk and has no workbench; a card that was in before it started is read', async () => {
  const plugged = await startTestReader();
  try {
    await writeFile(at('real', 'trust', 'ca.pem'), testCa.certificate);
    await plugged.reader.insert(await testCard());
    const agent = await start(at('real'), 0, { PCSCLITE_CSOCK_NAME: plugged.reader.socket });
    const client = await agent.client();
    const shown = await client.until('trouble');
    expect(shown).toMatchObject({ trouble: 'not-enrolled', outcome: 'nothing-signed' });
    expect((await client.message()).station).toMatchObject({ name: 'branch-12.example.org', demo: false, cardReaderReady: true });
    const page = await client.get('/');
    expect(page.status).toBe(200);
    expect(page.text).toContain('<script type="module"');
    expect((await client.get('/workbench/state')).status).toBe(404);
    expect(await client.workbench({ type: 'insert-card', card: 'ada' })).toBe(404);
    expect(await agent.kill('SIGTERM')).toBe(0);
    const entry = (await readLog(at('real'))).at(-1);
    expect(entry).toMatchObject({ op: 'token-in', module: 'opensc', problem: 'not-enrolled' });
    expect(entry?.op === 'token-in' ? entry.certificates : []).toHaveLength(2);
  } finally {
    await plugged.stop();
  }
});

test('a real station with another module starts too, and one whose module is not there starts and says that no card can be read', async () => {
  const init = (data: string, path: string) =>
    countersign([
      'init',
      '--name',
      'branch-14.example.org',
      '--data',
      data,
      '--module',
      `hsm=${path}`,
      '--unwrapped-log-key',
      '--nobody-reads',
    ]);
  await Promise.all([init(at('soft'), softhsmModule), init(at('none'), at('no-such-module.so'))]);
  const soft = await (await start(at('soft'))).client();
  await expect.poll(async () => (await soft.message()).station.cardReaderReady, { timeout: 10_000 }).toBe(true);
  const none = await (await start(at('none'))).client();
  expect((await none.message()).station.cardReaderReady).toBe(false);
});

test('stopped in order while the PIN is awaited: the intent has its end in the log at once, not as a riddle at the next start', async () => {
  const story = await StoryStation.make();
  try {
    await story.walkTo('enter-pin');
    await story.stop();
    expect(await story.visitOps()).toEqual(['token-in', 'consent', 'sign.intent', 'finger-matched', 'sign.failed']);
    expect((await story.entries()).at(-1)).toMatchObject({ op: 'sign.failed', problem: 'cancelled' });
    await story.start();
    expect(story.running.recovered).toEqual({ unknown: [], failed: [], published: [], waiting: [] });
  } finally {
    await story.end();
  }
});

test('stopped in order while the card signs: the signature is finished, recorded and handed out first', async () => {
  const story = await StoryStation.make();
  try {
    await copyFile(agreement, story.outputFile('contract-signed.pdf'));
    await story.walkTo('enter-pin', 'grace');
    story.card('grace').faults.delay(300, 0x87);
    story.typePin('654321');
    await story.until('signing');
    await story.stop();
    expect((await story.visitOps()).at(-1)).toBe('sign.done');
    expect(await story.outbox()).toEqual(['contract-signed-2.pdf', 'contract-signed.pdf']);
  } finally {
    await story.end();
  }
});
