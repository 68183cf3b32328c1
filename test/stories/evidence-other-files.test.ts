/** Evidence of several documents in one visit, and of files that are no PDF: beside themselves and in containers, checked by the same script. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyScript } from '../../agent/records/evidence.ts';
import { Changed, judge, packageOf } from '../support/evidence/package.ts';
import { StoryStation } from '../support/station.ts';

let folder: string;
let story: StoryStation;
let script: string;
const letter = Buffer.from('Dear Ada,\nplease sign this.\n');

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evidence-'));
  script = join(folder, 'verify.sh');
  writeFileSync(script, await verifyScript());
  story = await StoryStation.make({ prepare: (data) => signOthersAs(data, 'cades') });
}, 180_000);
afterAll(async () => {
  await story.end();
  rmSync(folder, { recursive: true, force: true });
});

async function signOthersAs(data: string, otherFormat: string): Promise<void> {
  const path = join(data, 'station.json');
  const config = JSON.parse(await readFile(path, 'utf8')) as object;
  await writeFile(path, JSON.stringify({ ...config, documents: { otherFiles: 'allow', otherFormat } }));
}

/** Signs everything in the inbox in one visit, and makes the package. */
async function signAll(count: number, name: string): Promise<Changed> {
  await story.devices.reader.insert(story.card('grace'));
  const { documents } = await story.until('choose-document', (state) => state.documents.length === count);
  story.act({ type: 'choose-documents', documentIds: documents.map(({ id }) => id) });
  for (let place = 1; place <= count; place += 1) {
    await story.until('review-document', (state) => state.opening !== true && state.place.place === place);
    story.act({ type: 'reviewed' });
  }
  const confirm = await story.until('confirm');
  story.act({ type: 'consent', digests: confirm.documents.map(({ digest }) => digest) });
  await story.until('touch-reader');
  await story.touch('right-index');
  await story.until('enter-pin');
  story.typePin('654321');
  await story.until('signed');
  await story.leave();
  const operation = (await story.entries()).findLast(({ op }) => op === 'sign.done')?.operation ?? '';
  await story.stop();
  await packageOf(story.data, operation, join(folder, name));
  return new Changed(join(folder, name), join(folder, `${name}-changed`));
}

test('two PDFs and a letter in one visit: one consent and one finger, and each document is judged', async () => {
  await story.putIn('second.pdf');
  await writeFile(join(story.data, 'inbox', 'letter.txt'), letter);
  const changed = await signAll(3, 'several');
  const { code, ok, said } = judge(script, join(folder, 'several'));
  expect(code, said).toBe(0);
  expect(said).toContain('3 documents were signed');
  expect(ok.filter((line) => line.includes('the signature in the document is good'))).toHaveLength(3);
  expect(ok.filter((line) => line.includes('the file that was signed has the digest that the holder agreed to'))).toHaveLength(1);
  changed.write(changed.find(/\.original$/), (text) => text.replace('Ada', 'Bob'));
  changed.sumUp();
  const refused = judge(script, changed.folder);
  expect(refused.code).toBe(1);
  expect(refused.failed).toContainEqual(expect.stringContaining('the file that was signed') as string);
}, 180_000);

test.each(['asic-s', 'asic-e'])(
  'a letter in a container (%s): the file and the signature in it are judged',
  async (format) => {
    await signOthersAs(story.data, format);
    await writeFile(join(story.data, 'inbox', 'letter.txt'), `${letter.toString()}${format}\n`);
    await story.start();
    const changed = await signAll(1, format);
    const { code, ok, said } = judge(script, join(folder, format));
    expect(code, said).toBe(0);
    for (const shown of ['the file in the container is exactly the one that the holder agreed to', 'the signature in the document is good'])
      expect(ok.filter((line) => line.includes(shown))).toHaveLength(1);
    // The digest of the container is made to fit, so that only what is in it can tell.
    const name = changed.find(/\.signed\./);
    const sum = () => createHash('sha256').update(changed.read(name)).digest('hex');
    const before = sum();
    changed.write(name, (text) => text.replace('Dear Ada', 'Dear Bob'));
    changed.rewrite('sign.done', (body) => body.replace(before, sum()));
    changed.sumUp();
    const refused = judge(script, changed.folder);
    expect(refused.code).toBe(1);
    const expected =
      format === 'asic-s' ? 'does not hold one signature and the file that it is of' : 'does not say the digest of every file';
    expect(refused.failed).toContainEqual(expect.stringContaining(expected) as string);
  },
  60_000,
);

test('a container that was signed before: its files are held against those of the container that was agreed to', async () => {
  const [before = ''] = (await readdir(join(story.data, 'outbox'))).filter((name) => name.endsWith('.asice'));
  await copyFile(join(story.data, 'outbox', before), join(story.data, 'inbox', 'again.asice'));
  await story.start();
  const changed = await signAll(1, 'container');
  const { code, ok, said } = judge(script, changed.folder);
  expect(code, said).toBe(0);
  const same = 'the files in the container are exactly those in the container that the holder agreed to';
  expect(ok.filter((line) => line.includes(same))).toHaveLength(1);
  expect(changed.read('README.md').toString()).toContain('verify.sh compares the files in both');
  const original = changed.find(/\.original$/);
  // Another file in the signed container, whose digest the entry is made to say.
  const name = changed.find(/\.signed\./);
  const sum = () => createHash('sha256').update(changed.read(name)).digest('hex');
  const digest = sum();
  changed.write(name, (text) => text.replace('Dear Ada', 'Dear Bob'));
  changed.rewrite('sign.done', (body) => body.replace(digest, sum()));
  changed.sumUp();
  const refused = judge(script, changed.folder);
  expect(refused.code).toBe(1);
  expect(refused.failed).toContainEqual(expect.stringContaining('are not those in the container that the holder agreed to') as string);
  // Without it the script says what it did not check, and with it from elsewhere it does.
  const without = new Changed(join(folder, 'container'), join(folder, 'container-without'));
  rmSync(without.at(original));
  without.sumUp();
  const unchecked = judge(script, without.folder);
  expect(unchecked.code).toBe(0);
  expect(unchecked.said).toMatch(/^note .*which is not here; that its files are these was NOT CHECKED/m);
  expect(unchecked.said).toMatch(/^VERDICT: HOLDS\. .*was NOT CHECKED \(1\)/m);
  const brought = judge(script, without.folder, ['--document', join(folder, 'container', original)]);
  expect(brought.ok.filter((line) => line.includes(same))).toHaveLength(1);
  expect(brought.said).not.toContain('NOT CHECKED');
}, 60_000);
