import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { appearanceForm } from '../../../agent/documents/appearance.ts';
import { recordCode } from '../../../agent/documents/appearance-code.ts';
import type { AppearanceBox, AppearanceContent } from '../../../agent/documents/appearance-request.ts';
import { openPdf } from '../../../agent/documents/pdf.ts';
import { PdfArray, PdfDict, PdfName } from '../../../agent/documents/pdf-objects.ts';
import { readPages } from '../../../agent/documents/pdf-pages.ts';
import { IncrementalUpdate } from '../../../agent/documents/pdf-writer.ts';
import { cropped, differencesOutside, pageText, rasters, scanned } from '../../support/page-raster.ts';
import { handMade, onePage } from '../../support/sample-pdf.ts';
import { pdffonts, qpdfCheck } from '../../support/validators.ts';

const signedAt = new Date('2026-11-30T17:01:43Z');
const code = recordCode({ origin: 'branch-12.example.org/e1', entry: 1234, leaf: 'a7'.repeat(32) });
const usual: AppearanceContent = {
  name: 'Anna Brandt',
  reason: 'I agree',
  place: 'branch-12.example.org',
  signedAt,
  entry: 1234,
  qr: code,
};
const usualBox: AppearanceBox = { page: 1, left: 40, top: 30, width: 220, height: 80 };

function blank(size = '[0 0 300 140]', extra = ''): Uint8Array {
  const page = `<</Type/Page/Parent 2 0 R/MediaBox${size}/Resources<<>>/Contents 4 0 R${extra}>>`;
  return handMade({ objects: { ...onePage(), 3: page } });
}

interface Drawn {
  readonly box?: AppearanceBox;
  readonly content?: Partial<AppearanceContent>;
}

/** The document with one annotation for each appearance, without any signature. */
function drawn(document: Uint8Array, appearances: readonly Drawn[], pdfaPart?: number): Uint8Array {
  const file = openPdf(document);
  const [page] = readPages(file);
  if (page === undefined) throw new Error('no page');
  const update = new IncrementalUpdate(file);
  const marks = appearances.map(({ box = usualBox, content = {} }) => {
    const { form, rect } = appearanceForm(file, update, page, { box, content: { ...usual, ...content } }, pdfaPart);
    const mark = update.allocate();
    const kind = { Type: new PdfName('Annot'), Subtype: new PdfName('Stamp'), F: 4 };
    update.set(mark, new PdfDict({ ...kind, Rect: rect, AP: new PdfDict({ N: form }) }));
    return mark;
  });
  update.set(page.ref, page.dict.with({ Annots: new PdfArray(marks) }));
  return update.finish(new Uint8Array(16)).bytes;
}

/** Arabic letters that share a body, and letters that are parts of others, stand in one name and in several. */
const names = [
  'Anna Äuüu Unger',
  'Zoë Müller-Žižek',
  'Νίκος Παπαδόπουλος',
  'Дмитро Їжакевич',
  'محمد بن عبد الله',
  'بتثنيپ',
  '欧阳小明',
  'Nguyễn Thị Ánh',
];

describe('what the box says', () => {
  const rows = names.map((name, index) => ({ box: { ...usualBox, top: 10 + 100 * index }, content: { name } }));
  const output = drawn(blank('[0 0 595 842]'), rows);

  test('names in every script are found as text', () => {
    const text = pageText(output);
    for (const name of names) expect(text.normalize('NFC')).toContain(name);
    expect(text).toContain('Signed: 2026-11-30 17:01:43 UTC');
    expect(text).toContain('Entry: 1234');
    expect(text).toContain('Reason: I agree');
    expect(text).toContain('Place: branch-12.example.org');
  });

  test('all its fonts are carried along, as subsets with text, and the file is sound', () => {
    const fonts = pdffonts(output);
    expect(fonts.length).toBeGreaterThan(5);
    for (const { embedded, subset, unicode } of fonts) expect([embedded, subset, unicode]).toEqual([true, true, true]);
    qpdfCheck(output);
    expect(output.length).toBeLessThan(200_000);
  });

  test('the words before each line can be German', () => {
    const text = pageText(drawn(blank(), [{ content: { language: 'de' } }]));
    expect(text).toContain('Signiert: 2026-11-30 17:01:43 UTC');
    expect(text).toContain('Eintrag: 1234');
  });

  test('dots of Arabic letters are drawn, and are no letters of their own', () => {
    const dpi = 200;
    const [withDots] = rasters(drawn(blank(), [{ content: { name: 'ببب' } }]), dpi);
    const [without] = rasters(drawn(blank(), [{ content: { name: 'ٮٮٮ' } }]), dpi);
    if (withDots === undefined || without === undefined) throw new Error('no page');
    const dark = (pixels: Uint8Array) => pixels.filter((value) => value < 128).length;
    const line = { left: 42, top: 31, width: 60, height: 20 };
    expect(dark(cropped(withDots, line, dpi))).toBeGreaterThan(dark(cropped(without, line, dpi)) + 10);
    expect(pageText(drawn(blank(), [{ content: { name: 'ببب' } }]))).toContain('ببب');
  });
});

