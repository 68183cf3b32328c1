import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findUnindexed, searchTerms, soughtTerms, termsOf } from '../../../agent/log/blind-index.ts';
import { soughtForms, splitWords, storedForms } from '../../../agent/log/words.ts';
import { makeSealedLog, type SealedLog, subjectOf } from '../../support/log/sealed-log.ts';

describe('words of names', () => {
  it.each([
    ['Müller-Lüdenscheidt, Jörg', ['muller', 'ludenscheidt', 'jorg']],
    ['GROẞ Straße', ['gross', 'strasse']],
    ["O'Brien D’Angelo", ['obrien', 'dangelo']],
    ['Łukasz Ørsted Þór Æsa', ['lukasz', 'orsted', 'thor', 'aesa']],
    ['İpek Işık', ['ipek', 'isik']],
    ['ﬁne Ａｎｎａ', ['fine', 'anna']],
    ['Ὀδυσσεύς ΟΔΥΣΣΕΥΣ', ['οδυσσευσ']],
    ['Ёлкин Андрей', ['елкин', 'андреи']],
    ['أَحْمَد بن إبراهيم', ['احمد', 'بن', 'ابراهيم']],
    ['محمـــد مصطفى', ['محمد', 'مصطفي']],
    ['王小明 Wang', ['王小明', 'wang']],
    ['李Lee', ['李', 'lee']],
    ['AZ 17/2031 ١٧ ۱۷', ['az', '17', '2031']],
    [' \u200f,;\u00b4 ', []],
  ])('%s', (text, words) => {
    expect(splitWords(text)).toEqual(words);
  });

  it('are the same however the text was composed or cased', () => {
    const anyName = fc.string({ unit: 'grapheme', maxLength: 40 });
    fc.assert(
      fc.property(anyName, (text) => {
        expect(splitWords(text.normalize('NFD'))).toEqual(splitWords(text.normalize('NFC')));
        expect(splitWords(text.toUpperCase())).toEqual(splitWords(text));
      }),
    );
    fc.assert(fc.property(anyName, (text) => splitWords(splitWords(text).join(' ')).join() === splitWords(text).join()));
  });

  it('of Chinese are found by any part', () => {
    expect(storedForms('王小明')).toEqual(['王', '小', '明', '王小', '小明']);
    expect(soughtForms('小明')).toEqual(['小明']);
    expect(soughtForms('王')).toEqual(['王']);
    expect(soughtForms('王小明')).toEqual(['王小', '小明']);
  });
});

describe('terms', () => {
  const key = Buffer.alloc(32, 7);

  it('have a known answer', () => {
    const byHand = createHmac('sha256', key).update('countersign/v1/index\noperations\nmuller').digest();
    expect(soughtTerms(key, 'operations', 'Müller')).toEqual([byHand]);
    expect(byHand.toString('hex')).toBe('0c6fde496e56d42780716ad128cb20d4a6feb632d8fdfe6d09b8fe3a66760369');
  });

  it('of another tier or key have nothing in common', () => {
    const of = (with_: Uint8Array, tier: 'operations' | 'audit') =>
      termsOf(with_, tier, { a: 'Anna Berg', b: ['Carl'] }).map((one) => Buffer.from(one).toString('hex'));
    const all = [...of(key, 'operations'), ...of(key, 'audit'), ...of(Buffer.alloc(32, 8), 'audit')];
    expect(new Set(all).size).toBe(12);
    expect(() => of(key.subarray(1), 'audit')).toThrow(RangeError);
  });
});

describe('search', () => {
  let log: SealedLog;
  beforeEach(async () => {
    log = await makeSealedLog();
  });
  afterEach(() => log.remove());

  const people: readonly (readonly [string, string])[] = [
    ['1', 'Jörg Müller'],
    ['2', 'Anna Müller'],
    ['3', '王小明'],
    ['4', 'Ελένη Παπαδοπούλου'],
  ];

  it('finds an entry by all the words that were typed, in any order and case, and in its tier alone', async () => {
    for (const [digit, holder] of people) {
      const { seq } = await log.append(subjectOf(digit), { operations: { holder } });
      await log.index(subjectOf(digit), seq, 'operations', { holder });
    }
    const find = async (text: string, tier: 'operations' | 'audit' = 'operations', limit = 10) =>
      searchTerms(log.database, tier, soughtTerms(await log.indexKey(tier), tier, text), limit);
    expect(await find('muller')).toEqual([2, 1]);
    expect(await find('muller', 'operations', 1)).toEqual([2]);
    expect(await find('MÜLLER anna')).toEqual([2]);
    expect(await find('muller muller')).toEqual([2, 1]);
    expect(await find('小明')).toEqual([3]);
    expect(await find('ΕΛΕΝΗ')).toEqual([4]);
    expect(await find('anna jorg')).toEqual([]);
    expect(await find('  ,')).toEqual([]);
    expect(await find('muller', 'audit')).toEqual([]);
  });

  it('catches up with what was written while the tier was locked, once', async () => {
    await log.append(subjectOf('1'), { operations: { holder: 'Anna' }, audit: { note: '—' } });
    await log.append(subjectOf('2'), { operations: { holder: 'Boris' } });
    const left = () => findUnindexed(log.database, 'operations', 10);
    expect(await left()).toEqual([
      { seq: 1, tier: 'operations', subject: subjectOf('1') },
      { seq: 2, tier: 'operations', subject: subjectOf('2') },
    ]);
    for (let again = 0; again < 2; again++) await log.index(subjectOf('1'), 1, 'operations', { holder: 'Anna' });
    expect((await left()).map(({ seq }) => seq)).toEqual([2]);
    // Fields without any word count as indexed too.
    await log.index(subjectOf('1'), 1, 'audit', { note: '—' });
    expect(await findUnindexed(log.database, 'audit', 10)).toEqual([]);
  });

  it('takes a field of many thousand words', async () => {
    const holder = Array.from({ length: 8000 }, (_, index) => `w${index}`).join(' ');
    await log.append(subjectOf('1'), { operations: { holder } });
    await log.index(subjectOf('1'), 1, 'operations', { holder });
    const terms = soughtTerms(await log.indexKey('operations'), 'operations', 'w7999 w0');
    expect(await searchTerms(log.database, 'operations', terms, 5)).toEqual([1]);
  });
});
