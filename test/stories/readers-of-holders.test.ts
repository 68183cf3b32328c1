/** What an enrolment officer does with the key of a holder later: fingers, lock-out, a new PIN, a reset, and an erasure that takes the PIN. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { erasePerson } from '../../agent/log/erasing.ts';
import { logStaff } from '../../agent/commands/log-staff.ts';
import { logVerify } from '../../agent/commands/log-verify.ts';
import { identityText, makeIdentity, passphraseIdentity, recipientOf } from '../../agent/log/age-keys.ts';
import { unlockTiers } from '../../agent/log/tier-keys.ts';
import { findGrants } from '../../agent/log/vault.ts';
import { keptPins, openPin, PinNotOpened } from '../../agent/people/reader-pin.ts';
import { demoStaff } from '../../agent/workbench/catalogue.ts';
import { officerOf, textOf } from '../drivers/fido/factory-key.ts';
import { openReader } from '../drivers/fido/plugged-in.ts';
import { makeMember } from '../support/log/staff.ts';
import { agree, askErasure } from '../support/log/stated.ts';
import { factoryKey, OfficerDesk, replugging } from '../support/officer-desk.ts';

let desk: OfficerDesk;
/** SHA-256 of the holder's certificate, and their pseudonym. */
let [certificate, subject] = ['', ''];
const well = (finger: string, times: number) => Array.from({ length: times }, () => ({ finger }));

async function enrolled(): Promise<void> {
  desk.key.nextTouches(...well('r', 4), ...well('l', 4), { finger: 'r' });
  const said = await desk.enrol();
  expect(said.code, said.err).toBe(0);
  const event = (await desk.entries()).map((entry) => entry.event).findLast(({ op }) => op === 'enrol');
  [certificate, subject] = event?.op === 'enrol' ? [event.certificate_sha256, event.subject] : ['', ''];
}

beforeAll(async () => {
  desk = await OfficerDesk.make();
  await enrolled();
});
afterAll(() => desk.end());

const as = (staff = 'demo-supervisor') => ['--certificate', certificate, '--staff', staff];
/** What was entered since, without the starts of the log. */
async function entered(during: () => Promise<unknown>): Promise<readonly unknown[]> {
  const before = (await desk.entries()).length;
  await during();
  return (await desk.entries()).slice(before).flatMap(({ event }) => (event.op === 'boot' ? [] : [event]));
}
const officer = { id: 'demo-supervisor', role: 'supervisor' };
const unsealed = { op: 'unseal', how: 'used', actor: officer };

/** The PIN of the newest entry, as the log gives it to a supervisor. */
function newestPin(): Promise<string> {
  return desk.withLog(async ({ log, sealing }) => {
    const [{ id, role, passphrase }] = demoStaff;
    const grants = await log.tables.use((inside) => findGrants(inside, id));
    const tiers = await unlockTiers({ staff: id, role, identity: passphraseIdentity(Buffer.from(passphrase)) }, grants, sealing.tiers);
    try {
      const kept = (await keptPins(log)).at(-1);
      if (kept === undefined) throw new Error('no PIN is kept');
      return await textOf(await openPin({ log, person: { id, role }, tiers }, kept));
    } finally {
      tiers.wipe();
    }
  });
}

