/** The mark: where it may stand, and that what was placed is what the consent and the signature are given. */
import { describe, expect, test } from 'vitest';
import { markAt, markOf } from '../../../agent/signing/mark.ts';
import type { Context } from '../../../agent/signing/model.ts';
import { placeMark, removeMark } from '../../../agent/signing/steps.ts';
import { openContract } from '../../support/signing/visit-facts.ts';

const pages = [
  { width: 595.28, height: 841.89 },
  { width: 200, height: 60.5 },
];
const byHand = markOf({ appearance: { place: 'by-hand' } }, pages);
const shown = (mark = byHand): Context => {
  const view = mark === undefined ? openContract.view : { ...openContract.view, mark };
  const document = { ...openContract, view, pageSizes: pages };
  return { document, shown: [{ view, fileName: document.fileName }] } as unknown as Context;
};

describe('a place by hand', () => {
  test('is taken where all of the mark lies on the page', () => {
    expect(markAt(shown(), { page: 1, left: 375, top: 761 })).toEqual({ page: 1, left: 375, top: 761, width: 220, height: 80 });
    for (const wrong of [{ left: 376 }, { top: 762 }, { left: -1 }, { top: -1 }, { page: 0 }, { page: 3 }])
      expect(markAt(shown(), { page: 1, left: 375, top: 761, ...wrong })).toBeUndefined();
  });

  test('on a page that is smaller than the mark is cut to the page', () => {
    expect(markAt(shown(), { page: 2, left: 0, top: 0 })).toEqual({ page: 2, left: 0, top: 0, width: 200, height: 60 });
    expect(markAt(shown(), { page: 2, left: 1, top: 0 })).toBeUndefined();
  });

  test('is refused where the class allows none, or has a fixed one', () => {
    const fixed = markOf({ appearance: { place: 'fixed', page: 1, left: 0, top: 0 } }, pages);
    for (const context of [shown(fixed), { document: openContract } as unknown as Context])
      expect(markAt(context, { page: 1, left: 0, top: 0 })).toBeUndefined();
  });

  test('is what the screen shows and what will be agreed to, until it is taken away', () => {
    const box = { page: 1, left: 10, top: 20, width: 220, height: 80 };
    const placed = placeMark(shown(), { page: 1, left: 10, top: 20 });
    expect([placed.document?.view.mark?.box, placed.shown?.[0]?.view.mark?.box]).toEqual([box, box]);
    const removed = removeMark({ ...shown(), ...placed });
    expect([removed.document?.view.mark, removed.shown?.[0]?.view.mark]).toEqual([byHand, byHand]);
  });
});

test.each([
  [
    { page: 1, left: 20.6, top: 30.2 },
    { page: 1, left: 20, top: 30, width: 220, height: 80 },
  ],
  [
    { page: 1, left: 9000, top: 9000 },
    { page: 1, left: 375, top: 761, width: 220, height: 80 },
  ],
  [
    { page: -1, left: 50, top: 50 },
    { page: 2, left: 0, top: 0, width: 200, height: 60 },
  ],
  [
    { page: 9, left: 0, top: 0 },
    { page: 2, left: 0, top: 0, width: 200, height: 60 },
  ],
])('a fixed place %o stands on the page', (place, box) => {
  expect(markOf({ appearance: { place: 'fixed', ...place } }, pages)).toEqual({ width: 220, height: 80, byHand: false, box });
});

test('without a class there is no mark', () => expect(markOf({}, pages)).toBeUndefined());
