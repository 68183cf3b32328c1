/** Documents that change under the holder's eyes, disks that are full, a fingerprint reader that is not there: nothing is signed that was not read, nothing is lost. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startStation } from '../../agent/main.ts';
import { agreement, handMade, onePage } from '../support/sample-pdf.ts';
import { signatureName } from '../../agent/log/reconcile.ts';
import { StoryStation } from '../support/station.ts';

let story: StoryStation;
const mounted: string[] = [];

beforeAll(async () => {
  story = await StoryStation.make();
});
beforeEach(() => story.putIn('contract.pdf'));
afterEach(async () => {
  free();
  await story.leave();
  await rm(inbox('contract.pdf'), { force: true });
});
afterAll(async () => {
  expect(story.faults).toEqual([]);
  await story.end();
});

const inbox = (name: string): string => join(story.data, 'inbox', name);
const other = handMade({ objects: onePage() });

/** From now on there is no room for a document in this folder of the station. */
function fill(folder: 'pending' | 'outbox' | 'originals'): void {
  const path = join(story.data, folder);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k,mode=700', 'tmpfs', path]);
  mounted.push(path);
}

function free(): void {
  for (const folder of mounted.splice(0)) execFileSync('umount', [folder]);
}

/** Gives the consent on the screen, whatever became of the document meanwhile. */
async function consent(): Promise<void> {
  const { documents } = await story.until('confirm');
  story.act({ type: 'consent', digests: documents.map(({ digest }) => digest) });
}

test('a document that is changed after it was read is not signed; read anew, it is', async () => {
  await story.walkTo('confirm');
  await writeFile(inbox('contract.pdf'), other);
  await consent();
  expect(await story.until('trouble')).toMatchObject({
    trouble: 'document-refused',
    problem: 'document-changed',
    outcome: 'nothing-signed',
    canContinue: true,
  });
  expect(await story.visitOps()).toEqual(['token-in', 'sign.failed']);
  story.act({ type: 'continue' });
  const { documents } = await story.until('choose-document', (state) => state.documents[0]?.pages === 1);
  story.act({ type: 'choose-documents', documentIds: [documents[0]?.id ?? ''] });
  await story.until('review-document');
  story.act({ type: 'reviewed' });
  await consent();
  await story.touch('right-index');
  await story.until('enter-pin');
  story.typePin('123456');
  const { outputName } = await story.until('signed');
  expect((await story.readOutput(outputName)).subarray(0, other.length).equals(other)).toBe(true);
});

test('a document that is gone after it was read is not signed', async () => {
  await story.walkTo('confirm');
  await rm(inbox('contract.pdf'));
  await consent();
  expect(await story.until('trouble')).toMatchObject({ problem: 'document-changed', outcome: 'nothing-signed' });
  expect(await story.visitOps()).toEqual(['token-in', 'sign.failed']);
  story.act({ type: 'continue' });
  expect(await story.until('choose-document', ({ documents }) => documents.length === 0)).toMatchObject({ refused: [] });
});

test('a document that is exchanged after the consent: what was read is signed and kept, the other one stays in the inbox', async () => {
  await story.walkTo('enter-pin');
  await writeFile(inbox('contract.pdf'), other);
  story.typePin('123456');
  const { document, outputName } = await story.until('signed');
  const read = agreement();
  expect(document.digest).toBe(createHash('sha256').update(read).digest('hex'));
  expect((await story.readOutput(outputName)).subarray(0, read.length).equals(read)).toBe(true);
  const done = (await story.entries()).findLast((event) => event.op === 'sign.done');
  const signature = signatureName(done?.operation ?? '', done?.intent ?? 0);
  expect((await story.readFile('originals', signature, 'contract.pdf')).equals(read)).toBe(true);
  expect((await story.readFile('inbox', 'contract.pdf')).equals(other)).toBe(true);
  await story.leave();
  await story.walkTo('review-document');
  expect(story.state).toMatchObject({ document: { pages: 1, digest: createHash('sha256').update(other).digest('hex') } });
});

test('no fingerprint reader is plugged in: the visit ends with a sentence after the consent, and the next one works', async () => {
  await expect.poll(() => story.running.visit.message().station.fingerprintReaderReady).toBe(true);
  story.devices.key.unplug();
  await story.walkTo('confirm');
  await expect.poll(() => story.running.visit.message().station.fingerprintReaderReady).toBe(false);
  await consent();
  expect(await story.until('trouble')).toMatchObject({
    problem: 'fingerprint-reader-lost',
    recover: 'ask-staff',
    outcome: 'nothing-signed',
    canContinue: false,
  });
  expect(await story.visitOps()).toEqual(['token-in', 'consent', 'sign.intent', 'finger-refused', 'sign.failed']);
  story.devices.key.plug();
  await story.leave();
  expect((await story.signed()).delivered).toBe(true);
});

