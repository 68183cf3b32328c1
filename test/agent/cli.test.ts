/** The program itself, from the build: help wherever a person would ask for it, and one sentence for what there is not. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { builtCli } from '../support/built-program.ts';
import { countersign, expectNoInsides } from '../support/command-line.ts';

test('help is found by every way in which people ask for it', async () => {
  const all = await countersign(['--help']);
  expect(all).toMatchObject({ code: 0, err: '', out: expect.stringContaining('countersign log verify') as string });
  for (const words of [['help'], ['-h'], ['help', 'help'], ['help', '--help']]) expect(await countersign(words)).toEqual(all);

  const show = await countersign(['log', 'show', '--help']);
  expect(show).toMatchObject({ code: 0, err: '', out: expect.stringContaining('--operation ID') as string });
  for (const words of [
    ['log', 'show', '-h'],
    ['help', 'log', 'show'],
  ])
    expect(await countersign(words)).toEqual(show);

  const verify = await countersign(['help', 'verify']);
  expect(verify).toMatchObject({ code: 0, err: '', out: expect.stringContaining('--trust DIR') as string });
});

const ofLog = 'show verify checkpoint prove check-proof anchor key head-office search staff erase'.split(' ');
const logCommands = ofLog
  .map((word) => `countersign log ${word}`)
  .join(', ')
  .replace(/, ([^,]+)$/, ' and $1');

test('help for the log is the help of all of its commands', async () => {
  const each = await Promise.all(ofLog.map((word) => countersign(['log', word, '--help'])));
  for (const words of [
    ['log', '--help'],
    ['log', '-h'],
    ['log', 'help'],
    ['help', 'log'],
  ])
    expect(await countersign(words)).toEqual({ code: 0, err: '', out: each.map(({ out }) => out).join('\n') });
});

test.each([
  [['log'], `"log" alone is no command; there are ${logCommands}. See countersign log --help.\n`],
  [['log', 'x'], `There is no command "log x"; there are ${logCommands}. See countersign log --help.\n`],
  [['help', 'log', 'x'], /^There is no command "log x"/],
  [['help', 'x'], 'There is no command "x". See countersign help.\n'],
  [['constructor'], 'There is no command "constructor". See countersign help.\n'],
  [['--bogus'], 'countersign has no option --bogus. See countersign help.\n'],
  [[], /^countersign [\d.]+: an offline signing station\n/],
])('countersign %j: refused, and nothing else is said', async (words, says) => {
  const said = await countersign(words);
  expect({ code: said.code, out: said.out }).toEqual({ code: 2, out: '' });
  if (typeof says === 'string') expect(said.err).toBe(says);
  else expect(said.err).toMatch(says);
  expectNoInsides(said);
});

test('a reader that stops early is no fault, and a full disk is one that is told', async () => {
  const shell = (line: string) => promisify(execFile)('bash', ['-c', line, process.execPath, builtCli()]);
  const early = await shell('"$0" "$1" log --help | true; echo "${PIPESTATUS[0]}"');
  expect(early).toEqual({ stdout: '0\n', stderr: '' });
  const full = await shell('"$0" "$1" help >/dev/full; echo $?');
  expect(full).toEqual({ stdout: '70\n', stderr: 'The output cannot be written (ENOSPC).\n' });
});