describe('what the box never does', () => {
  const dpi = 72;
  const zalgo = `Z${'\u0301\u0316\u0337'.repeat(60)}algo`;
  const hostile = ['W'.repeat(5000), zalgo, 'محمد '.repeat(200), '明'.repeat(400), `evil\u202e${'gpj.'.repeat(40)}\u2066\u0000\r\n(`];

  test.each(hostile)('text that is too long stays inside, case %#', (name) => {
    const before = rasters(blank(), dpi)[0];
    const output = drawn(blank(), [{ content: { name, reason: name, place: name } }]);
    const after = rasters(output, dpi)[0];
    if (before === undefined || after === undefined) throw new Error('no page');
    expect(differencesOutside(before, after, usualBox, dpi)).toBe(0);
    expect(differencesOutside(before, after, { ...usualBox, width: 20 }, dpi), 'the comparison sees the box').toBeGreaterThan(0);
    expect(scanned(output, 150)).toBe(code);
    qpdfCheck(output);
  });

  test('a long name is cut with an ellipsis, after it has shrunk', () => {
    const text = pageText(drawn(blank(), [{ content: { name: 'Wolfeschlegelsteinhausenbergerdorff '.repeat(5) } }]));
    expect(text).toMatch(/^Wolfeschlegelsteinhausen\S*…$/m);
    expect(pageText(drawn(blank(), [{ content: { name: 'Wolfeschlegelsteinhausen' } }]))).toMatch(/Wolfeschlegelsteinhausen$/m);
  });

  test('what cannot be seen, and what no font has, stands as its code', () => {
    const text = pageText(
      drawn(blank('[0 0 595 140]'), [{ box: { ...usualBox, width: 500 }, content: { name: 'A\u202eb \u{1f600} 𠮷\u0007' } }]),
    );
    expect(text).toContain('A\\u{202e}b \\u{1f600} \\u{20bb7}\\u{7}');
  });

  test('no text brings it down', () => {
    const text = fc.string({ unit: 'binary', maxLength: 60 });
    fc.assert(
      fc.property(text, text, fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 200 }), (name, reason, width, height) => {
        const output = drawn(blank(), [{ box: { page: 1, left: -20, top: 5, width, height }, content: { name, reason } }]);
        expect(output.length).toBeGreaterThan(500);
      }),
      { numRuns: 15 },
    );
  });
});

describe('where the box stands', () => {
  const dpi = 144;
  const turns = [0, 90, 180, 270, -90, 450];
  /** Visible area of 400 x 300 points, turned, somewhere in a larger sheet. */
  const turned = (turn: number) => {
    const crop = turn % 180 === 0 ? '[50 70 450 370]' : '[50 70 350 470]';
    return blank('[-20 -30 700 800]', `/CropBox${crop}/Rotate ${turn}`);
  };
  const pixels = (document: Uint8Array): Uint8Array => {
    const [page] = rasters(drawn(document, [{}]), dpi);
    if (page === undefined) throw new Error('no page');
    expect([page.width, page.height]).toEqual([800, 600]);
    return cropped(page, usualBox, dpi);
  };
  const meanDifference = (left: Uint8Array, right: Uint8Array) =>
    left.reduce((sum, value, index) => sum + Math.abs(value - (right[index] ?? 0)), 0) / left.length;
  const upright = pixels(turned(0));

  test.each(turns)('on a page turned by %d degrees it is upright in the same place', (turn) => {
    const found = pixels(turned(turn));
    expect(meanDifference(upright, found)).toBeLessThan(12);
    expect(meanDifference(upright, Uint8Array.from(found).reverse()), 'the comparison sees what is upside down').toBeGreaterThan(25);
  });

  test('a page that inherits its size and its turn is placed by them', () => {
    const tree = '<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[50 70 350 470]/Rotate 90>>';
    const page = '<</Type/Page/Parent 2 0 R/Resources<<>>/Contents 4 0 R>>';
    expect(meanDifference(upright, pixels(handMade({ objects: { ...onePage(), 2: tree, 3: page } })))).toBeLessThan(12);
  });

  test('a box that would leave the page is moved onto it', () => {
    const output = drawn(blank(), [{ box: { page: 1, left: 580, top: 900, width: 220, height: 80 } }]);
    expect(pageText(output)).toContain('Anna Brandt');
    expect(scanned(output, 150)).toBe(code);
  });
});

describe('the code', () => {
  test.each([150, 300])('is read by a scanner at %d dpi', (dpi) => expect(scanned(drawn(blank(), [{}]), dpi)).toBe(code));

  test('says where the record is', () => {
    expect(code).toBe(`COUNTERSIGN:V1:BRANCH-12.EXAMPLE.ORG/E1:1234:${'A7'.repeat(32)}`);
  });

  test('is readable for the longest name that a station can have', () => {
    const longest = recordCode({ origin: `${'a'.repeat(96)}/e99`, entry: 9_999_999_999, leaf: 'b'.repeat(64) });
    expect(scanned(drawn(blank(), [{ content: { qr: longest } }]), 300)).toBe(longest);
  });

  test('is left out where it would be too small to be read', () => {
    const output = drawn(blank(), [{ box: { ...usualBox, height: 30 } }]);
    expect(scanned(output, 400)).toBe('');
    expect(pageText(output)).toContain('Anna Brandt');
  });

  test('is read although the page is dark behind it', () => {
    const dark = '0 g 0 0 300 140 re f';
    const page = '<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 140]/Resources<<>>/Contents 4 0 R>>';
    const objects = onePage({ 3: page, 4: `<</Length ${dark.length}>>\nstream\n${dark}\nendstream` });
    expect(scanned(drawn(handMade({ objects }), [{}]), 200)).toBe(code);
  });
});

describe('in PDF/A', () => {
  const raw = (pdfaPart?: number) => Buffer.from(drawn(blank(), [{}], pdfaPart)).toString('latin1');

  test('the first part alone gets the list of codes, and gray is tied to a measure in every part', () => {
    expect([raw(1).includes('/CIDSet'), raw(2).includes('/CIDSet'), raw().includes('/CIDSet')]).toEqual([true, false, false]);
    expect([raw(1).includes('/DefaultGray'), raw(2).includes('/DefaultGray'), raw().includes('/DefaultGray')]).toEqual([true, true, false]);
  });
});
