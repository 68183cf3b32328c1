import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  fitsPattern,
  fixedBox,
  handlingOf,
  refusedByRules,
  signatureWishes,
  type DocumentRules,
} from '../../../agent/documents/document-class.ts';

describe('a pattern of file names', () => {
  test.each([
    ['*.pdf', 'Contract.PDF', true],
    ['contract-??.pdf', 'contract-12.pdf', true],
    ['contract-??.pdf', 'contract-1.pdf', false],
    ['*vertrag*', 'Miet-Vertrag (1).pdf', true],
    ['contract', 'contract.pdf', false],
    ['a.b', 'axb', false],
    ['[a]+$', 'aa', false],
    ['*', '', true],
    ['?', '𠮷', true],
    ['', 'a', false],
  ])('%s with %s: %s', (pattern, name, fits) => expect(fitsPattern(pattern, name)).toBe(fits));

  test('means the same as a regular expression, and takes no longer for a hostile name', () => {
    const letter = fc.constantFrom('a', 'b', '*', '?');
    fc.assert(
      fc.property(fc.array(letter, { maxLength: 8 }), fc.array(fc.constantFrom('a', 'b'), { maxLength: 10 }), (pattern, name) => {
        const expression = pattern.map((one) => (one === '*' ? '.*' : one === '?' ? '.' : one)).join('');
        expect(fitsPattern(pattern.join(''), name.join(''))).toBe(new RegExp(`^${expression}$`).test(name.join('')));
      }),
    );
    const start = performance.now();
    expect(fitsPattern('*a'.repeat(100), `${'a'.repeat(250)}b`)).toBe(false);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('the rules for a document', () => {
  const rules: DocumentRules = {
    missingFonts: 'refuse',
    classes: [
      { name: 'Invoices', files: 'invoice-*', embeddedFiles: 'allow', missingFonts: 'warn' },
      { name: 'Anything', files: '*.pdf', certify: true, reason: 'I agree' },
    ],
  };
  const fonts = { code: 'missing-fonts', subjects: ['Arial'] } as const;
  const packed = { code: 'embedded-files', subjects: [] } as const;

  test('are those of the first class that fits, and of the station where the class says nothing', () => {
    expect(handlingOf(rules, 'invoice-7.pdf')).toMatchObject({ name: 'Invoices', missingFonts: 'warn' });
    expect(handlingOf(rules, 'letter.pdf')).toMatchObject({ name: 'Anything', missingFonts: 'refuse' });
    expect(handlingOf(rules, 'letter.txt')).toEqual({ missingFonts: 'refuse' });
    expect(signatureWishes(handlingOf(rules, 'letter.pdf'))).toEqual({ certify: true, reason: 'I agree' });
    expect(signatureWishes(handlingOf(rules, 'invoice-7.pdf'))).toEqual({});
  });

  test('decide what is refused, and name it', () => {
    expect(refusedByRules(handlingOf(rules, 'invoice-7.pdf'), [packed, fonts])).toBeUndefined();
    expect(refusedByRules(handlingOf(rules, 'letter.pdf'), [packed])?.refusal).toBe('embedded-files');
    expect(refusedByRules(handlingOf(rules, 'letter.pdf'), [fonts])).toMatchObject({ refusal: 'fonts-not-embedded', subject: 'Arial' });
    expect(refusedByRules(handlingOf({}, 'letter.pdf'), [fonts])).toBeUndefined();
    expect(refusedByRules(handlingOf({}, 'letter.pdf'), [packed])?.refusal).toBe('embedded-files');
  });
});

test.each([
  [1, 3, 1],
  [-1, 3, 3],
  [-2, 3, 2],
  [5, 3, 3],
  [-5, 3, 1],
])('page %d of %d is page %d', (page, pages, found) => {
  const box = fixedBox({ place: 'fixed', page, left: 10, top: 20 }, pages);
  expect(box).toEqual({ page: found, left: 10, top: 20, width: 220, height: 80 });
});
