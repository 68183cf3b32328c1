/** PDFs as they come, put together by chance: every version, every kind of cross-reference, forms and marks wherever they may stand. */
import { type HandMade, handMade, onePage, throughQpdf } from './sample-pdf.ts';

export interface GeneratedPdf {
  readonly bytes: Uint8Array;
  /** What it is made of, for whoever reads a failure. */
  readonly what: string;
  /** Names of the empty signature fields in it. */
  readonly fields: readonly string[];
}

const oldVersions = ['1.0', '1.1', '1.2', '1.3', '1.4', '1.5', '1.6', '1.7', '2.0'];
const newVersions = ['1.5', '1.6', '1.7', '2.0'];
const layouts = ['table', 'stream', 'tiff stream', 'hybrid', 'packed', 'linearized'] as const;
const forms = ['none', 'in the catalog', 'alone', 'with a list of its own', 'with a field that waits', 'with two'] as const;
const marks = ['none', 'in the page', 'alone', 'empty'] as const;
const id = '/ID[<00112233445566778899AABBCCDDEEFF><00112233445566778899AABBCCDDEEFF>]';
const link = '<</Type/Annot/Subtype/Link/Rect[10 10 20 20]/Border[0 0 0]>>';

/** `chance` gives a number from 0 to below its limit. */
export function generatedPdf(chance: (limit: number) => number): GeneratedPdf {
  const pick = <T>(list: readonly T[]): T => {
    const found = list[chance(list.length)];
    if (found === undefined) throw new Error('nothing to pick');
    return found;
  };
  const [layout, form, mark, rotate] = [pick(layouts), pick(forms), pick(marks), pick([0, 90, 180, 270])];
  const version = pick(layout === 'table' || layout === 'linearized' ? oldVersions : newVersions);
  const fields = form === 'with a field that waits' ? ['Holder'] : form === 'with two' ? ['Seller', 'Buyer'] : [];
  const widgets = fields.map((name, index): readonly [number, string] => [
    10 + index,
    `<</Type/Annot/Subtype/Widget/FT/Sig/T(${name})/Rect[9 9 99 49]/F 4/P 3 0 R>>`,
  ]);
  const refs = widgets.map(([num]) => `${num} 0 R`).join(' ');
  const all = mark === 'none' || mark === 'empty' ? refs : `7 0 R ${refs}`;
  const annotations = all === '' && mark === 'none' ? '' : mark === 'alone' ? '/Annots 6 0 R' : `/Annots[${all}]`;
  const formOf: Readonly<Record<string, string>> = {
    none: '',
    'in the catalog': '/AcroForm<</Fields[]>>',
    alone: '/AcroForm 8 0 R',
    'with a list of its own': '/AcroForm 8 0 R',
  };
  const catalogForm = fields.length > 0 ? `/AcroForm<</Fields[${refs}]/SigFlags 1>>` : (formOf[form] ?? '');
  const objects: Record<number, string> = {
    ...onePage(
      {
        1: `<</Type/Catalog/Pages 2 0 R${catalogForm}>>`,
        2: '<</Type/Pages/Kids[5 0 R 12 0 R]/Count 2>>',
        5: '<</Type/Pages/Parent 2 0 R/Kids[3 0 R]/Count 1>>',
        12: '<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Resources<<>>>>',
      },
      `/Rotate ${rotate}${annotations}`,
    ),
    ...(mark === 'alone' ? { 6: `[${all}]` } : {}),
    ...(all.startsWith('7') ? { 7: link } : {}),
    ...(form === 'alone' ? { 8: '<</Fields[]/SigFlags 0>>' } : {}),
    ...(form === 'with a list of its own' ? { 8: '<</Fields 9 0 R>>', 9: '[]' } : {}),
    ...Object.fromEntries(widgets),
  };
  objects[3] = (objects[3] ?? '').replace('/Parent 2 0 R', '/Parent 5 0 R');
  const made: HandMade = { objects, header: `%PDF-${version}`, trailer: pick([id, '', `${id}/Additional[/x 77 0 R]`]) };
  const numbers = Object.keys(objects).map(Number);
  // What a hybrid file hides is for readers that know where to look: pages are not, or old readers (and poppler) find none.
  const hidden = numbers.filter((num) => (layout === 'hybrid' ? num > 5 && num < 12 : num !== 1 && num !== 4));
  return {
    bytes: inLayout(made, layout, hidden),
    what: `PDF ${version}, ${layout}, form ${form}, marks ${mark}, turned by ${rotate}`,
    fields,
  };
}

function inLayout(made: HandMade, layout: (typeof layouts)[number], hidden: readonly number[]): Uint8Array {
  switch (layout) {
    case 'table':
      return handMade(made);
    case 'stream':
      return handMade({ ...made, style: 'stream' });
    case 'tiff stream':
      return handMade({ ...made, style: 'stream', predictor: 2 });
    case 'hybrid':
      return hidden.length === 0 ? handMade(made) : handMade({ ...made, hidden });
    case 'packed':
      return handMade({ ...made, hidden, style: 'stream' });
    case 'linearized':
      return throughQpdf(handMade({ ...made, trailer: '' }), '--linearize');
  }
}
