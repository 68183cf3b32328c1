import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { verifyPdf } from '../../agent/documents/verify.ts';
import { loadTrust } from '../../agent/documents/trust.ts';
import { opensslAccepts, pdfsig, qpdfCheck } from '../support/validators.ts';
import { StoryStation } from '../support/station.ts';

let story: StoryStation;

afterEach(() => story.end());

const line = ['token-in', 'consent', 'sign.intent', 'finger-matched', 'sign.done', 'token-out'];

for (const [card, pin, kind] of [
  ['ada', '123456', 'RSA-2048'],
  ['grace', '654321', 'P-256'],
] as const) {
  test(`a holder with an ${kind} card signs, and strangers' software accepts it and refuses it after one byte is changed`, async () => {
    story = await StoryStation.make();
    const signed = await story.signed(card, pin);
    expect(signed.delivered).toBe(true);
    expect(await story.outbox()).toEqual([signed.outputName]);
    const pdf = await story.readOutput(signed.outputName);
    const root = join(story.data, 'trust', 'demo-ca.pem');

    expect(pdfsig(pdf)).toEqual([{ verdict: 'Signature is Valid.', whole: true }]);
    expect(opensslAccepts(pdf, root)).toBe(true);
    qpdfCheck(pdf);
    const trust = await loadTrust(join(story.data, 'trust'));
    expect(verifyPdf(pdf, { trust }).outcome).toBe('TOTAL-PASSED');

    const changed = Buffer.from(pdf);
    changed[2000] = (changed[2000] ?? 0) ^ 1;
    expect(pdfsig(changed)[0]?.verdict).not.toBe('Signature is Valid.');
    expect(opensslAccepts(changed, root)).toBe(false);
    expect(verifyPdf(changed, { trust }).outcome).not.toBe('TOTAL-PASSED');

    await story.takeCardOut();
    await expect.poll(() => story.visitOps(), { timeout: 5000 }).toEqual(line);
    const done = (await story.entries()).find(({ op }) => op === 'sign.done');
    expect(done).toMatchObject({ output_sha256: signed.outputDigest, output_size: pdf.length });
    expect(story.faults).toEqual([]);
  });
}

test('the original leaves the inbox and is kept; what is in the outbox is never written over', async () => {
  story = await StoryStation.make();
  const first = await story.signed();
  expect(await readdir(join(story.data, 'inbox'))).toEqual([]);
  const [operation = ''] = await readdir(join(story.data, 'originals'));
  expect(await readdir(join(story.data, 'originals', operation))).toEqual(['contract.pdf']);
  await story.takeCardOut();
  await story.putIn('contract.pdf');
  const second = await story.signed();
  expect([first.outputName, second.outputName]).toEqual(['contract-signed.pdf', 'contract-signed-2.pdf']);
  expect(await story.outbox()).toEqual(['contract-signed-2.pdf', 'contract-signed.pdf']);
});

test('a second holder signs what the first one signed, and both signatures stand', async () => {
  story = await StoryStation.make();
  const first = await story.signed('ada');
  await story.takeCardOut();
  await story.putIn('again.pdf', story.outputFile(first.outputName));
  const second = await story.signed('grace', '654321');
  expect(second.document.signatures).toBe(1);
  const pdf = await story.readOutput(second.outputName);
  expect(pdfsig(pdf).map(({ verdict }) => verdict)).toEqual(['Signature is Valid.', 'Signature is Valid.']);
  const report = verifyPdf(pdf, { trust: await loadTrust(join(story.data, 'trust')) });
  expect(report.signatures.map(({ verdict, signer }) => [verdict, signer?.name])).toEqual([
    ['TOTAL-PASSED', 'Ada Lovelace'],
    ['TOTAL-PASSED', 'Grace Hopper'],
  ]);
});

test('the holder may go back from the document, choose it again, and sign', async () => {
  story = await StoryStation.make();
  await story.walkTo('confirm');
  story.act({ type: 'back' });
  await story.until('review-document');
  story.act({ type: 'back' });
  const { documents, holder } = await story.until('choose-document');
  expect(holder.name).toBe(new X509Certificate(story.card('ada').certificate('9c')).subject.match(/CN=(.*)/)?.[1]);
  story.act({ type: 'choose-documents', documentIds: [documents[0]?.id ?? ''] });
  await story.until('review-document');
  expect(readFileSync(join(story.data, 'inbox', 'contract.pdf')).equals(bytesOnScreen())).toBe(true);
});

function bytesOnScreen(): Buffer {
  const { state } = story;
  if (state.screen !== 'review-document') throw new Error(`no document is shown on ${state.screen}`);
  return Buffer.from(story.running.visit.documentBytes(state.document.id) ?? []);
}
