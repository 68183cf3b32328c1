/** Bad input gets a clear sentence and an entry, never a stack trace: through the built command line, on one demo station. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LogEvent } from '../../agent/log/events.ts';
import { makeDemoStation } from '../../agent/workbench/demo-station.ts';
import { countersign, expectNoInsides, type CallOptions, type Said } from '../support/command-line.ts';
import { agreement, agreementPath, handMade, onePage, throughQpdf } from '../support/sample-pdf.ts';
import { readLog } from '../support/station.ts';

let folder: string;
let data: string;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bad-input-'));
  data = at('station');
  await makeDemoStation(data, 0);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

interface Called extends Said {
  /** The entries that this call left, its `boot` left out. */
  readonly entries: readonly LogEvent[];
}

/** One `demo sign`, into out.pdf unless told otherwise. */
async function sign(file: string, words: readonly string[] = ['--out', at('out.pdf')], options: CallOptions = {}): Promise<Called> {
  const before = (await readLog(data)).length;
  const said = await countersign(['demo', 'sign', file, ...words, '--data', data], options);
  const entries = (await readLog(data)).slice(before).filter(({ op }) => op !== 'boot');
  expectNoInsides(said);
  return { ...said, entries };
}

async function expectNoOutput(): Promise<void> {
  await expect(stat(at('out.pdf'))).rejects.toThrow('ENOENT');
  expect(await readdir(join(data, 'pending'))).toEqual([]);
  expect((await readdir(data)).filter((name) => name.startsWith('terminal-'))).toEqual([]);
}

const noPages = { ...onePage(), 2: '<</Type/Pages/Kids[]/Count 0>>' };

const documents = [
  {
    what: 'a text file that is called a PDF',
    refusal: 'not-a-pdf',
    says: /not a PDF/,
    make: (path: string) => writeFileSync(path, 'hello\n'),
  },
  { what: 'an empty file', refusal: 'empty', says: /is empty/, make: (path: string) => writeFileSync(path, '') },
  {
    what: 'a PDF with a password',
    refusal: 'encrypted',
    says: /password/,
    make: (path: string) => writeFileSync(path, throughQpdf(agreement(), '--encrypt', 'user', 'owner', '256', '--')),
  },
  {
    what: 'a PDF without pages',
    refusal: 'no-pages',
    says: /has no pages/,
    make: (path: string) => writeFileSync(path, handMade({ objects: noPages })),
  },
  { what: 'a folder', refusal: 'not-a-file', says: /a folder/, make: (path: string) => mkdirSync(path) },
  { what: 'a link to a document', refusal: 'not-a-file', says: /a link/, make: (path: string) => symlinkSync(agreementPath, path) },
  { what: 'a name that nothing has', refusal: 'unreadable', says: /no such document/, make: () => undefined },
] as const;

for (const [index, { what, refusal, says, make }] of documents.entries()) {
  test(`${what} is refused in one sentence, and the log has an entry`, async () => {
    const name = `document-${index}.pdf`;
    make(at(name));
    const { code, out, err, entries } = await sign(at(name));
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(says);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(err.startsWith(`${name}: `)).toBe(true);
    expect(entries).toEqual([{ op: 'document-refused', actor: { id: 'station', role: 'station' }, refusal }]);
    await expectNoOutput();
  });
}

test('a document that the station may not read is refused in one sentence, and the log has an entry', async () => {
  writeFileSync(at('secret.pdf'), agreement());
  chmodSync(at('secret.pdf'), 0);
  // Permissions do not bind the administrator of a machine, unless these rights are taken from the process.
  const capabilities = '-dac_override,-dac_read_search';
  const bound = ['setpriv', `--inh-caps=${capabilities}`, `--bounding-set=${capabilities}`];
  const { code, err, entries } = await sign(at('secret.pdf'), undefined, { through: process.getuid?.() === 0 ? bound : [] });
  expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/^secret\.pdf: .*may read it/) as string });
  expect(entries).toEqual([{ op: 'document-refused', actor: { id: 'station', role: 'station' }, refusal: 'unreadable' }]);
  await expectNoOutput();
});

test('an output that is there already is left as it is', async () => {
  await writeFile(at('there.pdf'), 'mine');
  const { code, err, entries } = await sign(agreementPath, ['--out', at('there.pdf')]);
  expect({ code, entries }).toEqual({ code: 2, entries: [] });
  expect(err).toMatch(/There is a file at .*there\.pdf already\. It was left as it is/);
  expect(await readFile(at('there.pdf'), 'utf8')).toBe('mine');
});

test('an output in a folder that is not there, or no output at all, is refused before anything happens', async () => {
  const nowhere = await sign(agreementPath, ['--out', at('nowhere/out.pdf')]);
  expect(nowhere).toMatchObject({ code: 2, entries: [], err: expect.stringMatching(/^There is no folder .*nowhere\.\n$/) as string });
  const none = await sign(agreementPath, []);
  expect(none).toMatchObject({ code: 2, entries: [], err: expect.stringContaining('--out OUT') as string });
});

