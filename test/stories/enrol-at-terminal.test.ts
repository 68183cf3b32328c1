/** Enrolling at the terminal: a key from the factory becomes the key of a holder, or is left as it was, and what is said of it is true. */
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readyKey, type KeyOrder } from '../../agent/commands/enrol-ready-key.ts';
import { logShow } from '../../agent/commands/log-show.ts';
import { logVerify } from '../../agent/commands/log-verify.ts';
import { configDigest, stationPaths } from '../../agent/config.ts';
import { databaseFile, openStore } from '../../agent/log/store.ts';
import { makeStation, newConfig } from '../../agent/station.ts';
import { bioKeyFile, fingers } from '../../agent/workbench/catalogue.ts';
import { setPin } from '../../drivers/fido/device-pin.ts';
import { readerIdOf } from '../../drivers/fido/reader.ts';
import { Secret } from '../../drivers/secret.ts';
import { VirtualBioKey } from '../../drivers/virtual/bio-key.ts';
import { demoAaguid } from '../../drivers/virtual/bio-key-identity.ts';
import { clientOf, officerOf, short } from '../drivers/fido/factory-key.ts';
import { countersign } from '../support/command-line.ts';
import { factoryKey, OfficerDesk } from '../support/officer-desk.ts';

let desk: OfficerDesk;
beforeAll(async () => {
  desk = await OfficerDesk.make();
});
afterAll(() => desk.end());
beforeEach(() => {
  desk.plugIn(factoryKey());
});

const well = (finger: string, times: number) => Array.from({ length: times }, () => ({ finger }));
/** The entries behind this one. */
const since = async (seq: number) => (await desk.entries()).filter((entry) => entry.seq > seq && entry.event.op !== 'boot');
const last = async () => (await desk.entries()).at(-1)?.seq ?? 0;
const givePin = async (key: VirtualBioKey) => {
  const { ctap, info } = await clientOf(key);
  await setPin(ctap, await info(), new Secret(Buffer.from('12345678')), short);
};

test('a key from the factory gets a PIN that nobody sees, two fingers and the credential, bad samples and a wrong finger included', async () => {
  const before = await last();
  const { key } = desk;
  key.nextTouches(
    { finger: 'r' },
    { finger: 'r', manner: 'too-fast' },
    { finger: 'r', manner: 'dirty' },
    { finger: 'l' },
    ...well('r', 3),
    { finger: 'r' },
    { finger: 'l', manner: 99 },
    ...well('l', 4),
    { finger: 'stranger' },
    { finger: 'l' },
  );
  const said = await desk.enrol();
  expect(said.code, said.err).toBe(0);
  expect(key.touchesToCome).toBe(0);
  const [pin, right, left, enrolled, ...more] = await since(before);
  expect(more).toEqual([]);
  expect(said.out).toBe(`Enrolled: entry ${enrolled?.seq ?? ''} of the log.\n`);
  expect(said.err.split('\n')).toEqual([
    'Insert the card of the holder.',
    'Card of Emmy Noether, issued by Countersign Demo CA.',
    'Fingerprint key: virtual bio key. It gets a random PIN, and then 2 fingers.',
    `Its PIN is sealed in entry ${pin?.seq ?? ''} of the log.`,
    'Now the finger "right index": lay it on the key and lift it off, as often as is said.',
    'Good. 3 more samples.',
    'That was too fast. Leave the finger on a little longer. 3 more samples.',
    'The print cannot be read. Wipe the sensor and the finger. 3 more samples.',
    'This does not fit the samples before it. Lay the same finger on. 3 more samples.',
    'Good. 2 more samples.',
    'Good. 1 more sample.',
    'Good. This finger is enrolled.',
    'Now the finger "left index": lay it on the key and lift it off, as often as is said.',
    'This finger is on the key already. Take another one. 4 more samples.',
    'The sample does not count, and the key says why in a way that is not known here. (sample status 99) 4 more samples.',
    'Good. 3 more samples.',
    'Good. 2 more samples.',
    'Good. 1 more sample.',
    'Good. This finger is enrolled.',
    'The holder now touches the fingerprint reader with an enrolled finger.',
    'The finger was not recognised. Tries left: 2. Touch it again.',
    '',
  ]);
  const event = enrolled?.event;
  const subject = event?.op === 'enrol' ? event.subject : '';
  expect(pin?.event).toMatchObject({ op: 'reader-pin', action: 'made', subject, aaguid: demoAaguid });
  expect(pin?.sealed?.map(({ tier }) => tier)).toEqual(['supervision']);
  for (const one of [right, left])
    expect(one?.event).toMatchObject({
      op: 'reader-changed',
      action: 'finger-added',
      subject,
      finger: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    });
  expect([...key.fingers]).toEqual(['r', 'l']);

  // A supervisor opens the entry, and is not shown the PIN; no check finds anything wrong.
  const shown = await desk.run(logShow, ['--op', 'reader-pin', '--unseal', '--staff', 'demo-supervisor']);
  expect(shown.out).toContain('kept for countersign reader, and not shown');
  expect((await desk.run(logVerify, [])).code).toBe(0);
});

