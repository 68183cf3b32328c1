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
