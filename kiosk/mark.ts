/** Where the mark goes that the holder places on a page: whole points from the top left corner, always inside the page. */
import type { MarkView } from '../agent/contract/state.ts';

interface Size {
  readonly width: number;
  readonly height: number;
}

export interface PageSpot {
  /** Counted from 1. */
  readonly page: number;
  readonly left: number;
  readonly top: number;
}

function within(wanted: number, side: number, page: number): number {
  const own = Math.floor(Math.min(side, page));
  return Math.max(0, Math.floor(Math.min(wanted, page - own)));
}

/** The mark with its middle at a point of the page; `x` and `y` are parts of its width and height, from 0 to 1. */
export function spotAt(page: number, size: Size, mark: MarkView, x: number, y: number): PageSpot {
  const left = Math.round(x * size.width - mark.width / 2);
  const top = Math.round(y * size.height - mark.height / 2);
  return { page, left: within(left, mark.width, size.width), top: within(top, mark.height, size.height) };
}

/** The mark moved by so many points; it stops at the edges. */
export function moved({ page, left, top }: PageSpot, size: Size, mark: MarkView, right: number, down: number): PageSpot {
  return { page, left: within(left + right, mark.width, size.width), top: within(top + down, mark.height, size.height) };
}
