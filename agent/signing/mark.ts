/** The mark: the box on a page in which a signature is seen, when its place is chosen and when it is drawn. Pure. */
import type { MarkBox, MarkView } from '../contract/state.ts';
import { type Handling, fixedBox, usualBox } from '../documents/document-class.ts';
import type { PageSize } from '../documents/page-sizes.ts';
import type { Context } from './model.ts';

/** The largest whole number of points that a side may have on this page. */
function sides({ width, height }: { readonly width: number; readonly height: number }, page: PageSize): PageSize {
  return { width: Math.floor(Math.min(width, page.width)), height: Math.floor(Math.min(height, page.height)) };
}

/** What the screen is told of the mark, as the class of the document has it; undefined where the signature is invisible. */
export function markOf({ appearance }: Handling, pages: readonly PageSize[]): MarkView | undefined {
  if (appearance === undefined) return undefined;
  const { width = usualBox.width, height = usualBox.height } = appearance;
  const size = { width: Math.round(width), height: Math.round(height) };
  if (appearance.place === 'by-hand') return { ...size, byHand: true };
  const { page, left, top } = fixedBox(appearance, pages.length);
  const found = pages[page - 1];
  if (found === undefined) return undefined;
  const own = sides(size, found);
  const within = (wanted: number, room: number) => Math.floor(Math.max(0, Math.min(wanted, room)));
  const box = { page, left: within(left, found.width - own.width), top: within(top, found.height - own.height), ...own };
  return { ...size, byHand: false, box };
}

/** The box that a holder asks for on the document that is shown; undefined where they may place none, or where it would leave the page. */
export function markAt({ document }: Context, wanted: Pick<MarkBox, 'page' | 'left' | 'top'>): MarkBox | undefined {
  const mark = document?.view.mark;
  const page = document?.pageSizes?.[wanted.page - 1];
  if (mark?.byHand !== true || page === undefined) return undefined;
  const own = sides(mark, page);
  const { left, top } = wanted;
  if (left < 0 || top < 0 || left + own.width > page.width || top + own.height > page.height) return undefined;
  return { page: wanted.page, left, top, ...own };
}
