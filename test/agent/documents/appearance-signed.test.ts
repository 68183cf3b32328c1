import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examine } from '../../../agent/documents/intake.ts';
import { preparePades } from '../../../agent/documents/pades.ts';
import { PdfRefused } from '../../../agent/documents/pdf-objects.ts';
import { verifyPdf } from '../../../agent/documents/verify.ts';
import { cropped, differencesOutside, pageText, rasters, scanned } from '../../support/page-raster.ts';
import { streamBody } from '../../support/attack-pdf.ts';
import { agreement, handMade, onePage, throughQpdf } from '../../support/sample-pdf.ts';
import { type Issued, KeyRing, authority, endEntity, signWith } from '../../support/signing-keys.ts';
import { opensslAccepts, pdfsig, qpdfCheck } from '../../support/validators.ts';

const ring = new KeyRing();
let root: Issued;
let holder: Issued;
beforeAll(() => {
  root = ring.issue('/CN=Test Root/O=Northwind', 'P-256', authority);
  holder = ring.issue('/CN=Anna Brandt', 'P-256', endEntity, root);
});
afterAll(() => ring.end());

/** Right of the text of the agreement's first page, and below each other. */
const boxFor = (number: number, page = 1) => ({ page, left: 330, top: 20 + 90 * number, width: 220, height: 80 });
const code = 'COUNTERSIGN:V1:BRANCH-12.EXAMPLE.ORG/E1:7:00FF';

function sign(document: Uint8Array, name: string, box: ReturnType<typeof boxFor>): Uint8Array {
  const signedAt = new Date();
  const place = 'branch-12.example.org';
  const prepared = preparePades(document, {
    certificate: holder.certificate,
    chain: [root.certificate],
    hash: 'sha256',
    scheme: 'ecdsa',
    signedAt,
    operation: '0191-0001',
    station: place,
    appearance: { box, content: { name, place, signedAt, entry: 7, qr: code } },
  });
  return prepared.finish(signWith(holder.key, 'ecdsa', 'sha256', prepared.message));
}

describe('a visible signature', () => {
  test.each([
    ['a classic table', agreement],
    ['object streams', () => throughQpdf(agreement(), '--object-streams=generate')],
  ])('is accepted by outside judges and leaves earlier ones as they were: %s', (_, document) => {
    const first = sign(document(), 'Anna Brandt', boxFor(0));
    const second = sign(first, 'محمد 王小明', boxFor(1));
    expect(pdfsig(second)).toEqual([
      { verdict: 'Signature is Valid.', whole: false },
      { verdict: 'Signature is Valid.', whole: true },
    ]);
    expect([opensslAccepts(second, root.certificatePath, 0), opensslAccepts(second, root.certificatePath, 1)]).toEqual([true, true]);
    qpdfCheck(second);
    const { signatures } = verifyPdf(second);
    expect(signatures.map(({ intact, changes }) => [intact, changes])).toEqual([
      [true, []],
      [true, []],
    ]);
    expect(pageText(second)).toContain('Anna Brandt');
  });

  test('changes nothing of the pages outside of its box', () => {
    const dpi = 60;
    const before = rasters(agreement(), dpi);
    const after = rasters(sign(agreement(), 'Anna Brandt', boxFor(0, 2)), dpi);
    const different = before.map((page, index) => {
      const drawn = after[index];
      return drawn === undefined
        ? -1
        : differencesOutside(page, drawn, index === 1 ? boxFor(0) : { left: 0, top: 0, width: 0, height: 0 }, dpi);
    });
    expect(different).toEqual(before.map(() => 0));
    const [, second] = [before, after].map((pages) => pages[1]?.pixels ?? new Uint8Array());
    expect(Buffer.compare(before[1]?.pixels ?? new Uint8Array(), second ?? new Uint8Array()), 'the box is there').not.toBe(0);
  });

  test('is taken in again without a remark on its fonts, and its code is read', () => {
    const output = sign(agreement(), 'Дмитро 王小明', boxFor(0));
    const examined = examine(output);
    expect(examined.ok && examined.document.remarks.map((remark) => remark.code)).not.toContain('missing-fonts');
    expect(scanned(output, 150)).toBe(code);
  });

  test('is seen on a form that wants its fields drawn anew, once every field has a look; the first signature decides', () => {
    const box = { page: 1, left: 10, top: 10, width: 200, height: 60 };
    const field = (look: string): string => `<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/Rect[20 20 90 40]/F 4/P 3 0 R${look}>>`;
    const form = (look: string, wants: string): Uint8Array =>
      handMade({
        objects: onePage(
          {
            1: `<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R]${wants}>>>>`,
            5: field(look),
            6: streamBody('/Type/XObject/Subtype/Form/BBox[0 0 70 20]', '0 g 0 0 70 20 re f'),
          },
          '/Annots[5 0 R]',
        ),
      });
    const isSeen = (pdf: Uint8Array): boolean => {
      const [page] = rasters(pdf, 72);
      return page !== undefined && cropped(page, box, 72).some((pixel) => pixel < 128);
    };
    const wants = '/NeedAppearances true';
    const signed = sign(form('/AP<</N 6 0 R>>', wants), 'Anna Brandt', box);
    expect(isSeen(signed)).toBe(true);
    expect(verifyPdf(sign(signed, 'Ben', boxFor(0))).signatures.map(({ changes }) => changes)).toEqual([[], []]);
    // The wish stays where a field would not be seen without it, and where an earlier signature covers it; poppler then draws no signature.
    expect(isSeen(sign(form('', wants), 'Anna Brandt', box))).toBe(false);
    expect(isSeen(sign(form('', ''), 'Anna Brandt', box))).toBe(true);
  });

  test('on a page that is not there is refused', () => {
    expect(() => sign(agreement(), 'Anna Brandt', boxFor(0, 99))).toThrow(PdfRefused);
  });
});
