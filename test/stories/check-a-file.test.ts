/** Somebody without a card brings a signed file: a clerk puts it into the folder for it, the screen says what its signatures are worth, the log says it too. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { FileVerdictView } from '../../agent/contract/verification.ts';
import { hold } from '../support/matrix/hold.ts';
import { handMade, onePage } from '../support/sample-pdf.ts';
import { StoryStation } from '../support/station.ts';
import { withBitFlipped } from '../support/tampering.ts';

let story: StoryStation;
/** A document that this station signed, and a letter with its signature beside it. */
let signed: Buffer;
let letterSignature: Buffer;
const letter = Buffer.from('Dear Ada,\nthis is signed.\n');

beforeAll(async () => {
  story = await StoryStation.make({
    prepare: async (data) => {
      const path = join(data, 'station.json');
      const config = JSON.parse(await readFile(path, 'utf8')) as object;
      await writeFile(path, JSON.stringify({ ...config, documents: { otherFiles: 'allow' } }));
    },
  });
  signed = await sign();
  await writeFile(join(story.data, 'inbox', 'letter.txt'), letter);
  letterSignature = await sign();
});
afterEach(async () => {
  story.running.visit.act({ type: 'cancel' });
  await story.leave();
  for (const { name } of (await story.running.checkDesk.list()).files) await rm(join(story.data, 'check', name), { force: true });
});
afterAll(async () => {
  expect(story.faults).toEqual([]);
  await story.end();
});

async function sign(): Promise<Buffer> {
  const { outputName } = await story.signed();
  await story.leave();
  return story.readOutput(outputName);
}

/** Goes from the first screen to the verdict on this file. */
async function check(name: string): Promise<FileVerdictView> {
  story.act({ type: 'check' });
  const { files } = await story.until('check-choose', (state) => state.files.some((file) => file.name === name));
  story.act({ type: 'check-file', fileId: files.find((file) => file.name === name)?.id ?? '' });
  const { verdict } = await story.until('check-verdict');
  story.act({ type: 'continue' });
  await story.until('start');
  return verdict;
}

const putIn = (name: string, bytes: Uint8Array): Promise<void> => writeFile(join(story.data, 'check', name), bytes);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

test('a document that was signed here: valid, by whom, when, and an entry that names its digest', async () => {
  await putIn('contract-signed.pdf', signed);
  const verdict = await check('contract-signed.pdf');
  expect(verdict).toMatchObject({
    outcome: 'TOTAL-PASSED',
    signatures: [{ verdict: 'TOTAL-PASSED', signer: { name: 'Ada Lovelace' }, since: [], files: [] }],
    unsigned: [],
  });
  expect(Number.isNaN(Date.parse(verdict.signatures[0]?.claimedAt ?? ''))).toBe(false);
  const last = (await story.entries()).at(-1);
  expect(last).toMatchObject({
    op: 'document-checked',
    actor: { id: 'station', role: 'station' },
    document_sha256: sha256(signed),
    size: signed.length,
    outcome: 'TOTAL-PASSED',
    signatures: 1,
  });
  expect(await readFile(join(story.data, 'check', 'contract-signed.pdf'))).toEqual(signed);
});

test('one byte was changed: not valid, and the screen says why', async () => {
  await putIn('changed.pdf', withBitFlipped(signed, 200, 0));
  expect(await check('changed.pdf')).toMatchObject({
    outcome: 'TOTAL-FAILED',
    signatures: [{ verdict: 'TOTAL-FAILED', subIndication: 'HASH_FAILURE' }],
  });
});

test('a letter and its signature beside it; without the letter the screen says that it is missing', async () => {
  await putIn('letter.txt.p7s', letterSignature);
  expect(await check('letter.txt.p7s')).toMatchObject({
    outcome: 'INDETERMINATE',
    signatures: [{ subIndication: 'SIGNED_DATA_NOT_FOUND' }],
  });
  await putIn('letter.txt', letter);
  expect(await check('letter.txt.p7s')).toMatchObject({ outcome: 'TOTAL-PASSED', signatures: [{ files: ['letter.txt'] }] });
  await putIn('letter.txt', Buffer.from('Dear Ada,\nthis is another.\n'));
  expect((await check('letter.txt.p7s')).outcome).not.toBe('TOTAL-PASSED');
});

