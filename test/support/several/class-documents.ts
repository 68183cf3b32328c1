/** Documents for classes that wish something of the signature: forms with fields that wait, and files that are no PDF. */
import { handMade, onePage } from '../sample-pdf.ts';

/** A page with empty signature fields, each with more words of its own; the text makes its bytes differ from any other's. */
export function formWith(text: string, fields: Readonly<Record<string, string>>): Uint8Array {
  const entries = Object.entries(fields);
  const refs = entries.map((_, index) => `${5 + index} 0 R`).join(' ');
  const widget = (index: number): string => `/Type/Annot/Subtype/Widget/Rect[20 ${20 + 60 * index} 180 ${70 + 60 * index}]/F 4/P 3 0 R`;
  const objects = Object.fromEntries(entries.map(([name, more], index) => [5 + index, `<<${widget(index)}/FT/Sig/T(${name})${more}>>`]));
  const catalog = `<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[${refs}]>>>>`;
  const contents = `q 20 20 100 60 re 0.4 g f Q % ${text}`;
  const body = `<</Length ${contents.length}>>\nstream\n${contents}\nendstream`;
  return handMade({ objects: { ...onePage({ 1: catalog, 4: body }, `/Annots[${refs}]`), ...objects } });
}

/** A page without any field. */
export function pageOf(text: string): Uint8Array {
  const contents = `q 20 20 100 60 re 0.4 g f Q % ${text}`;
  return handMade({ objects: onePage({ 4: `<</Length ${contents.length}>>\nstream\n${contents}\nendstream` }) });
}