test('the fingers are listed, another one is added, renamed and removed; each is an entry of the supervisor, behind the opening of the PIN', async () => {
  const list = async () => (await desk.reader(['fingers', ...as()])).out.trimEnd().split('\n');
  const [first = '', second = ''] = await list();
  expect([first.slice(18), second.slice(18)]).toEqual(['"right index"', '"left index"']);

  desk.key.nextTouches({ finger: 'thumb', manner: 'too-short' }, ...well('thumb', 4));
  const adding = entered(async () => {
    const said = await desk.reader(['add', 'thumb', ...as()]);
    expect(said.code, said.err).toBe(0);
    expect(said.err).toContain('Too little of the finger was seen. Lay all of the fingertip on. 4 more samples.');
  });
  const added = await adding;
  const finger = (await list())[2]?.slice(0, 16) ?? '';
  expect(added).toEqual([
    expect.objectContaining(unsealed),
    { op: 'reader-changed', actor: officer, action: 'finger-added', subject, aaguid: expect.any(String) as string, finger },
  ]);
  for (const [words, action] of [
    [['rename', finger, 'left thumb'], 'finger-renamed'],
    [['remove', finger], 'finger-removed'],
  ] as const) {
    const events = await entered(async () => expect((await desk.reader([...words, ...as()])).code).toBe(0));
    expect(events).toEqual([
      expect.objectContaining(unsealed),
      expect.objectContaining({ op: 'reader-changed', actor: officer, action, finger }),
    ]);
  }
  expect(await list()).toEqual([first, second]);
  expect([...desk.key.fingers]).toEqual(['r', 'l']);

  const unknown = await desk.reader(['remove', finger, ...as()]);
  expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining(`There is no finger ${finger} on this key`) as string });
});

test('the last finger is not removed, and one finger alone is warned of', async () => {
  const ids = (await desk.reader(['fingers', ...as()])).out
    .trimEnd()
    .split('\n')
    .map((line) => line.slice(0, 16));
  const one = await desk.reader(['remove', ids[1] ?? '', ...as()]);
  expect(one).toMatchObject({ code: 0, err: expect.stringContaining('fewer than 2 fingers') as string });
  expect(await desk.reader(['remove', ids[0] ?? '', ...as()])).toMatchObject({
    code: 1,
    err: expect.stringContaining('This is the last finger') as string,
  });
  expect([...desk.key.fingers]).toEqual(['r']);
  desk.key.nextTouches(...well('l', 4));
  expect((await desk.reader(['add', 'left index', ...as()])).code).toBe(0);
});

test('Ctrl+C while a finger is added leaves the fingers as they were', async () => {
  const controller = new AbortController();
  desk.key.nextTouches({ finger: 'thumb' });
  const call = { signal: controller.signal, react: (text: string) => text.startsWith('Good.') && controller.abort() };
  const events = await entered(async () => {
    const said = await desk.reader(['add', 'thumb', ...as()], call);
    expect(said).toMatchObject({ code: 1, err: expect.stringContaining('Stopped. No finger was added.') as string });
  });
  expect(events).toEqual([expect.objectContaining(unsealed)]);
  expect([...desk.key.fingers]).toEqual(['r', 'l']);
});

test('strangers lock the key; the supervisor gives its tries back', async () => {
  const { key } = desk;
  const reader = await openReader(key.transport);
  const verify = () => reader.verify({ rpId: 'countersign.example', credentialId: Buffer.alloc(16), clientDataHash: Buffer.alloc(32) });
  key.nextTouches(...well('stranger', 3));
  for (const code of ['not-matched', 'not-matched', 'reader-locked']) await expect(verify()).rejects.toMatchObject({ code });
  expect(await desk.reader(['show'])).toMatchObject({ code: 0, out: expect.stringContaining('none left: locked') as string });
  const events = await entered(async () => {
    expect(await desk.reader(['unlock', ...as()])).toMatchObject({ code: 0, out: 'Unlocked: a finger has 3 tries again.\n' });
  });
  expect(events).toEqual([expect.objectContaining(unsealed), expect.objectContaining({ action: 'unlocked', actor: officer, subject })]);
  expect(key.triesLeft).toBe(3);
});

test('a clerk is refused before anything is opened, and nobody opens it under another name', async () => {
  const by = ['--by', 'demo-supervisor', '--recipient'];
  const identity = makeIdentity();
  const file = join(desk.data, 'clerk-identity');
  await writeFile(file, `${identityText(identity)}\n`, { mode: 0o600 });
  expect((await desk.run(logStaff, ['add', 'clerk-1', '--role', 'clerk', ...by, recipientOf(identity)])).code).toBe(0);
  const clerk = ['--certificate', certificate, '--identity', file, '--staff'];
  const events = await entered(async () => {
    expect(await desk.reader(['fingers', ...clerk, 'clerk-1'])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('clerk-1 may not open the PIN of a key') as string,
    });
    const other = await desk.reader(['fingers', ...clerk, 'demo-supervisor']);
    expect(other).toMatchObject({ code: 1, err: expect.stringContaining('do not open') as string });
  });
  expect(events).toEqual([expect.objectContaining({ op: 'unseal', how: 'refused', actor: officer })]);
  expect(desk.key.pinTriesLeft).toBe(8);
});

