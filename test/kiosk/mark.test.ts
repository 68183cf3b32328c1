/** Where a touch and the keys put the signature: always whole points inside the page. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { moved, spotAt } from '../../kiosk/mark.ts';

const mark = { width: 220, height: 80, byHand: true };
const page = { width: 595.28, height: 841.89 };

test('the middle of the mark goes where the page was touched, and stops at the edges', () => {
  expect(spotAt(3, page, mark, 0.5, 0.5)).toEqual({ page: 3, left: 188, top: 381 });
  expect(spotAt(3, page, mark, 0, 0)).toEqual({ page: 3, left: 0, top: 0 });
  expect(spotAt(3, page, mark, 1, 1)).toEqual({ page: 3, left: 375, top: 761 });
  expect(moved({ page: 3, left: 370, top: 5 }, page, mark, 12, -12)).toEqual({ page: 3, left: 375, top: 0 });
});

test('it never leaves the page, whatever its size', () => {
  const side = fc.double({ min: 10, max: 3000, noNaN: true });
  const part = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(side, side, part, part, fc.integer({ min: -50, max: 50 }), (width, height, x, y, by) => {
      const size = { width, height };
      for (const spot of [spotAt(1, size, mark, x, y), moved(spotAt(1, size, mark, x, y), size, mark, by, by)]) {
        expect([Number.isInteger(spot.left), Number.isInteger(spot.top)]).toEqual([true, true]);
        expect(Math.min(spot.left, spot.top)).toBeGreaterThanOrEqual(0);
        expect(spot.left + Math.floor(Math.min(mark.width, width))).toBeLessThanOrEqual(width);
        expect(spot.top + Math.floor(Math.min(mark.height, height))).toBeLessThanOrEqual(height);
      }
    }),
  );
});