test('a model that is not allowed is refused, and entered, before anything is done to the key', async () => {
  const real = await mkdtemp(join(tmpdir(), 'real-'));
  try {
    const config = newConfig({ name: 'branch-12.example.org', rpId: 'example.org', port: 0, modules: [], demo: false });
    await makeStation(real, config, 'unwrapped', { staff: [] });
    await copyFile(join(desk.paths.trust, 'demo-ca.pem'), join(real, 'trust', 'demo-ca.pem'));
    await copyFile(join(desk.paths.crl, 'demo-ca.crl'), join(real, 'crl', 'demo-ca.crl'));
    const untouched = JSON.stringify(desk.key);
    const said = await desk.enrol([], { data: real });
    expect(said).toMatchObject({ code: 1, out: '' });
    expect(said.err).toMatch(
      /Nothing was enrolled: a virtual fingerprint reader is for demo stations only\. It stands in the log as entry \d+\./,
    );
    expect(JSON.stringify(desk.key)).toBe(untouched);
    const log = await openStore(stationPaths(real, config).log, { software: 'countersign test', configDigest: configDigest(config) });
    const refused = (await log.entries()).map(({ event }) => event).filter(({ op }) => !['genesis', 'boot', 'key', 'anchor'].includes(op));
    await log.close();
    expect(refused).toEqual([expect.objectContaining({ op: 'enrol-refused', problem: 'virtual', aaguid: demoAaguid })]);
  } finally {
    await rm(real, { recursive: true, force: true });
  }
});

/** An order as the command gives it; nobody lays a finger on the key. */
async function orderFor(): Promise<Omit<KeyOrder, 'log' | 'sealing'>> {
  const [hid] = await desk.key.transport.list();
  return {
    keyTransport: desk.key.transport,
    readerId: hid === undefined ? '' : readerIdOf(hid),
    demo: false,
    accepted: { roots: [], models: new Map(), demo: true },
    certificateSha256: 'ab'.repeat(32),
    actor: { id: 'terminal', role: 'clerk' },
    names: ['right index', 'left index'],
    data: desk.data,
    io: { out: () => undefined, err: () => undefined },
    signal: new AbortController().signal,
  };
}

test.each([
  ['with a PIN', givePin, /this key has a PIN already.*countersign reader reset/s],
  ['with fingers', () => Promise.resolve(), /this key knows fingers already.*countersign reader reset/s],
])('a key %s is refused outside of a demo, and is left as it is', async (what, use, sentence) => {
  const key = desk.plugIn(factoryKey(what === 'with fingers' ? { fingers: ['somebody'] } : {}));
  await use(key);
  const before = JSON.stringify(key);
  await desk.withLog(async ({ log, sealing }) => {
    const seen = log.last().seq;
    await expect(readyKey({ ...(await orderFor()), log, sealing })).rejects.toThrow(sentence);
    expect(log.last().seq).toBe(seen);
  });
  expect(JSON.stringify(key)).toBe(before);
});

test('where nobody could ever open its PIN, the key gets none', async () => {
  const before = JSON.stringify(desk.key);
  await desk.withLog(async ({ log, sealing }) => {
    const seen = log.last().seq;
    const nobody = [
      { tiers: [], staff: [] },
      { ...sealing, staff: [] },
      { ...sealing, staff: [{ id: 'clerk-1', role: 'clerk', tiers: ['operations'] }] },
    ] as const;
    for (const facts of nobody)
      await expect(readyKey({ ...(await orderFor()), log, sealing: facts })).rejects.toThrow('nobody can open what is sealed in this log');
    expect(log.last().seq).toBe(seen);
  });
  expect(JSON.stringify(desk.key)).toBe(before);
});

