/** Classes of documents, from the configuration to the signed file: what the holder agreed to, what stands on the page, and what the log says. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { verifyPdf } from '../../agent/documents/verify.ts';
import { pageText, scanned } from '../support/page-raster.ts';
import { StoryStation } from '../support/station.ts';
import { pdfsig, qpdfCheck } from '../support/validators.ts';

let story: StoryStation;
afterEach(() => story.end());

/** A demo station with these rules for documents. */
function stationWith(documents: object): Promise<StoryStation> {
  return StoryStation.make({
    prepare: async (data) => {
      const path = join(data, 'station.json');
      const config = JSON.parse(await readFile(path, 'utf8')) as object;
      await writeFile(path, JSON.stringify({ ...config, documents }));
    },
  });
}

test('a class puts the signature on the page, the consent names the place, and the code leads to the entry', async () => {
  const mark = { page: 1, left: 330, top: 20, width: 220, height: 80 };
  story = await stationWith({
    classes: [{ name: 'Agreements', files: 'contr*.pdf', appearance: { place: 'fixed', ...mark }, reason: 'I agree' }],
  });
  const signed = await story.signed();
  expect(signed.document.documentClass).toBe('Agreements');
  const pdf = await story.readOutput(signed.outputName);
  expect(pdfsig(pdf)).toEqual([{ verdict: 'Signature is Valid.', whole: true }]);
  qpdfCheck(pdf);
  expect(verifyPdf(pdf).signatures[0]?.intact).toBe(true);

  const entries = await story.logged();
  const intent = entries.find(({ event }) => event.op === 'sign.intent');
  const consent = entries.find(({ event }) => event.op === 'consent')?.event;
  expect(consent?.op === 'consent' && consent.statement['documents']).toMatchObject([{ mark }]);
  const text = pageText(pdf);
  expect(text).toContain('Ada Lovelace');
  expect(text).toContain(`Entry: ${intent?.seq ?? ''}`);
  expect(text).toContain('Reason: I agree');
  expect(scanned(pdf, 150)).toBe(`countersign:v1:${intent?.origin ?? ''}:${intent?.seq ?? ''}:${intent?.leaf ?? ''}`.toUpperCase());
  expect(story.faults).toEqual([]);
});

test('the holder places the signature by hand, and only where it fits', async () => {
  story = await stationWith({ appearance: { place: 'by-hand', width: 200, height: 70 } });
  await story.walkTo('review-document');
  const { visit } = story.running;
  expect(visit.act({ type: 'remove-mark' }), 'nothing is placed yet').toBe(false);
  for (const wrong of [{ page: 4 }, { left: 396 }, { top: 800 }])
    expect(visit.act({ type: 'place-mark', page: 2, left: 300, top: 700, ...wrong }), JSON.stringify(wrong)).toBe(false);
  story.act({ type: 'place-mark', page: 1, left: 10, top: 10 });
  story.act({ type: 'remove-mark' });
  story.act({ type: 'place-mark', page: 2, left: 300, top: 700 });
  const box = { page: 2, left: 300, top: 700, width: 200, height: 70 };
  const { document } = await story.until('review-document', (state) => state.document.mark?.box !== undefined);
  expect(document.mark).toEqual({ width: 200, height: 70, byHand: true, box });
  story.act({ type: 'reviewed' });
  expect((await story.until('confirm')).documents[0]?.mark?.box).toEqual(box);
  expect(visit.act({ type: 'place-mark', page: 1, left: 10, top: 10 }), 'the place is settled').toBe(false);
  story.act({ type: 'consent', digests: [document.digest] });
  await story.until('touch-reader');
  const consent = (await story.entries()).find(({ op }) => op === 'consent');
  expect(consent?.op === 'consent' && consent.statement['documents']).toMatchObject([{ mark: box }]);
});