test('a full disk while the signed document is saved: nothing counts as signed, the station goes on, and signs when there is room', async () => {
  await story.walkTo('enter-pin');
  const before = await story.outbox();
  fill('pending');
  story.typePin('123456');
  expect(await story.until('trouble')).toMatchObject({
    problem: 'output-failed',
    recover: 'ask-staff',
    outcome: 'nothing-signed',
    canContinue: false,
  });
  expect(await story.visitOps()).toEqual(['token-in', 'consent', 'sign.intent', 'finger-matched', 'sign.failed']);
  expect((await story.entries()).findLast(({ op }) => op === 'sign.failed')).toMatchObject({ problem: 'output-failed' });
  expect(await readdir(join(story.data, 'pending'))).toEqual([]);
  expect(await story.outbox()).toEqual(before);
  expect(await readdir(join(story.data, 'inbox'))).toEqual(['contract.pdf']);
  await story.leave();
  free();
  const { outputName } = await story.signed();
  expect(await story.outbox()).toEqual([...before, outputName].sort());
});

test('no room for the original: signed and delivered, it is not offered again, not lost, and kept at a start when there is room', async () => {
  await story.walkTo('enter-pin');
  const read = await story.readFile('inbox', 'contract.pdf');
  fill('originals');
  await writeFile(join(story.data, 'originals', 'filler'), new Uint8Array(16_384));
  story.typePin('123456');
  expect(await story.until('signed')).toMatchObject({ delivered: true });
  const [operation = ''] = await readdir(join(story.data, 'pending'));
  for (const isLast of [false, true]) {
    await story.leave();
    // Out of sight in the inbox, because the originals are on another file system here.
    expect((await story.readFile('inbox', `.countersign-${operation}`, 'contract.pdf')).equals(read)).toBe(true);
    await story.putIn('again.pdf');
    await story.devices.reader.insert(story.card('ada'));
    // Where originals have no room nothing new is begun; at the next start neither.
    expect(await story.until('trouble')).toMatchObject({ problem: 'no-space' });
    await rm(inbox('again.pdf'));
    await story.stop();
    if (isLast) free();
    await story.start();
  }
  expect(await readdir(join(story.data, 'inbox'))).toEqual([]);
  expect((await story.readFile('originals', operation, 'contract.pdf')).equals(read)).toBe(true);
  expect(await readdir(join(story.data, 'pending'))).toEqual([]);
});

test('an outbox that is full: signed and said so, the document waits in the station and appears at the next start', async () => {
  const before = (await story.entries()).length;
  await story.walkTo('enter-pin');
  fill('outbox');
  story.typePin('123456');
  const signed = await story.until('signed');
  expect(signed.delivered).toBe(false);
  expect(await story.outbox()).toEqual([]);
  const [operation = ''] = await readdir(join(story.data, 'pending'));
  await story.leave();
  await story.stop();
  // Still full: the station starts, and keeps the document. Its original leaves the inbox, so that nobody signs it again.
  expect(await readdir(join(story.data, 'inbox'))).toEqual(['contract.pdf']);
  await story.start();
  expect(story.running.recovered).toEqual({ unknown: [], failed: [], published: [], waiting: [operation] });
  expect(await readdir(join(story.data, 'inbox'))).toEqual([]);
  expect(await readdir(join(story.data, 'originals', operation))).toEqual(['contract.pdf']);
  await story.stop();
  free();
  await story.start();
  expect(story.running.recovered.published).toEqual([operation]);
  const digests = (await story.outbox()).map(async (name) =>
    createHash('sha256')
      .update(await story.readOutput(name))
      .digest('hex'),
  );
  expect((await Promise.all(digests)).filter((digest) => digest === signed.outputDigest)).toHaveLength(1);
  expect(await readdir(join(story.data, 'pending'))).toEqual([]);
  expect((await story.entries()).slice(before).filter(({ op }) => op === 'sign.done')).toHaveLength(1);
});

test('a document that waits comes out in the outbox, also when the next start is that of a command that signs another file', async () => {
  const before = await story.outbox();
  await story.walkTo('enter-pin');
  fill('outbox');
  story.typePin('123456');
  expect(await story.until('signed')).toMatchObject({ delivered: false });
  await story.leave();
  await story.stop();
  free();
  const [operation = ''] = await readdir(join(story.data, 'pending'));
  const [own, outputFile] = [join(story.data, 'terminal'), join(story.data, 'out.pdf')];
  await mkdir(own);
  const station = await startStation({ data: story.data, inbox: own, outputFile, onFault: (error) => story.faults.push(error) });
  await station.close();
  expect(station.recovered).toMatchObject({ published: [operation], waiting: [] });
  expect(await story.outbox()).toHaveLength(before.length + 1);
  expect([await readdir(own), await readdir(join(story.data, 'inbox'))]).toEqual([[], []]);
  expect(await readdir(story.data)).not.toContain('out.pdf');
  await story.start();
});