test('the key of another holder is told by its PIN alone, one is tried and no other, and the last try is not spent', async () => {
  const own = desk.key;
  const other = desk.plugIn(factoryKey());
  await (
    await officerOf(other)
  ).prepare({ names: ['a', 'b'], keep: () => Promise.resolve() }, { onFinger: (name) => other.autoTouch(name) });
  other.autoTouch(undefined);
  for (const left of [7, 6]) {
    const said = await desk.reader(['fingers', ...as()]);
    expect(said).toMatchObject({ code: 1, out: '' });
    expect(said.err).toMatch(
      new RegExp(`did not take the PIN\\. Tries left: ${left}\\. It is not the key of entry \\d+.*No other PIN was tried\\.`, 's'),
    );
    expect(other.pinTriesLeft).toBe(left);
  }
  for (const power of [0, 1, 2]) {
    if (power !== 1) {
      other.unplug();
      other.plug();
    }
    for (let tries = 0; tries < 3; tries += 1) await desk.reader(['fingers', ...as()]);
  }
  expect(other.pinTriesLeft).toBe(1);
  expect(await desk.reader(['fingers', ...as()])).toMatchObject({ code: 1, err: expect.stringContaining('say --last-try') as string });
  expect(other.pinTriesLeft).toBe(1);
  desk.plugIn(own);
});

test('a new PIN is sealed before the key has it, the one before it opens nothing, and neither stands in a file or on the screen', async () => {
  const [old, screen] = [await newestPin(), [] as string[]];
  const events = await entered(async () => {
    const said = await desk.reader(['new-pin', ...as()]);
    expect(said.code, said.err).toBe(0);
    screen.push(said.out, said.err);
  });
  expect(events).toEqual([
    expect.objectContaining(unsealed),
    expect.objectContaining({ op: 'reader-pin', action: 'renewed', actor: officer, subject, certificate_sha256: certificate }),
  ]);
  const renewed = await newestPin();
  expect(renewed).toMatch(/^[0-9a-z]{24}$/);
  expect(renewed).not.toBe(old);
  expect((await desk.reader(['fingers', ...as()])).code).toBe(0);
  const made = (await desk.entries()).find(({ event }) => event.op === 'reader-pin');
  const before = await desk.reader(['fingers', '--entry', String(made?.seq), '--staff', 'demo-supervisor']);
  expect(before).toMatchObject({ code: 1, err: expect.stringContaining('Tries left: 7.') as string });
  const folder = join(desk.data, 'log');
  const raw = Buffer.concat(await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name)))));
  for (const pin of [old, renewed]) {
    const bytes = [...Buffer.from(pin)].join(',');
    expect([raw.includes(pin), raw.includes(bytes), screen.join().includes(pin)]).toEqual([false, false, false]);
  }
});

test('a key that is pulled out while it gets a new PIN may have the one or the other, and both can be tried by their entries', async () => {
  const { key } = desk;
  const kept = async () => (await desk.entries()).filter(({ event }) => event.op === 'reader-pin').map(({ seq }) => seq);
  const old = (await kept()).at(-1);
  const pulled = await desk.reader(['new-pin', ...as()], { react: (text) => text.startsWith('The new PIN is sealed') && key.unplug() });
  const renewed = (await kept()).at(-1);
  expect(pulled.code).toBe(1);
  expect(pulled.err).toContain(`has the new PIN, of entry ${renewed ?? ''}, or still the one of entry ${old ?? ''}, cannot be told`);
  key.plug();
  const newest = await desk.reader(['fingers', ...as()]);
  expect(newest).toMatchObject({
    code: 1,
    err: expect.stringContaining(`The PIN before it is in entry ${old ?? ''}: --entry ${old ?? ''}.`) as string,
  });
  const before = ['--entry', String(old), '--staff', 'demo-supervisor'];
  expect((await desk.reader(['fingers', ...before])).code).toBe(0);
  expect((await desk.reader(['new-pin', ...before])).code).toBe(0);
  expect((await desk.reader(['fingers', ...as()])).code).toBe(0);
  expect(key.pinTriesLeft).toBe(8);
});

