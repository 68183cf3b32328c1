import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openPdf } from '../../../agent/documents/pdf.ts';
import { decodeStream } from '../../../agent/documents/pdf-filters.ts';
import { PdfLexer } from '../../../agent/documents/pdf-lexer.ts';
import {
  PdfArray,
  PdfBudget,
  PdfDict,
  PdfName,
  PdfRef,
  PdfRefused,
  PdfStream,
  PdfString,
  defaultPdfLimits,
} from '../../../agent/documents/pdf-objects.ts';
import { readTextString, serialise, textString } from '../../../agent/documents/pdf-serialise.ts';
import { IncrementalUpdate } from '../../../agent/documents/pdf-writer.ts';
import { handMade, onePage } from '../../support/sample-pdf.ts';

const budget = (): PdfBudget => new PdfBudget(defaultPdfLimits);
const parse = (text: string): unknown => new PdfLexer(Buffer.from(text, 'latin1'), 0, budget(), false).value();
const written = (text: string): string =>
  Buffer.from(serialise(new PdfLexer(Buffer.from(text, 'latin1'), 0, budget(), false).value())).toString('latin1');

describe('the objects of a PDF', () => {
  test('are read as the standard says', () => {
    expect(parse('%comment\n[1 0 R 1 0 -3 +4 007 true null/A#20B]')).toEqual(
      new PdfArray([new PdfRef(1, 0), 1, 0, -3, 4, 7, true, null, new PdfName('A B')]),
    );
    expect(parse('(a\\(b\\)(c)\\101\\7\\\r\nd\r\ne\\n\\q)')).toEqual(
      new PdfString(Uint8Array.from(Buffer.from('a(b)(c)A\x07d\ne\nq')), false),
    );
    expect(parse('<48 65 6C6c 7>')).toMatchObject({ bytes: Uint8Array.from(Buffer.from('Hellp')) });
    expect(parse('<</A<</B[]>>/N null>>')).toEqual(new PdfDict({ A: new PdfDict({ B: new PdfArray([]) }) }));
  });

  test('are not looked for behind the end, wherever a broken file says they stand', () => {
    const far = new Uint8Array(8);
    for (const place of [9, 70_000, Number.MAX_SAFE_INTEGER])
      expect(() => new PdfLexer(far, place, new PdfBudget(defaultPdfLimits), true)).toThrow(PdfRefused);
    const packed = handMade({ objects: onePage({ 5: 'null' }), style: 'stream', hidden: [3, 5] });
    const text = Buffer.from(packed).toString('latin1');
    expect(text).toMatch(/\n3 0 5 \d\d /);
    const moved = Buffer.from(text.replace(/\n3 0 5 \d\d /, '\n3 0 5 99 '), 'latin1');
    expect(() => openPdf(moved).get(new PdfRef(5, 0))).toThrow(PdfRefused);
  });

  test('are written back without a change of meaning', () => {
    expect(written('<</Rect [0.10 -.5 1.000 12345678901234567890]/A#20#2fB (x\\(\\r\\n\\\\)/H <0aFF>>>')).toBe(
      '<</Rect [0.10 -.5 1.000 12345678901234567890]\n/A#20#2fB (x\\(\\r\n\\\\)\n/H <0AFF>>>',
    );
    for (const text of ['plain', 'with (brackets) \\', 'ნინო Müller 王', '']) expect(readTextString(textString(text))).toBe(text);
  });

  test.each([
    '',
    '<<',
    '[1 2',
    '(open',
    '<4G>',
    '<</A>>',
    '<</A 1/A 2>>',
    '1.2.3',
    '--1',
    'nul',
    '/A#00',
    '<<1 2>>',
    '0 0 R',
    '99999999 0 R',
    ')',
    'R',
  ])('are refused when they are none: %s', (text) => {
    expect(() => parse(text)).toThrow(PdfRefused);
  });
});

describe('the filters of structure', () => {
  const decode = (dict: ConstructorParameters<typeof PdfDict>[0], raw: Uint8Array): string =>
    Buffer.from(decodeStream(new PdfStream(new PdfDict(dict), raw), budget(), (value) => value)).toString('latin1');
  const flate = new PdfName('FlateDecode');
  const predict = (kind: number): PdfDict => new PdfDict({ Predictor: kind, Columns: 3 });

  test('undo every PNG predictor and the TIFF one', () => {
    const rows = Buffer.from([0, 97, 98, 99, 1, 97, 1, 1, 2, 0, 0, 1, 3, 49, 1, 1, 4, 0, 0, 1]);
    // none, sub, up, average, Paeth, by hand
    expect(decode({ Filter: flate, DecodeParms: predict(15) }, deflateSync(rows))).toBe('abcabcabdabdabe');
    expect(decode({ Filter: flate, DecodeParms: predict(2) }, deflateSync(Buffer.from([97, 1, 1, 120, 1, 1])))).toBe('abcxyz');
  });

  test('undo ASCIIHex and ASCII85, also one upon the other', () => {
    const twice = Buffer.from(`${Buffer.from('87cURD]i,"Ebo80~>').toString('hex')}>`);
    expect(decode({ Filter: new PdfArray([new PdfName('ASCIIHexDecode'), new PdfName('ASCII85Decode')]) }, twice)).toBe('Hello World!');
  });

  test('refuse what does not decode', () => {
    expect(() => decode({ Filter: flate }, Buffer.from('no zlib'))).toThrow(PdfRefused);
    expect(() => decode({ Filter: flate }, deflateSync(Buffer.alloc(5000)).subarray(0, 12))).toThrow(PdfRefused);
    expect(() => decode({ Filter: flate, DecodeParms: predict(12) }, deflateSync(Buffer.from('12345')))).toThrow(PdfRefused);
    expect(() => decode({ Filter: new PdfName('DCTDecode') }, Buffer.from('x'))).toThrow(PdfRefused);
    expect(() => decode({ Filter: new PdfArray(Array<PdfName>(9).fill(flate)) }, Buffer.from('x'))).toThrow(PdfRefused);
  });
});

describe('an update', () => {
  test('takes object numbers above every number that is referenced anywhere, also by references that lead nowhere', () => {
    const file = openPdf(handMade({ objects: onePage({}, '/PieceInfo 70 0 R'), trailer: '/AdditionalStreams[/x 40 0 R]' }));
    expect(new IncrementalUpdate(file).allocate().num).toBe(71);
  });

  test.each(['table', 'stream'] as const)(
    'is read back with what was changed, in the style of the file (%s), over a hundred updates',
    (style) => {
      let bytes = handMade({ objects: onePage(), style, trailer: '/ID[<00><00>]' });
      for (let round = 1; round <= 100; round += 1) {
        const file = openPdf(bytes);
        const update = new IncrementalUpdate(file);
        const { ref, dict } = file.catalog();
        update.set(ref, dict.with({ Round: round }));
        update.set(update.allocate(), textString(`round ${round}`));
        bytes = new Uint8Array(update.finish(Uint8Array.of(round)).bytes);
      }
      const last = openPdf(bytes);
      expect(last.catalog().dict.get('Round')).toBe(100);
      expect(last.sections.map((section) => section.style)).toEqual(Array(101).fill(style));
      expect(last.items(last.trailer.get('ID'))).toMatchObject([{ bytes: Uint8Array.of(0) }, { bytes: Uint8Array.of(100) }]);
    },
  );
});