test.each([
  ['an unsigned document', () => handMade({ objects: onePage({}) }), 'NO-SIGNATURE'],
  ['nothing at all', () => new Uint8Array(0), 'UNREADABLE'],
  ['something that is no signed file', () => Buffer.from('hello'), 'UNREADABLE'],
  ['the first half of a signed document', () => signed.subarray(0, signed.length / 2), 'UNREADABLE'],
])('%s', async (_name, bytes, outcome) => {
  await putIn('file.pdf', bytes());
  expect(await check('file.pdf')).toMatchObject({ outcome, signatures: [] });
  expect((await story.entries()).at(-1)).toMatchObject({ op: 'document-checked', outcome });
});

test('a document named like a signature beside a file is judged as what it is', async () => {
  await putIn('odd.pdf', letter);
  await putIn('odd.pdf.p7s', signed);
  expect((await check('odd.pdf.p7s')).outcome).toBe('TOTAL-PASSED');
});

test('a file that is gone when it is chosen cannot be read, and nothing else happens', async () => {
  await putIn('gone.pdf', signed);
  story.act({ type: 'check' });
  const { files } = await story.until('check-choose', (state) => state.files.length === 1);
  await rename(join(story.data, 'check', 'gone.pdf'), join(story.data, 'gone.pdf'));
  story.act({ type: 'check-file', fileId: files[0]?.id ?? '' });
  const { verdict } = await story.until('check-verdict');
  expect(verdict).toMatchObject({ outcome: 'UNREADABLE', refusal: 'unreadable', signatures: [] });
  story.act({ type: 'back' });
  await story.until('check-choose', (state) => state.files.length === 0);
});

test('folders, links and hidden files are not listed; an odd name is made safe', async () => {
  await putIn('.hidden.pdf', signed);
  await putIn('gp\u202Efdp.pdf', signed);
  await symlink(join(story.data, 'station.json'), join(story.data, 'check', 'link.pdf'));
  story.act({ type: 'check' });
  const { files } = await story.until('check-choose', (state) => state.files.length > 0);
  expect(files).toHaveLength(1);
  expect(files[0]?.name).not.toContain('\u202E');
  for (const name of ['.hidden.pdf', 'gp\u202Efdp.pdf', 'link.pdf']) await rm(join(story.data, 'check', name));
});

test('the folder is missing: the screen says so, and the station goes on', async () => {
  await rename(join(story.data, 'check'), join(story.data, 'elsewhere'));
  story.act({ type: 'check' });
  await story.until('check-choose', (state) => state.unreachable === true);
  await rename(join(story.data, 'elsewhere'), join(story.data, 'check'));
  await story.until('check-choose', (state) => state.unreachable !== true);
});

test('a card that comes while a file is being checked: its visit begins, and no verdict is recorded or shown', async () => {
  await putIn('contract-signed.pdf', signed);
  await story.putIn('next.pdf');
  story.act({ type: 'check' });
  const { files } = await story.until('check-choose', (state) => state.files.length === 1);
  const held = hold(story.running.checkDesk, 'judge');
  story.act({ type: 'check-file', fileId: files[0]?.id ?? '' });
  await held.reached;
  const before = (await story.entries()).length;
  await story.devices.reader.insert(story.card('ada'));
  await story.until('choose-document');
  held.release();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect((await story.entries()).slice(before).map(({ op }) => op)).not.toContain('document-checked');
  expect(story.state.screen).toBe('choose-document');
  await rm(join(story.data, 'inbox', 'next.pdf'), { force: true });
});

test('no process that read a file is left', () => {
  const running = execFileSync('ps', ['-o', 'args=', '--ppid', String(process.pid)], { encoding: 'utf8' });
  expect(running).not.toContain('verifier-host');
});
