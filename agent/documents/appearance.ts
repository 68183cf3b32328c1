/**
 * The visible appearance of a signature: a form XObject (ISO 32000-1 sections 8.10 and 12.5.5) with name, time, entry, reason, place and a QR code.
 * Nothing in it leaves its box, and it hides nothing of the page but the square of the code.
 */
import { codeBars } from './appearance-code.ts';
import { type Area, Drawing } from './appearance-drawing.ts';
import { EmbeddedFonts, deflated } from './appearance-embed.ts';
import { placeLines } from './appearance-lines.ts';
import { decimal, fitBox, pageShape, placeBox } from './appearance-place.ts';
import type { AppearanceRequest } from './appearance-request.ts';
import { type PdfFile } from './pdf.ts';
import { PdfArray, PdfDict, PdfName, type PdfRef, PdfReal, type PdfValue } from './pdf-objects.ts';
import type { PdfPage } from './pdf-pages.ts';
import type { IncrementalUpdate } from './pdf-writer.ts';

export interface AppearanceForm {
  /** The form XObject: /N of the widget's /AP. */
  readonly form: PdfRef;
  /** The widget's /Rect. */
  readonly rect: PdfArray;
}

/** Points between the frame and what stands in it. */
const padding = 3;
/** Most of the width that the code takes. */
const codeShare = 0.45;

/** Black and white as they are measured, whatever profile the document is printed with: PDF/A-2 and later want gray to be tied to something (ISO 19005-2 section 6.2.4.3). */
const measuredGray = new PdfArray([
  new PdfName('CalGray'),
  new PdfDict({ WhitePoint: new PdfArray([new PdfReal('0.9505'), 1, new PdfReal('1.089')]), Gamma: new PdfReal('2.2') }),
]);

/**
 * Draws the appearance into `update`. The box is moved onto the page where it would reach beyond it. `pdfaPart` is what the document declares
 * (pdfaid:part), if it does. Throws PdfRefused `damaged` for a page whose size cannot be told.
 */
export function appearanceForm(
  file: PdfFile,
  update: IncrementalUpdate,
  page: PdfPage,
  request: AppearanceRequest,
  pdfaPart?: number,
): AppearanceForm {
  const shape = pageShape(file, page);
  const box = fitBox(shape, request.box);
  const { rect, matrix } = placeBox(shape, box);
  const fonts = new EmbeddedFonts();
  const drawing = new Drawing(fonts);
  const whole: Area = { x: 0, y: 0, width: box.width, height: box.height };
  drawing.frame(whole);
  const text = drawCode(drawing, whole, request.content.qr);
  for (const line of placeLines(request.content, text)) drawing.line(line);
  const content = drawing.bytes();
  const resources: Record<string, PdfValue> = { Font: fonts.write(update, pdfaPart === 1) };
  if (pdfaPart !== undefined) resources['ColorSpace'] = new PdfDict({ DefaultGray: measuredGray });
  const form = update.allocate();
  const dict = {
    Type: new PdfName('XObject'),
    Subtype: new PdfName('Form'),
    BBox: new PdfArray([0, 0, box.width, box.height].map(decimal)),
    Matrix: matrix,
    Resources: new PdfDict(resources),
  };
  update.set(form, deflated(dict, content));
  return { form, rect };
}

/** Draws the code at the right, and gives what is left for text. */
function drawCode(drawing: Drawing, whole: Area, code: string | undefined): Area {
  const side = Math.min(whole.height - 2, whole.width * codeShare);
  const bars = code === undefined ? undefined : codeBars(code, side);
  const used = bars === undefined ? 0 : side;
  if (bars !== undefined) {
    drawing.code(bars, { x: whole.width - side - 1, y: (whole.height - side) / 2, width: side, height: side });
  }
  return { x: padding, y: padding, width: Math.max(whole.width - used - 2 * padding, 0), height: Math.max(whole.height - 2 * padding, 0) };
}
