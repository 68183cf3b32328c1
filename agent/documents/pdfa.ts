/** Which part of PDF/A a document declares, so that what is added to it keeps to that part. */
import { type PdfFile } from './pdf.ts';
import { decodeStream } from './pdf-filters.ts';
import { PdfStream } from './pdf-objects.ts';

/** pdfaid:part of the document's metadata (ISO 19005-1 section 6.7.11), as an attribute or an element; undefined where there is none. Throws PdfRefused. */
export function declaredPdfaPart(file: PdfFile): number | undefined {
  const metadata = file.resolve(file.catalog().dict.get('Metadata'));
  if (!(metadata instanceof PdfStream)) return undefined;
  const text = Buffer.from(decodeStream(metadata, file.budget, (value) => file.resolve(value))).toString('utf8');
  const part = /\bpdfaid:part(?:\s*=\s*["']|\s*>\s*)(\d)/.exec(text)?.[1];
  return part === undefined ? undefined : Number(part);
}