const visits = [
  {
    what: 'an expired certificate',
    words: ['--card', 'expired'],
    says: /certificate on this card has expired/,
    ops: ['token-in certificate-expired'],
  },
  {
    what: 'a card that was revoked',
    words: ['--card', 'revoked'],
    says: /certificate on this card has been revoked/,
    ops: ['token-in certificate-revoked'],
  },
  {
    what: 'a card of an unknown issuer',
    words: ['--card', 'foreign'],
    says: /does not trust the issuer/,
    ops: ['token-in certificate-untrusted'],
  },
  {
    what: 'a holder whose finger is not enrolled',
    words: ['--card', 'not-enrolled'],
    says: /No finger is enrolled/,
    ops: ['token-in not-enrolled'],
  },
  {
    what: 'a wrong PIN',
    words: ['--pin', '999999'],
    says: /The PIN was wrong/,
    ops: ['token-in', 'consent', 'sign.intent', 'finger-matched', 'pin-wrong pin-wrong', 'sign.failed cancelled'],
  },
  {
    what: 'a wrong finger',
    words: ['--finger', 'stranger'],
    says: /finger did not match\. Tries left: 2/,
    ops: ['token-in', 'consent', 'sign.intent', 'finger-refused not-matched', 'sign.failed cancelled'],
  },
] as const;

for (const { what, words, says, ops } of visits) {
  test(`${what}: nothing is signed, a sentence says why, and the log tells the whole visit`, async () => {
    const { code, out, err, entries } = await sign(agreementPath, ['--out', at('out.pdf'), ...words]);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(says);
    expect(err.trimEnd().endsWith('\nNothing was signed.')).toBe(true);
    expect(entries.filter(({ op }) => op !== 'document-in').map(opAndProblem)).toEqual([...ops, 'token-out']);
    await expectNoOutput();
  });
}

test('Ctrl+C while the finger is awaited: nothing is signed, and the intent has its end in the log', async () => {
  const { code, err, entries } = await sign(agreementPath, undefined, { interruptAt: 'Touch the fingerprint reader.' });
  expect(code).toBe(1);
  expect(err).toMatch(/\nGiven up\. .*\n$/);
  const ops = entries.map(({ op }) => op).filter((op) => op !== 'document-in');
  expect(ops.slice(0, 3)).toEqual(['token-in', 'consent', 'sign.intent']);
  expect(ops.slice(-2)).toEqual(['sign.failed', 'token-out']);
  await expectNoOutput();
});

function opAndProblem(event: LogEvent): string {
  return 'problem' in event ? `${event.op} ${event.problem}` : event.op;
}

test('after all of this the station signs, also a document with the name of a half-copied file', async () => {
  await writeFile(at('.copied.tmp'), agreement());
  const { code, out, entries } = await sign(at('.copied.tmp'), ['--out', at('signed.pdf')]);
  expect({ code, said: out.startsWith(`Signed: ${at('signed.pdf')}\n`) }).toEqual({ code: 0, said: true });
  expect(entries.map(({ op }) => op).slice(-2)).toEqual(['sign.done', 'token-out']);
});

const commands = [
  'init',
  'enrol',
  'start',
  'sign',
  'verify',
  'log show',
  'log verify',
  'log checkpoint',
  'log prove',
  'log key',
  'log search',
  'log staff',
  'log erase',
  'doctor',
  'demo',
];

test('every command explains itself, and an option that nobody knows is refused', async () => {
  await Promise.all(
    commands.map(async (command) => {
      const help = await countersign([...command.split(' '), '--help']);
      expect({ command, code: help.code, err: help.err }).toEqual({ command, code: 0, err: '' });
      expect(help.out).toContain(`countersign ${command}`);
      const unknown = await countersign([...command.split(' '), '--bogus']);
      expect({ command, code: unknown.code, out: unknown.out }).toEqual({ command, code: 2, out: '' });
      expect(unknown.err).toBe(`countersign ${command} has no option --bogus. See countersign ${command} --help.\n`);
      expectNoInsides(unknown);
    }),
  );
});

test('a command that there is not, a card that there is not, and a word too many are refused in a sentence', async () => {
  const calls = [
    [['nonsense'], 'There is no command "nonsense".'],
    [['log', 'nonsense'], 'countersign log show'],
    [['demo', 'sing', 'x.pdf'], 'no word but sign'],
    [['demo', 'sign', 'x.pdf', '--out', 'y.pdf', '--data', data, '--card', 'nobody'], 'There is no demo card "nobody"'],
    [['start', '--data', data, '--port', 'http'], '"http" is not a port'],
    [['init', '--data', at('new')], 'needs a name'],
    [
      ['init', '--data', at('new'), '--name', 'Branch 12'],
      'in parts joined by dots, 100 characters at most, for example branch-12.example.org',
    ],
    [['init', '--data', at('new'), '--name', 'branch-12.example.org', '--unwrapped-log-key'], 'With --nobody-reads the keys go to nobody'],
    [['init', '--data', data, '--name', 'branch-12.example.org'], 'There is a station in'],
  ] as const;
  await Promise.all(
    calls.map(async ([words, says]) => {
      const said = await countersign(words);
      expect({ words, code: said.code }).toEqual({ words, code: 2 });
      expect(said.err).toContain(says);
      expectNoInsides(said);
    }),
  );
  await expect(stat(at('new'))).rejects.toThrow('ENOENT');
});
