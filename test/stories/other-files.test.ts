/** Files that are no PDF at a station that allows them: known by their digest, signed beside themselves or in a container, and everything in the log. */
import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { bytesSource } from '../../agent/documents/byte-source.ts';
import { packFiles } from '../../agent/documents/asic.ts';
import { loadTrust } from '../../agent/documents/trust.ts';
import { verifyContainer } from '../../agent/documents/verify-container.ts';
import { verifyDetached } from '../../agent/documents/verify-detached.ts';
import { consentText } from '../../agent/signing/consent.ts';
import { opensslAcceptsDetached } from '../support/openssl-cms.ts';
import { agreement, StoryStation } from '../support/station.ts';

let story: StoryStation;
const letter = Buffer.from('Dear Ada,\nplease sign this.\n');
const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

beforeAll(async () => {
  story = await StoryStation.make({
    prepare: async (data) => {
      const path = join(data, 'station.json');
      const config = JSON.parse(await readFile(path, 'utf8')) as object;
      await writeFile(path, JSON.stringify({ ...config, documents: { otherFiles: 'allow' } }));
    },
  });
  await rm(join(story.data, 'inbox', 'contract.pdf'));
});
afterEach(() => story.leave());
afterAll(async () => {
  expect(story.faults).toEqual([]);
  await story.end();
});

/** Goes on from the page that says what the file is, up to its signature. */
async function signFromHere() {
  const { document } = await story.until('review-document');
  story.act({ type: 'reviewed' });
  await story.until('confirm');
  story.act({ type: 'consent', digests: [document.digest] });
  await story.until('touch-reader');
  await story.touch('right-index');
  await story.until('enter-pin');
  story.typePin('123456');
  return story.until('signed');
}

test('a letter is signed beside itself: known by its digest, never sent to the screen, with a consent of its own', async () => {
  await writeFile(join(story.data, 'inbox', 'letter.txt'), letter);
  await story.walkTo('review-document');
  const { document } = await story.until('review-document');
  expect(document).toMatchObject({
    name: 'letter.txt',
    pages: 0,
    digest: sha256(letter),
    format: 'cades',
    other: { kind: 'text', mimeType: 'text/plain' },
  });
  expect(story.running.visit.documentBytes(document.id)).toBeUndefined();
  const done = await signFromHere();
  expect(done).toMatchObject({ outputName: 'letter.txt.p7s', delivered: true });

  const p7s = await story.readOutput('letter.txt.p7s');
  const trust = await loadTrust(join(story.data, 'trust'));
  const content = { name: 'letter.txt', digest: (hash: string) => Promise.resolve(createHash(hash).update(letter).digest()) };
  expect(await verifyDetached(p7s, content, { trust })).toMatchObject({
    outcome: 'TOTAL-PASSED',
    signatures: [{ covers: ['letter.txt'] }],
  });
  expect(opensslAcceptsDetached(p7s, letter, join(story.data, 'trust', 'demo-ca.pem'))).toBe(true);
  const events = await story.entries();
  expect(events.find((event) => event.op === 'document-in' && event.document_sha256 === sha256(letter))).toMatchObject({
    kind: 'text',
    pages: 0,
  });
  expect(events.findLast(({ op }) => op === 'consent')).toMatchObject({
    statement: { documents: [{ sha256: sha256(letter), shown: false }], text_sha256: sha256(consentText(1, 1)) },
  });
  expect(events.findLast(({ op }) => op === 'sign.done')).toMatchObject({ format: 'cades', output_sha256: sha256(p7s) });
});

test('a container that nobody signed yet gets one signature over all its files', async () => {
  const files = [
    { name: 'contract.pdf', bytes: await readFile(agreement) },
    { name: 'letter.txt', bytes: letter },
  ];
  await writeFile(join(story.data, 'inbox', 'files.asice'), packFiles(files));
  await story.walkTo('review-document');
  const { document } = await story.until('review-document');
  expect(document.other?.files).toEqual(files.map(({ name, bytes }) => ({ name, digest: sha256(bytes) })));
  const done = await signFromHere();
  expect(done.outputName).toBe('files-signed.asice');
  const trust = await loadTrust(join(story.data, 'trust'));
  const report = verifyContainer(bytesSource(await story.readOutput('files-signed.asice')), { trust });
  expect(report).toMatchObject({ outcome: 'TOTAL-PASSED', uncovered: [], signatures: [{ covers: ['contract.pdf', 'letter.txt'] }] });
});

test('a program is not offered, and the log says why', async () => {
  await writeFile(join(story.data, 'inbox', 'setup.txt'), 'MZ\x90 not a letter');
  await story.devices.reader.insert(story.card('ada'));
  const { refused } = await story.until('choose-document', (state) => state.refused.length > 0);
  expect(refused).toEqual([{ name: 'setup.txt', refusal: 'active-content' }]);
  expect((await story.entries()).findLast(({ op }) => op === 'document-refused')).toMatchObject({ refusal: 'active-content' });
});
