/** Who may read what is sealed, reading, searching and erasing, as commands do it. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { init } from '../../../agent/commands/init.ts';
import { logErase } from '../../../agent/commands/log-erase.ts';
import { logSearch } from '../../../agent/commands/log-search.ts';
import { logShow } from '../../../agent/commands/log-show.ts';
import { logStaff } from '../../../agent/commands/log-staff.ts';
import { logVerify } from '../../../agent/commands/log-verify.ts';
import { configDigest, readConfig, stationPaths } from '../../../agent/config.ts';
import { identityText, makeIdentity, recipientOf } from '../../../agent/log/age-keys.ts';
import { openForReading, openForWriting } from '../../../agent/log/database.ts';
import { appendPersonal } from '../../../agent/log/personal.ts';
import { databaseFile } from '../../../agent/log/store.ts';
import { openStationLog } from '../../../agent/opening.ts';
import { keepAttachments, openAttachments, takeAttachment } from '../../../agent/records/attachments.ts';
import { call, makeKeyedStation } from '../../support/keyed-station.ts';
import { subjectOf } from '../../support/log/sealed-log.ts';
import { makeMember } from '../../support/log/staff.ts';
import { agree, askErasure, statedIn, until } from '../../support/log/stated.ts';
import { numbered } from '../../support/log/station-log.ts';

let folder: string;
let data: string;
const at = (name: string) => join(folder, name);
const keys = new Map<string, string>();
const open = async () => {
  const config = await readConfig(data);
  return openStationLog(stationPaths(data, config), config, { software: 'countersign test', configDigest: configDigest(config) });
};
const as = (id: string) => ['--staff', id, '--identity', at(id), '--data', data];
const by = (id: string) => ['--by', id, '--identity', at(id), '--data', data];
const makeKey = async (id: string) => {
  const identity = makeIdentity();
  await writeFile(at(id), `# created: 2026-01-01T00:00:00Z\n# public key: ${recipientOf(identity)}\n${identityText(identity)}\n`, {
    mode: 0o600,
  });
  keys.set(id, recipientOf(identity));
};
const lastEvents = async (count: number) => {
  const { log } = await open();
  const events = (await log.entries()).slice(0, -1).slice(-count);
  await log.close();
  return events.map(({ event }) => event);
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'staff-'));
  data = at('station');
  for (const id of ['supervisor-1', 'auditor-1', 'stranger']) await makeKey(id);
  const made = await call(
    init,
    '--name',
    'branch-12.example.org',
    '--data',
    data,
    '--unwrapped-log-key',
    '--supervisor-recipient',
    keys.get('supervisor-1') ?? '',
    '--auditor-recipient',
    keys.get('auditor-1') ?? '',
  );
  expect(made).toMatchObject({
    code: 0,
    err: '',
    out: expect.stringContaining('can be read by supervisor-1 (supervisor) and auditor-1 (auditor)') as string,
  });
  const { log, sealing } = await open();
  for (const [digit, name] of [
    ['a', 'Anna Quillfeather'],
    ['b', 'Boris Berg'],
  ] as const) {
    const fields = { operations: { holder: name, documents: [`Lease of ${name}`] }, supervision: { subject: [`CN=${name}`] } };
    const event = { ...numbered(1), actor: { id: subjectOf(digit), role: 'holder' } } as const;
    await appendPersonal(log, sealing.tiers, [event], { subject: subjectOf(digit), fields });
  }
  await log.close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('init gives the first keys, or makes nothing and says why; that nobody can ever read must be said', async () => {
  const other = ['--name', 'branch-13.example.org', '--data', at('other'), '--unwrapped-log-key'];
  const refusals: readonly (readonly [readonly string[], string])[] = [
    [[], 'With --nobody-reads the keys go to nobody'],
    [['--supervisor-recipient', keys.get('stranger') ?? ''], 'countersign-staff-auditor-1'],
    [['--supervisor-recipient', 'age1x'], 'takes an age recipient'],
    [['--supervisor', 'x', '--auditor', 'x'], 'two persons'],
    [['--supervisor', 'Jane Doe'], 'cannot stand for a member of staff'],
    [['--nobody-reads', '--auditor', 'x'], 'a supervisor or an auditor is named besides'],
    [['--supervisor-recipient', keys.get('stranger') ?? '', '--auditor-recipient', keys.get('stranger') ?? ''], 'two keys'],
  ];
  for (const [words, says] of refusals)
    expect(await call(init, ...other, ...words)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(says) as string });
  await expect(readFile(at('other/station.json'))).rejects.toThrow('ENOENT');
  expect(await call(init, ...other, '--nobody-reads')).toMatchObject({
    code: 0,
    out: expect.stringContaining('can never be read, by anyone') as string,
  });
  expect((await call(logStaff, '--data', at('other'))).out).toContain('nobody ever can');
});

test('who may read sees names beside the entries, as far as their role goes, and leaves an entry', async () => {
  const shown = await call(logShow, '--unseal', '--op', 'document-in', ...as('supervisor-1'));
  expect(shown).toMatchObject({ code: 0, err: '' });
  expect(shown.out).toContain(
    `        person       ${subjectOf('a')}\n        operations   documents: ["Lease of Anna Quillfeather"], holder: "Anna Quillfeather"\n        supervision  subject: ["CN=Anna Quillfeather"]\n`,
  );
  expect(await lastEvents(1)).toMatchObject([
    { op: 'unseal', how: 'shown', actor: { id: 'supervisor-1', role: 'supervisor' }, tiers: ['operations', 'supervision'] },
  ]);
  const json = (await call(logShow, '--unseal', '--json', '--tail', '400', ...as('auditor-1'))).out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(json).toMatchObject([{ opened: { operations: { holder: 'Anna Quillfeather' } }, closed: {} }, { subject: subjectOf('b') }]);
  for (const words of [['--unseal'], ['--staff', 'x'], ['--identity', at('stranger')]])
    expect(await call(logShow, ...words, '--data', data)).toMatchObject({ code: 2 });
  const without = await call(logShow, '--data', data);
  expect([without.code, without.out.includes('Quillfeather')]).toEqual([0, false]);
});

test('who has no key, or another one, reads nothing, and the try is in the log', async () => {
  expect(await call(logShow, '--unseal', ...as('stranger'))).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining('stranger has no keys here') as string,
  });
  const wrong = ['--staff', 'supervisor-1', '--identity', at('stranger'), '--data', data];
  expect(await call(logSearch, 'anna', ...wrong)).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining('the identity is not theirs') as string,
  });
  expect(await lastEvents(1)).toMatchObject([{ op: 'unseal', how: 'refused', actor: { id: 'supervisor-1' }, entries: [] }]);
  expect(await call(logShow, '--unseal', '--staff', 'supervisor-1', '--data', data)).toMatchObject({
    code: 2,
    err: expect.stringContaining('credential countersign-staff-supervisor-1') as string,
  });
  expect(await call(logShow, '--unseal', '--staff', 'supervisor-1', '--identity', data, '--data', data)).toMatchObject({ code: 2 });
});

test('a search finds by words, and says the words to nobody', async () => {
  const found = await call(logSearch, 'QUILLFEATHER', 'lease', ...as('supervisor-1'));
  expect(found).toMatchObject({ code: 0, err: '', out: expect.stringContaining('Lease of Anna Quillfeather') as string });
  expect(found.out).not.toContain('Boris');
  const { log } = await open();
  const unsealed = (await log.entries({ op: 'unseal' })).at(-1)?.event;
  await log.close();
  expect(unsealed).toMatchObject({ how: 'searched', entries: [expect.any(Number) as number] });
  expect(await call(logSearch, 'nobody', ...as('supervisor-1'))).toMatchObject({ code: 1, out: '', err: 'Nothing was found.\n' });
  expect(await readFile(databaseFile(stationPaths(data).log), 'latin1')).not.toMatch(/quillfeather/i);
});

test('while the agent runs nothing is opened, and the sentence says what to do', async () => {
  const { log } = await open();
  const says = expect.stringContaining(
    'The agent of this station is running, and whoever reads what is sealed leaves an entry in the log. Stop it first.',
  ) as string;
  for (const command of [logShow, logSearch])
    expect(await call(command, ...(command === logShow ? ['--unseal'] : ['x']), ...as('supervisor-1'))).toMatchObject({
      code: 2,
      out: '',
      err: says,
    });
  expect(await call(logStaff, '--data', data)).toMatchObject({ code: 0, err: '' });
  await log.close();
});

test('keys are given by who has them, also under a passphrase, and open as much as the new role may read', async () => {
  await mkdir(at('credentials'));
  await writeFile(at('credentials/countersign-staff-clerk-1'), 'correct horse battery staple\n');
  process.env['CREDENTIALS_DIRECTORY'] = at('credentials');
  try {
    expect(await call(logStaff, 'add', 'clerk-1', '--role', 'clerk', ...by('supervisor-1'))).toMatchObject({
      code: 0,
      out: 'clerk-1 has the keys of a clerk now.\n',
    });
    const seen = await call(logSearch, 'boris', '--staff', 'clerk-1', '--data', data);
    expect(seen.out).toMatch(/operations {3}documents: .*holder: "Boris Berg"\n {8}supervision {2}not open to this person/);
  } finally {
    delete process.env['CREDENTIALS_DIRECTORY'];
  }
  expect((await call(logStaff, '--data', data)).out).toContain('clerk-1  clerk  reads operations  opened by a passphrase\n');
}, 180_000);

test('nobody gives a key that they do not have; keys are taken away, but never the last one', async () => {
  const to = ['--recipient', keys.get('stranger') ?? ''];
  expect(await call(logStaff, 'add', 'a-2', '--role', 'auditor', ...to, ...by('supervisor-1'))).toMatchObject({
    code: 1,
    err: expect.stringContaining('does not have the key of the tier audit') as string,
  });
  expect(await call(logStaff, 'remove', 'auditor-1', ...by('supervisor-1'))).toMatchObject({
    code: 1,
    err: expect.stringContaining('could never be read again') as string,
  });
  expect(await call(logStaff, 'add', 'clerk-2', '--role', 'clerk', ...to, ...by('auditor-1'))).toMatchObject({ code: 0 });
  expect((await call(logStaff, '--data', data)).out).toContain(`clerk-2  clerk  reads operations  wrapped to ${to[1] ?? ''}\n`);
  expect(await call(logStaff, 'remove', 'clerk-2', ...by('auditor-1'))).toMatchObject({ code: 0, out: 'clerk-2 has no keys any more.\n' });
  expect((await call(logStaff, '--data', data)).out).not.toContain('clerk-2');
  expect(await call(logVerify, '--data', data)).toMatchObject({ code: 0 });
});

test('a call that is half one thing and half another is refused', async () => {
  for (const words of [
    ['add', 'x', '--role', 'clerk'],
    ['add', 'x', '--by', 'y'],
    ['drop'],
    ['remove'],
    ['add', 'x', 'y'],
    ['make', 'x'],
    ['--role', 'clerk'],
    ['--nobody-reads'],
  ])
    expect(await call(logStaff, ...words, '--data', data), words.join(' ')).toMatchObject({ code: 2, out: '' });
});

test('a person is erased on the word of two, and then said to be erased; everything else holds', async () => {
  const { log } = await open();
  const ofPerson = await log.append({ op: 'token-out', actor: { id: subjectOf('a'), role: 'holder' } });
  await writeFile(join(data, 'form'), 'a paper form');
  await openAttachments(stationPaths(data).attachments);
  const file = await takeAttachment(stationPaths(data).attachments, join(data, 'form'));
  await keepAttachments(stationPaths(data).attachments, [file]);
  const occurred = { from: '2020-01-01T00:00:00.000Z', to: '2020-01-01T00:00:00.000Z' };
  const said = { kind: 'paper-form', about: ofPerson.seq, occurred, attachments: [{ sha256: file.sha256, size: file.size }], until };
  const late = await log.append(statedIn(log, makeMember('s-3', 'clerk'), 'supplement', said));
  const asked = await askErasure(log, makeMember('s-1', 'supervisor'), subjectOf('a'));
  const agreed = await agree(log, makeMember('s-2', 'supervisor'), asked);
  await log.close();
  const order = (subject: string) => [
    '--subject',
    subject,
    '--request',
    String(asked.seq),
    '--confirm',
    String(agreed.seq),
    '--data',
    data,
  ];
  expect(await call(logErase, ...order(subjectOf('b')))).toMatchObject({
    code: 1,
    err: expect.stringContaining('somebody else') as string,
  });
  expect(await call(logErase, ...order('x'))).toMatchObject({ code: 2 });
  expect(await call(logErase, ...order(subjectOf('a')))).toMatchObject({
    code: 0,
    err: '',
    out: expect.stringMatching(
      new RegExp(
        `2 data keys are gone[^]*\nNot erased: \\S+/attachments/${file.sha256}, which late record ${late.seq} names. It lies there in the clear`,
      ),
    ) as string,
  });
  expect(await call(logErase, ...order(subjectOf('a')))).toMatchObject({
    code: 1,
    err: expect.stringContaining('carried out already') as string,
  });
  const shown = await call(logShow, '--unseal', ...as('supervisor-1'));
  expect(shown.out).toMatch(/operations {3}erased\n {8}supervision {2}erased/);
  expect(shown.out).toContain('Boris Berg');
  expect(await call(logVerify, '--data', data)).toMatchObject({ code: 0 });
});

test('what an erasure could not take out of the files, because somebody was reading, is taken out by a later start', async () => {
  const reader = await openForReading(databaseFile(stationPaths(data).log));
  await reader.exec('BEGIN');
  await reader.all('SELECT count(*) FROM entry');
  const held = await open();
  expect(held.isScrubbed).toBe(false);
  await held.log.close();
  await reader.close();
  const free = await open();
  expect(free.isScrubbed).toBe(true);
  await free.log.close();
});

test('a station of before gets its keys once; one whose stored keys are not those of its log does not open', async () => {
  const before = await makeKeyedStation();
  const staff = (...words: string[]) => call(logStaff, ...words, '--data', before.data);
  expect((await staff()).out).toContain('Nothing is sealed in this log yet');
  expect(await call(logShow, '--unseal', '--staff', 'x', '--identity', at('stranger'), '--data', before.data)).toMatchObject({
    code: 1,
    err: expect.stringContaining('countersign log staff make') as string,
  });
  expect(await staff('make', '--nobody-reads')).toMatchObject({ code: 0 });
  expect(await staff('make', '--nobody-reads')).toMatchObject({ code: 1, err: expect.stringContaining('made already') as string });
  const database = await openForWriting(databaseFile(before.paths.log));
  const [trigger] = await database.all("SELECT sql FROM sqlite_schema WHERE name = 'tier_key_unchanged'");
  await database.exec(
    `DROP TRIGGER tier_key_unchanged; UPDATE tier_key SET recipient = '${keys.get('stranger') ?? ''}'; ${String(trigger?.['sql'])}`,
  );
  await database.close();
  await expect(before.open()).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringContaining('are not those that the log says') as string,
  });
  await before.remove();
});
