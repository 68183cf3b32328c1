import { expect, test } from 'vitest';
import { command, parsePort, WrongUsage } from '../../../agent/commands/arguments.ts';
import { StartRefused } from '../../../agent/refusals.ts';

const options = {
  data: { type: 'string', default: './here' },
  tail: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

/** Calls a command that says what it was given. */
async function call(args: string[], takesWords = false) {
  const said = { out: '', err: '' };
  const io = { out: (text: string) => void (said.out += text), err: (text: string) => void (said.err += text) };
  const echo = command({ name: 'echo', help: 'the help', options, takesWords }, ({ values, words }, to) => {
    if (values.tail === 'wrong') return Promise.reject(new WrongUsage('That is a wrong tail.'));
    if (values.tail === 'refused') return Promise.reject(new StartRefused('The station is not here.'));
    to.out(JSON.stringify({ ...values, words }));
    return Promise.resolve(0);
  });
  return { code: await echo(args, io), ...said };
}

test('a command gets its options with their defaults, and its words', async () => {
  const { code, out } = await call(['--tail=-1', 'one', '--json', '--', '--two'], true);
  expect({ code, given: JSON.parse(out) as unknown }).toEqual({
    code: 0,
    given: { data: './here', tail: '-1', json: true, words: ['one', '--two'] },
  });
});

test.each([[['--help']], [['-h']], [['--bogus', '--help']], [['word', '--data', '--help', '-h']]])('%j shows the help', async (args) => {
  expect(await call(args)).toEqual({ code: 0, out: 'the help', err: '' });
});

test.each([
  [['--bogus'], 'countersign echo has no option --bogus.'],
  [['--bogus=secret'], 'countersign echo has no option --bogus.'],
  [['--no-json'], 'countersign echo has no option --no-json.'],
  [['-x'], 'countersign echo has no option -x.'],
  [['--__proto__'], 'countersign echo has no option --__proto__.'],
  [['--constructor', 'x'], 'countersign echo has no option --constructor.'],
  [['--data'], '--data needs a value behind it.'],
  [['--data='], '--data needs a value behind it.'],
  [['--data', ''], '--data needs a value behind it.'],
  [['--data', '--json'], '--data needs a value behind it, and --json looks like an option; if it is meant, type --data=--json.'],
  [['--json=yes'], '--json takes no value.'],
  [['word'], 'countersign echo takes no word "word".'],
  [['--', '--help'], 'countersign echo takes no word "--help".'],
  [['--tail', 'wrong'], 'That is a wrong tail.'],
])('%j is refused in one sentence', async (args, sentence) => {
  expect(await call(args)).toEqual({ code: 2, out: '', err: `${sentence} See countersign echo --help.` });
});

test('a refusal that is no wrong call goes on to the program', async () => {
  await expect(call(['--tail', 'refused'])).rejects.toThrow(StartRefused);
});

test('a port is a whole number up to 65535', () => {
  expect(['0', '7410', '65535'].map(parsePort)).toEqual([0, 7410, 65_535]);
  for (const text of ['65536', '-1', '', ' 80', '0x50', '1e3', '80.5', 'http']) expect(() => parsePort(text)).toThrow(WrongUsage);
});
