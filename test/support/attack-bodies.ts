/** Objects of one-page documents, as they are written, that hold something which intake judges: 1 is the catalog, 3 the page, 9 a drawing or an image. */
import { streamBody } from './attack-pdf.ts';

export const catalog = (extra: string): string => `<</Type/Catalog/Pages 2 0 R${extra}>>`;
export const page = (extra: string): string =>
  `<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Resources<</XObject<</X 9 0 R>>>>/Contents 4 0 R${extra}>>`;
export const mark = (extra: string): string => `<</Type/Annot/Rect[10 10 60 60]${extra}>>`;
export const marked = (extra: string): Record<number, string> => ({ 3: page('/Annots[5 0 R]'), 5: mark(extra) });
export const goTo = '/S/GoTo/D[3 0 R/Fit]';
export const script = '/S/JavaScript/JS(app.alert)';
export const packedFile = { 7: '<</Type/Filespec/F(a.txt)/EF<</F 8 0 R>>>>', 8: streamBody('/Type/EmbeddedFile', 'hello') };
export const layers = (configuration: string, layer = ''): Record<number, string> => ({
  1: catalog(`/OCProperties<</OCGs[5 0 R]/D<<${configuration}>>>>`),
  5: `<</Type/OCG/Name(stamp)${layer}>>`,
});
export const drawing = (extra: string): Record<number, string> => ({
  3: page(''),
  9: streamBody(`/Type/XObject/Subtype/Form/BBox[0 0 9 9]${extra}`, '0 g'),
});
export const picture = (extra: string): Record<number, string> => ({
  3: page(''),
  9: streamBody(`/Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8${extra}`, 'x'),
});

/** A form of one field, which is its own widget; 9 is a drawing. */
export const field = (form: string, extra: string): Record<number, string> => ({
  ...drawing(''),
  1: catalog(`/AcroForm<</Fields[5 0 R]${form}>>`),
  3: page('/Annots[5 0 R]'),
  5: mark(`/Subtype/Widget/T(a)${extra}`),
});

export const onClick = (action: string): Record<number, string> => marked(`/Subtype/Link/A<<${action}>>`);
