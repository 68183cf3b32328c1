import { describe, expect, test } from 'vitest';
import { documentRefusals, problems } from '../../../agent/contract/problems.ts';
import type { Language } from '../../../kiosk/text/catalogue.ts';
import { formatAge, formatEntry, formatNumber, formatSize, formatTime, plural } from '../../../kiosk/text/format.ts';
import { catalogues, languages } from '../../../kiosk/text/languages.ts';

/** Every text of a catalogue with the path to it; functions are asked with the counts that have forms of their own. */
function texts(value: unknown, path: string): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value === 'function') {
    const make = value as (...inputs: unknown[]) => unknown;
    return [0, 1, 2, 5].flatMap((count) => texts(make.length === 1 ? make('7') : make(count, String(count)), `${path}(${count})`));
  }
  if (typeof value === 'object' && value !== null) return Object.entries(value).flatMap(([key, inner]) => texts(inner, `${path}.${key}`));
  throw new Error(`${path} is not a text`);
}

const unwanted: Record<Language, RegExp> = {
  en: /\b(please|sorry|apolog\w*|invalid|oops|whoops|unfortunately|error|failed|illegal|token|digest)\b/i,
  de: /\b(bitte|leider|entschuldig\w*|verzeih\w*|ungültig\w*|hoppla|ups|error|token|digest)\b/i,
};

describe.each(languages)('the texts in $tag', ({ tag }) => {
  const all = texts(catalogues[tag], tag);

  test('none is empty or left open', () => {
    expect(all.length).toBeGreaterThan(200);
    for (const [path, text] of all) {
      expect(text.trim(), path).toBe(text);
      expect(text, path).not.toBe('');
      expect(text, path).not.toMatch(/undefined|\[object|#/);
    }
  });

  test('none pleads, apologises or blames', () => {
    for (const [path, text] of all) expect(text, path).not.toMatch(unwanted[tag]);
  });

  test('none shows a code', () => {
    const codes = [...Object.keys(problems), ...documentRefusals].filter((code) => code.includes('-'));
    const withCode = all.filter(([, text]) => {
      const words = text.toLowerCase().split(/[^a-z-]+/);
      return words.some((word) => codes.includes(word)) || /CKR_|0x[0-9a-f]|\b[A-Z]{3,}_[A-Z]/.test(text);
    });
    expect(withCode).toEqual([]);
  });

  test('every problem has a headline, what happened and what to do', () => {
    const { problems: known, recover } = catalogues[tag].trouble;
    for (const [code, row] of Object.entries(problems)) {
      expect(Object.keys(known)).toContain(code);
      expect(recover[row.recover]).not.toBe('');
    }
    for (const [code, { title, happened }] of Object.entries(known)) {
      expect(title, code).not.toMatch(/[.!]$/);
      expect(happened, code).toMatch(/\.$/);
    }
  });

  test('the outcome is said in words that cannot be confused', () => {
    expect(new Set(Object.values(catalogues[tag].outcome)).size).toBe(4);
  });
});

describe('numbers, sizes and times', () => {
  test('one document is not "1 documents"', () => {
    expect(catalogues.en.start.waiting(1, '1')).toBe('1 document is waiting');
    expect(catalogues.en.start.waiting(2, '2')).toBe('2 documents are waiting');
    expect(catalogues.de.enterPin.tries(1, '1')).toBe('noch 1 Versuch');
    expect(plural('en', 1, '1', { other: '# things' })).toBe('1 things');
  });

  test('numbers are written as the language writes them', () => {
    expect(formatNumber('en', 18_204)).toBe('18,204');
    expect(formatNumber('de', 18_204)).toBe('18.204');
  });

  test('the number of an entry is not cut into thousands', () => {
    expect(formatEntry('en', 18_204)).toBe('18204');
    expect(formatEntry('de', 1_234_567)).toBe('1234567');
  });

  test('an age is told in days, and never in the future', () => {
    const now = Date.parse('2026-11-22T12:00:00Z');
    const ages = ['2026-11-22T12:03:00Z', '2026-11-22T11:00:00Z', '2026-11-21T11:00:00Z', '2026-11-12T13:00:00Z'];
    expect(ages.map((at) => formatAge('en', at, now))).toEqual(['today', 'today', 'yesterday', '9 days ago']);
    expect(ages.map((at) => formatAge('de', at, now))).toEqual(['heute', 'heute', 'gestern', 'vor 9 Tagen']);
  });

  test('sizes are readable', () => {
    expect(formatSize('en', 412)).toBe('412 bytes');
    expect(formatSize('en', 48_210)).toBe('48 kB');
    expect(formatSize('en', 1_840_000)).toBe('1.8 MB');
    expect(formatSize('de', 1_840_000)).toMatch(/^1,8.MB$/);
  });

  test('a time names its second and its zone, in 24 hours', () => {
    const time = formatTime('en', '2026-11-22T18:31:07.412Z', 'UTC');
    expect(time).toContain('18:31:07');
    expect(time).toContain('UTC');
    expect(time).not.toMatch(/[AP]M/);
  });
});