test('a reset needs no PIN, is agreed to, and the next enrolment begins with a key from the factory', async () => {
  const refused = await desk.reader(['reset']);
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('A reset deletes everything on the key') as string });
  expect(desk.key.fingers.size).toBe(2);
  const events = await entered(async () => {
    const said = await desk.reader(['reset', '--yes'], { react: replugging(desk.key) });
    expect(said.code, said.err).toBe(0);
  });
  expect(events).toEqual([
    { op: 'reader-changed', actor: { id: 'terminal', role: 'clerk' }, action: 'reset', aaguid: expect.any(String) as string },
  ]);
  expect((await desk.reader(['show'])).out).toMatch(
    /^Model +virtual bio key, allowed here .*\nPIN +none\nFingers +none\nFinger tries 3\n$/,
  );
  const none = await desk.reader(['fingers', ...as()]);
  expect(none).toMatchObject({ code: 1, err: expect.stringContaining('This key has no PIN') as string });

  // Half ready, reset, ready: what the sentences say to do leads to an enrolment.
  const controller = new AbortController();
  desk.key.nextTouches({ finger: 'r' });
  const cut = await desk.enrol([], { signal: controller.signal, react: (text) => text.startsWith('Good.') && controller.abort() });
  expect(cut).toMatchObject({ code: 1, err: expect.stringContaining('countersign reader reset') as string });
  expect(await desk.enrol()).toMatchObject({ code: 1, err: expect.stringContaining('this key has a PIN already') as string });
  expect((await desk.reader(['reset', '--yes'], { react: replugging(desk.key) })).code).toBe(0);
  await enrolled();
  expect((await desk.reader(['fingers', ...as()])).code).toBe(0);
  expect((await desk.run(logVerify, [])).code).toBe(0);
});

test('when the holder is erased, nobody opens the PIN any more, and the log still holds', async () => {
  await desk.withLog(async ({ log }) => {
    const [asks, agrees] = [makeMember('sup-1', 'supervisor'), makeMember('sup-2', 'supervisor')];
    const request = await askErasure(log, asks, subject);
    const confirmed = await agree(log, agrees, request);
    await erasePerson(log, { subject, request: request.seq, confirm: confirmed.seq });
  });
  const said = await desk.reader(['fingers', ...as()]);
  expect(said).toMatchObject({ code: 1, err: expect.stringContaining('was erased with the data of its holder') as string });
  expect(desk.key.pinTriesLeft).toBe(8);
  await expect(newestPin()).rejects.toThrow(PinNotOpened);
  expect((await desk.run(logVerify, [])).code).toBe(0);
});

test('wrong calls are told in a sentence', async () => {
  for (const [words, sentence] of [
    [[], 'Say what to do.'],
    [['polish'], 'does not know "polish"'],
    [['add', ...as()], 'takes 1 words more'],
    [['fingers', '--certificate', certificate], 'Say who opens the PIN'],
    [['fingers', '--staff', 'x'], 'Say whose key it is'],
    [['fingers', '--certificate', 'ab', '--staff', 'x'], '8 to 64'],
    [['fingers', ...as(), '--yes'], '--yes goes with reset'],
    [['show', '--staff', 'x'], 'needs no PIN'],
    [['remove', 'first', ...as()], 'is not the id of a finger'],
  ] as const) {
    const said = await desk.reader(words);
    expect([said.code, said.err]).toEqual([2, expect.stringContaining(sentence)]);
  }
  const unknown = await desk.reader(['fingers', '--certificate', 'abcdef0123', '--staff', 'demo-supervisor']);
  expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining('No key was made ready for certificate abcdef0123') as string });
});
