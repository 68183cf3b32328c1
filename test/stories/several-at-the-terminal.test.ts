/** Several documents at a terminal, through the built command line: one visit, a file for each, and an exit code that says what became of them. */
import { mkdtemp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeDemoStation } from '../../agent/workbench/demo-station.ts';
import { countersign, expectNoInsides, type Said } from '../support/command-line.ts';
import { agreementPath, handMade, onePage } from '../support/sample-pdf.ts';
import { readLog } from '../support/station.ts';

let folder: string;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'several-at-'));
  await makeDemoStation(at('station'), 0);
  await mkdir(at('out'));
  await writeFile(at('agreement.pdf'), handMade({ objects: onePage() }));
  await writeFile(at('notes.txt'), 'no document');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function sign(...words: readonly string[]): Promise<Said> {
  const said = await countersign(['demo', 'sign', ...words, '--data', at('station')]);
  expectNoInsides(said);
  return said;
}

test('two documents of one name: both are signed in one visit, with their progress, and a program is told of each', async () => {
  const said = await sign(agreementPath, at('agreement.pdf'), '--out-dir', at('out'), '--json');
  expect(said).toMatchObject({ code: 0 });
  expect(said.err).toContain('agreement.pdf (1 of 2): The card is signing ...');
  expect(said.err).toContain('agreement (2).pdf (2 of 2): Preparing the document ...');
  const names = ['agreement-signed.pdf', 'agreement (2)-signed.pdf'];
  expect(JSON.parse(said.out)).toMatchObject({
    outcome: 'signed',
    documents: names.map((name) => ({ outcome: 'signed', out: at(join('out', name)) })),
  });
  expect((await readdir(at('out'))).sort()).toEqual([...names].sort());
  expect((await readLog(at('station'))).filter(({ op }) => op === 'consent' || op === 'sign.done').map(({ op }) => op)).toEqual([
    'consent',
    'sign.done',
    'sign.done',
  ]);
});

test('a wrong PIN, or one file that is no document: none is signed, and nothing comes out', async () => {
  expect(await sign(agreementPath, at('agreement.pdf'), '--out-dir', at('out'), '--pin', '999999')).toMatchObject({ code: 1 });
  const refused = await sign(agreementPath, at('notes.txt'), '--out-dir', at('out'));
  expect(refused.code).toBe(1);
  expect(refused.err).toContain('notes.txt: ');
  expect(await readdir(at('out'))).toHaveLength(2);
});

test('several documents into one file, or into no folder, are refused before anything happens', async () => {
  expect(await sign(agreementPath, at('agreement.pdf'), '--out', at('one.pdf'))).toMatchObject({ code: 2 });
  expect(await sign(agreementPath, '--out-dir', at('nowhere'))).toMatchObject({ code: 2 });
  expect(await sign(agreementPath, '--out-dir', at('out'), '--out', at('one.pdf'))).toMatchObject({ code: 2 });
});
