/** A demo whose making is killed at any moment is made by the next call as if nothing had been, and nothing that somebody put there is touched. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeWhole } from '../../../agent/commands/demo-folder.ts';
import { builtCli } from '../../support/built-program.ts';
import { countersign } from '../../support/command-line.ts';
import { agreement, readLog } from '../../support/station.ts';

let parent: string;
const at = (...path: string[]): string => join(parent, ...path);
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'demos-'));
});
afterEach(() => rm(parent, { recursive: true, force: true }));

const words = () => ['demo', 'sign', agreement, '--data', at('demo'), '--out', at('signed.pdf')];
const workshops = (): string[] => readdirSync(parent).filter((name) => name.startsWith('.demo.half-made-'));

/** Starts the demo and kills it as soon as `reached` holds. False when it ended before. */
async function killedWhen(reached: () => boolean): Promise<boolean> {
  const child = spawn(process.execPath, [builtCli(), ...words()], { stdio: 'ignore' });
  const ended = once(child, 'close');
  // While it only starts, it has the processor; from then on no moment is missed.
  while (!reached() && child.exitCode === null) await (workshops().length === 0 ? sleep(1) : turn());
  const killed = child.kill('SIGKILL');
  await ended;
  return killed;
}

const moments = [
  '',
  'station.json',
  'log',
  'log/log.sqlite.new',
  'log/log.sqlite',
  'trust/demo-ca.pem',
  'virtual/card-ada.json',
  'virtual/bio-key.json',
];

test.each(moments)(
  'killed when the workshop has "%s": the next call makes the demo and signs, and nothing is left beside it',
  async (file) => {
    // The last file is followed by the rename at once: then the demo may be in its place already, and whole.
    expect(await killedWhen(() => existsSync(at('demo')) || workshops().some((name) => existsSync(at(name, file))))).toBe(true);
    const left = workshops();
    expect(existsSync(at('demo', 'station.json'))).toBe(left.length === 0);
    const { code, err } = await countersign(words());
    expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' });
    expect((await readdir(parent)).sort()).toEqual(['demo', 'signed.pdf']);
    expect((await readLog(at('demo'))).map(({ op }) => op)).toContain('sign.done');
  },
);

test('killed as soon as it is in its place: it is whole', async () => {
  expect(await killedWhen(() => existsSync(at('demo', 'station.json')))).toBe(true);
  expect(workshops()).toEqual([]);
  expect(await countersign(words())).toMatchObject({ code: 0, err: expect.not.stringContaining('Making a demo') as string });
});

test('two demos that are begun at once do not break each other', async () => {
  const said = await Promise.all([countersign(words()), countersign([...words().slice(0, -1), at('other.pdf')])]);
  for (const { code, err } of said) if (code !== 0) expect(err).toMatch(/Another Countersign agent is running on this data folder/);
  expect(said.map(({ code }) => code)).toContain(0);
  expect(workshops()).toEqual([]);
});

test('a folder with files but no station is refused, and stays as it is', async () => {
  await mkdir(at('demo'));
  await writeFile(at('demo', 'letters.txt'), 'mine');
  const said = await countersign(words());
  expect(said).toMatchObject({ code: 2, err: expect.stringContaining('They were left as they are') as string });
  expect(await readdir(parent)).toEqual(['demo']);
  expect(await readFile(at('demo', 'letters.txt'), 'utf8')).toBe('mine');
});

const fill = (workshop: string) => writeFile(join(workshop, 'station.json'), '{}');
/** The number of a process that has ended. */
async function endedPid(): Promise<number> {
  const child = spawn('true');
  await once(child, 'close');
  return child.pid ?? 0;
}

test('an empty folder, also one behind a link, becomes the demo', async () => {
  await mkdir(at('real'));
  await symlink(at('real'), at('demo'));
  await makeWhole(at('demo'), fill);
  expect((await readdir(parent)).sort()).toEqual(['demo', 'real']);
  expect(await readdir(at('real'))).toEqual(['station.json']);
});

test('a workshop of a process that runs, and one with anything that a making does not make, stay', async () => {
  const pid = await endedPid();
  const kept = [
    `.demo.half-made-${process.pid}-abcdef`,
    `.demo.half-made-${pid}-letter`,
    `.demo.half-made-${pid}-linked`,
    '.demo.half-made-mine',
  ];
  const gone = `.demo.half-made-${pid}-nobody`;
  for (const name of [...kept, gone]) await mkdir(at(name, 'inbox'), { recursive: true });
  await writeFile(at(`.demo.half-made-${pid}-letter`, 'inbox', 'letter.pdf'), 'mine');
  await symlink(parent, at(`.demo.half-made-${pid}-linked`, 'log'));
  await writeFile(at(gone, 'inbox', 'Tenancy agreement.pdf'), 'the sample');
  await makeWhole(at('demo'), fill);
  expect((await readdir(parent)).sort()).toEqual([...kept, 'demo'].sort());
  expect(await readFile(at(`.demo.half-made-${pid}-letter`, 'inbox', 'letter.pdf'), 'utf8')).toBe('mine');
});

test('a making that fails leaves nothing, and what it says goes on', async () => {
  const failing = makeWhole(at('demo'), async (workshop) => {
    await fill(workshop);
    throw new Error('no more paper');
  });
  await expect(failing).rejects.toThrow('no more paper');
  expect(await readdir(parent)).toEqual([]);
});
