import { describe, expect, it } from 'vitest';
import { exitCode, judge, type Ratio, table } from './ratios.ts';

const ratio = (figure: number, aim: Ratio['aim'], counted?: true): Ratio => ({
  what: 'an append',
  measured: '1 ms',
  yardstick: '2 ms raw',
  ratio: figure,
  aim,
  ...(counted === true ? { counted } : {}),
});

describe('a ratio', () => {
  it.each([
    ['at its highest allowed', ratio(1.7, { atMost: 1.7 }), 'ok'],
    ['a little above it', ratio(1.71, { atMost: 1.7 }), 'MISSED'],
    ['25 % above it', ratio(5, { atMost: 4 }), 'MISSED'],
    ['more than that above it', ratio(5.01, { atMost: 4 }), 'MISSED BY FAR'],
    ['at its lowest allowed', ratio(4, { atLeast: 4 }), 'ok'],
    ['25 % below it', ratio(3, { atLeast: 4 }), 'MISSED'],
    ['more than that below it', ratio(2.99, { atLeast: 4 }), 'MISSED BY FAR'],
    ['counted, and one too many', ratio(21 / 20, { atMost: 1 }, true), 'MISSED BY FAR'],
    ['that is no number', ratio(Number.NaN, { atMost: 1 }), 'MISSED BY FAR'],
    ['over a yardstick of nothing', ratio(Number.POSITIVE_INFINITY, { atMost: 3 }), 'MISSED BY FAR'],
  ])('%s', (_name, one, judgement) => {
    expect(judge(one)).toBe(judgement);
    expect(exitCode([ratio(1, { atMost: 1 }), one])).toBe(judgement === 'MISSED BY FAR' ? 1 : 0);
  });

  it('must be there: a run that measured nothing fails', () => {
    expect(exitCode([])).toBe(1);
  });
});

it('the table says of every line what was measured, beside what, and whether that is enough', () => {
  expect(table([ratio(1.5, { atMost: 1.7 }), ratio(2, { atLeast: 4 }), ratio(12.34, { atLeast: 4 })])).toEqual([
    'what       measured  yardstick  ratio  aim',
    'an append  1 ms      2 ms raw   1.50   <= 1.70  ok',
    'an append  1 ms      2 ms raw   2.00   >= 4.00  MISSED BY FAR',
    'an append  1 ms      2 ms raw   12.3   >= 4.00  ok',
  ]);
});
