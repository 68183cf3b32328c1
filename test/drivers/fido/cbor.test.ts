import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CborError, CborFields, type CborValue, decodeCbor, decodeFirstCbor, encodeCbor } from '../../../drivers/fido/cbor.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => Buffer.from(text, 'hex');

describe('CTAP2 canonical CBOR', () => {
  test('keys stand in the order that CTAP asks for: by type, then length, then bytes', () => {
    const map = new Map<number | string, CborValue>([
      ['b', 1],
      ['aa', 2],
      [-1, 3],
      [24, 4],
      [3, 5],
    ]);
    expect(hex(encodeCbor(map))).toBe('a50305181804200361620162616102');
  });

  test('a Buffer is written as bytes, also deep inside', () => {
    expect(hex(encodeCbor([new Map([['id', Buffer.from([1, 2])]])]))).toBe('81a1626964420102');
  });

  test.each([
    ['keys out of order', 'a203010102'],
    ['a key twice', 'a201010102'],
    ['a number longer than it need be', '1801'],
    ['an indefinite length', 'bf0102ff'],
    ['something behind the item', 'a000'],
    ['an end too early', '4201'],
    ['nothing at all', ''],
    ['too many levels', '818181818181818181818101'],
  ])('%s is refused', (_, text) => {
    expect(() => decodeCbor(bytes(text))).toThrow(CborError);
  });

  const key = fc.oneof(fc.integer({ min: -100_000, max: 100_000 }), fc.string({ maxLength: 30 }));
  const { value: values } = fc.letrec<{ value: CborValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.maxSafeInteger().filter((number) => !Object.is(number, -0)),
      fc.string({ maxLength: 40, unit: 'grapheme' }),
      fc.boolean(),
      fc.uint8Array({ maxLength: 300 }),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.uniqueArray(fc.tuple(key, tie('value')), { maxLength: 4, selector: ([name]) => name }).map((entries) => new Map(entries)),
    ),
  }));

  test('what was written is read as the same, and only from the very same bytes', () => {
    fc.assert(
      fc.property(values, (value) => {
        const written = encodeCbor(value);
        const read = decodeCbor(written);
        expect(read).toEqual(value);
        expect(hex(encodeCbor(read as CborValue))).toBe(hex(written));
      }),
    );
  });

  test('the first item of several is read with its length', () => {
    expect(decodeFirstCbor(bytes('a10102a10304'))).toEqual({ value: new Map([[1, 2]]), length: 3 });
    expect(() => decodeFirstCbor(bytes(''))).toThrow(CborError);
  });

  test('a field of the wrong type is refused, and a missing one is told apart from it', () => {
    const fields = new CborFields(
      new Map<number, unknown>([
        [1, 'text'],
        [2, 1.5],
      ]),
      'answer',
    );
    expect(() => fields.bytes(1)).toThrow(expect.objectContaining({ missing: false }));
    expect(() => fields.integer(2)).toThrow(expect.objectContaining({ missing: false }));
    expect(() => fields.map(1)).toThrow(CborError);
    expect(() => fields.list(1)).toThrow(CborError);
    expect(() => fields.bytes(3)).toThrow(expect.objectContaining({ missing: true }));
    expect(fields.optionalText(3)).toBeUndefined();
    expect(fields.text(1)).toBe('text');
    expect(() => new CborFields('text', 'answer')).toThrow(CborError);
  });
});
