/** The sizes of a document's pages, for whoever places something on them. */
import { pageShape } from './appearance-place.ts';
import { openPdf } from './pdf.ts';
import { defaultPdfLimits } from './pdf-objects.ts';
import { readPages } from './pdf-pages.ts';

/** A page as it is shown: turned by its /Rotate, cut to its crop box; points. */
export interface PageSize {
  readonly width: number;
  readonly height: number;
}

/** All pages in order. Throws PdfRefused for a page without a size. */
export function pageSizes(bytes: Uint8Array): readonly PageSize[] {
  const file = openPdf(bytes, { ...defaultPdfLimits, maxPages: Number.POSITIVE_INFINITY });
  return readPages(file).map((page) => {
    const { width, height } = pageShape(file, page);
    return { width, height };
  });
}
