/** Documents that others have signed, before us and after us: what they signed still holds when we are done, and the other way round. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examine } from '../../agent/documents/intake.ts';
import { verifyPdf } from '../../agent/documents/verify.ts';
import { CorpusBench } from '../support/corpus-bench.ts';
import { ForeignSigners } from '../support/foreign-signers.ts';
import { agreement, handMade, onePage, throughQpdf } from '../support/sample-pdf.ts';
import { bitFlips } from '../support/tampering.ts';
import { accepting } from '../support/validators/judges.ts';

let bench: CorpusBench;
let others: ForeignSigners;
beforeAll(() => {
  bench = new CorpusBench();
  others = new ForeignSigners(bench.signer.ring, bench.signer.root);
});
afterAll(() => bench.end());

const everyone = ['pdfsig', 'openssl', 'pdfbox', 'mutool'];

/** A page with a signature field that waits, object 5. */
function waiting(): Uint8Array {
  const catalog = '<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R]/SigFlags 1>>>>';
  const field = '<</Type/Annot/Subtype/Widget/FT/Sig/T(Here)/Rect[20 20 200 80]/F 4/P 3 0 R>>';
  return handMade({ objects: onePage({ 1: catalog, 5: field }, '/Annots[5 0 R]') });
}

/** What our verification says of each signature: its verdict, and what was changed after it. */
function verdicts(pdf: Uint8Array): readonly (readonly [string, readonly string[]])[] {
  return verifyPdf(pdf, { trust: bench.signer.trust }).signatures.map(({ verdict, changes }) => [verdict, changes] as const);
}

const passed = ['TOTAL-PASSED', []] as const;

describe('a document that was signed by', () => {
  const made: Readonly<Record<string, () => Uint8Array>> = {
    poppler: () => others.poppler(agreement()),
    'poppler, with object streams': () => others.poppler(throughQpdf(agreement(), '--object-streams=generate')),
    'poppler, in a field that waits': () => others.popplerInField(waiting(), 'Here'),
    LibreOffice: () => others.office('<h1>Signed</h1>'),
  };

  test.each(Object.keys(made))(
    '%s is signed further, and every judge accepts both; when it was changed before, it is refused',
    async (name) => {
      const signed = made[name]?.() ?? new Uint8Array();
      expect(verdicts(signed)).toEqual([passed]);
      expect(await bench.try(bench.put('signed.pdf', signed))).toMatchObject({ acceptedBy: everyone, troubles: [] });
      for (const [, changed] of bitFlips(signed, 20, 1000, 6, 5)) expect(examine(changed)).toMatchObject({ ok: false });
    },
  );

  test('MuPDF is signed further; its SHA-1 is not believed, and that is said', async () => {
    const signed = others.mupdf(waiting(), 5);
    expect(verdicts(signed)).toEqual([['INDETERMINATE', []]]);
    expect(examine(signed)).toMatchObject({ ok: true, document: { remarks: [{ code: 'unchecked-signatures' }] } });
    const further = bench.signer.sign(signed);
    expect(verdicts(further)).toEqual([['INDETERMINATE', []], passed]);
    expect(accepting(await bench.judges.ask(bench.put('further.pdf', further), 2))).toEqual(everyone);
  });
});

describe('a document of ours that was signed further by', () => {
  test.each([
    ['poppler', () => others.poppler(bench.signer.sign(agreement()))],
    ['poppler, with object streams', () => others.poppler(bench.signer.sign(throughQpdf(agreement(), '--object-streams=generate')))],
  ])('%s holds, in our verification and in theirs', async (_, made) => {
    const both = made();
    expect(verdicts(both)).toEqual([passed, passed]);
    expect(accepting(await bench.judges.ask(bench.put('both.pdf', both), 2))).toEqual(everyone);
  });
});
