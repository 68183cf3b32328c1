/** A second document that waits in the file: refused at intake. What edits leave behind is not. */
import { expect, test } from 'vitest';
import { examine } from '../../../agent/documents/intake.ts';
import { disguises, streamBody } from '../../support/attack-pdf.ts';

const second = {
  30: '<</Type/Catalog/Pages 31 0 R>>',
  31: '<</Type/Pages/Kids[32 0 R]/Count 1>>',
  32: '<</Type/Page/Parent 31 0 R/MediaBox[0 0 300 200]/Resources<<>>>>',
};

test.each(Object.keys(disguises))('a catalog that nothing leads to is refused: %s', (name) => {
  const examined = examine(disguises[name]?.(second) ?? new Uint8Array());
  expect(examined).toMatchObject({ ok: false, refusal: 'hidden-content', subject: 'object 30' });
});

test('what edits leave behind is no second document: pages, contents, and objects that cannot be read', () => {
  const left = { 20: streamBody('', 'q Q'), 22: '<</Type/Page/MediaBox[0 0 300 200]>>', 23: '<</Type/Catalog>>', 24: '<</Broken' };
  for (const name of ['plainly', 'in an update']) expect(examine(disguises[name]?.(left) ?? new Uint8Array())).toMatchObject({ ok: true });
});
