/** Where a box on the page as it is shown lies in the page's own coordinates, and how its contents must be turned to stand upright there. */
import type { AppearanceBox } from './appearance-request.ts';
import { type PdfFile } from './pdf.ts';
import { PdfArray, type PdfDict, PdfReal, type PdfValue, damaged } from './pdf-objects.ts';
import type { PdfPage } from './pdf-pages.ts';

/** How a page is shown: its visible area in its own coordinates, and by how much it is turned clockwise. Lengths in points. */
export interface PageShape {
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
  readonly top: number;
  readonly turned: 0 | 90 | 180 | 270;
  /** As it is shown. */
  readonly width: number;
  readonly height: number;
}

/** A length as it is written: up to three decimals, never with an exponent. */
export function decimal(value: number): PdfReal {
  return new PdfReal(
    value
      .toFixed(3)
      .replace(/\.?0+$/, '')
      .replace(/^-0$/, '0'),
  );
}

/** An attribute that a page may inherit (ISO 32000-1 section 7.7.3.4). Throws PdfRefused when the tree is too deep. */
function inherited(file: PdfFile, page: PdfDict, key: string): PdfValue {
  let dict: PdfDict | undefined = page;
  for (let depth = 0; dict !== undefined; depth += 1) {
    file.budget.checkDepth(depth);
    const value = file.resolve(dict.get(key));
    if (value !== null) return value;
    dict = file.dict(dict.get('Parent'));
  }
  return null;
}

function rectangle(file: PdfFile, value: PdfValue): readonly [number, number, number, number] | undefined {
  const sides = (file.items(value) ?? []).map((item) => {
    const side = file.resolve(item);
    return side instanceof PdfReal ? side.value : typeof side === 'number' ? side : Number.NaN;
  });
  const [x1, y1, x2, y2] = sides;
  if (x1 === undefined || y1 === undefined || x2 === undefined || y2 === undefined || !sides.every(Number.isFinite)) return undefined;
  return [Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)];
}

/** How the page is shown. Throws PdfRefused `damaged` for a page without a size. */
export function pageShape(file: PdfFile, page: PdfPage): PageShape {
  const media = rectangle(file, inherited(file, page.dict, 'MediaBox')) ?? damaged('a page has no size');
  const crop = rectangle(file, inherited(file, page.dict, 'CropBox')) ?? media;
  const [left, bottom] = [Math.max(media[0], crop[0]), Math.max(media[1], crop[1])];
  const [right, top] = [Math.min(media[2], crop[2]), Math.min(media[3], crop[3])];
  if (!(right > left && top > bottom)) damaged('a page has no size');
  const given = inherited(file, page.dict, 'Rotate');
  const turned = (((typeof given === 'number' ? given : 0) % 360) + 360) % 360;
  if (turned !== 0 && turned !== 90 && turned !== 180 && turned !== 270) damaged('a page is turned by something else than a right angle');
  const lying = turned === 90 || turned === 270;
  const [width, height] = lying ? [top - bottom, right - left] : [right - left, top - bottom];
  return { left, bottom, right, top, turned, width, height };
}

/** The box moved, and if need be made smaller, so that all of it lies on the page. */
export function fitBox(shape: PageShape, box: AppearanceBox): AppearanceBox {
  const [width, height] = [Math.min(box.width, shape.width), Math.min(box.height, shape.height)];
  const left = Math.min(Math.max(box.left, 0), shape.width - width);
  const top = Math.min(Math.max(box.top, 0), shape.height - height);
  return { page: box.page, left, top, width, height };
}

export interface BoxPlace {
  /** /Rect of the annotation. */
  readonly rect: PdfArray;
  /** /Matrix of the form, whose box is [0 0 width height] (section 12.5.5, algorithm 8.1). */
  readonly matrix: PdfArray;
}

/** Where a box that lies on the page stands in the page's coordinates. */
export function placeBox(shape: PageShape, { left, top, width, height }: AppearanceBox): BoxPlace {
  const sides = { right: left + width, bottom: top + height };
  const place = (rect: readonly number[], matrix: readonly number[]): BoxPlace => ({
    rect: new PdfArray(rect.map(decimal)),
    matrix: new PdfArray(matrix.map(decimal)),
  });
  switch (shape.turned) {
    case 0:
      return place([shape.left + left, shape.top - sides.bottom, shape.left + sides.right, shape.top - top], [1, 0, 0, 1, 0, 0]);
    case 90:
      return place(
        [shape.left + top, shape.bottom + left, shape.left + sides.bottom, shape.bottom + sides.right],
        [0, 1, -1, 0, height, 0],
      );
    case 180:
      return place(
        [shape.right - sides.right, shape.bottom + top, shape.right - left, shape.bottom + sides.bottom],
        [-1, 0, 0, -1, width, height],
      );
    case 270:
      return place([shape.right - sides.bottom, shape.top - sides.right, shape.right - top, shape.top - left], [0, -1, 1, 0, 0, width]);
  }
}