test('at a demo station a key that has a PIN and no fingers is refused too, and its own key with fingers enrols as before', async () => {
  await givePin(desk.key);
  expect(await desk.enrol()).toMatchObject({ code: 1, err: expect.stringContaining('this key has a PIN already') as string });
  const json = JSON.parse(await readFile(bioKeyFile(desk.paths), 'utf8')) as ReturnType<VirtualBioKey['toJSON']>;
  const key = desk.plugIn(VirtualBioKey.fromJSON(json));
  const before = await last();
  key.nextTouches({ finger: fingers[0].id });
  expect((await desk.enrol()).code).toBe(0);
  expect((await since(before)).map(({ event }) => event.op)).toEqual(['enrol']);
});

test('a wrong call is told before anything is opened', async () => {
  for (const words of [
    ['--finger', 'one'],
    ['--finger', 'one', '--finger', 'one'],
  ])
    expect(await desk.enrol(words)).toMatchObject({ code: 2, err: expect.stringContaining('at least 2 fingers') as string });
  const long = 'x'.repeat(65);
  const before = JSON.stringify(desk.key);
  expect(await desk.enrol(['--finger', 'one', '--finger', long])).toMatchObject({
    code: 1,
    err: expect.stringContaining('at most 64 bytes') as string,
  });
  expect(JSON.stringify(desk.key)).toBe(before);
});

test('Ctrl+C in the middle of a finger says what the key is like then, and the PIN stands in no file of the log in the clear', async () => {
  const controller = new AbortController();
  const { key } = desk;
  key.nextTouches({ finger: 'r' }, { finger: 'r' });
  const before = await last();
  const said = await desk.enrol([], { signal: controller.signal, react: (text) => text.startsWith('Good. 2 more') && controller.abort() });
  const [pin, ...more] = await since(before);
  expect(more).toEqual([]);
  expect(said).toMatchObject({ code: 1, out: '' });
  expect(said.err).toContain(
    `Nothing was enrolled. Stopped. The key has the PIN of entry ${pin?.seq ?? ''} now, knows no finger, and signs nothing.`,
  );
  expect(said.err).toContain(`countersign reader reset --data ${desk.data}; then call countersign enrol again.`);
  expect(await (await officerOf(key)).state()).toMatchObject({ pinSet: true, fingersEnrolled: false });
  // The control: the file is read, and says that there is a PIN.
  const raw = await readFile(databaseFile(join(desk.data, 'log')));
  expect(raw.includes('"reader-pin"')).toBe(true);
  expect(/"pin":/.test(raw.toString('latin1'))).toBe(false);
});

test('Ctrl+C at the program itself, while it waits for a card, ends it in order', async () => {
  const said = await countersign(['enrol', '--data', desk.data], { interruptAt: 'Insert the card' });
  expect(said).toEqual({ code: 1, out: '', err: 'Insert the card of the holder.\nStopped.\n' });
  expect((await desk.run(logVerify, [])).code).toBe(0);
});

test('a key that locks itself before the credential is there says what it has, and how to begin anew', async () => {
  const { key } = desk;
  key.nextTouches(...well('r', 4), ...well('l', 4), ...well('stranger', 3));
  const before = await last();
  const said = await desk.enrol(['--finger', 'thumb', '--finger', 'index']);
  expect(said).toMatchObject({ code: 1, out: '' });
  expect(said.err).toContain('Now the finger "thumb"');
  expect(said.err).toMatch(
    /Nothing was enrolled\. The key has locked itself.* The key has its PIN and its fingers\. Make it as it came from the factory/,
  );
  expect((await since(before)).map(({ event }) => event.op)).toEqual(['reader-pin', 'reader-changed', 'reader-changed']);
  expect((await desk.run(logVerify, [])).code).toBe(0);
});

test('a key that is pulled out before it has its PIN is not said to have one', async () => {
  const { key } = desk;
  const said = await desk.enrol([], { react: (text) => text.startsWith('Its PIN is sealed') && key.unplug() });
  expect(said.code).toBe(1);
  expect(said.err).toMatch(
    /Nothing was enrolled\. The reader was taken out\. What the key is like now is said by: countersign reader show/,
  );
});
