/** What a document carries beside its pages: media, packed files, parts that stand elsewhere, marks that are shown and printed differently. */
import type { Findings } from './intake-findings.ts';
import { hasNames } from './intake-actions.ts';
import type { IntakePolicy } from './intake-policy.ts';
import { type PdfFile } from './pdf.ts';
import type { PdfDict } from './pdf-objects.ts';
import { PdfName, PdfReal, PdfStream, type PdfValue, isName } from './pdf-objects.ts';
import type { OnDict } from './pdf-pages.ts';

const mediaKinds = ['RichMedia', 'Screen', 'Movie', 'Sound', '3D', 'Projection'];
/** Marks that nobody expects on paper. */
const screenKinds = ['Link', 'Popup', 'Widget', 'Text'];

/** Flags of annotations (ISO 32000-1 table 165). */
const [hidden, print, noView] = [2, 4, 32];

function isEmptyBox(file: PdfFile, box: PdfValue): boolean {
  const sides = (file.items(box) ?? []).map((item) => {
    const side = file.resolve(item);
    return side instanceof PdfReal ? side.value : typeof side === 'number' ? side : 0;
  });
  const [left = 0, bottom = 0, right = 0, top = 0] = sides;
  return left === right || bottom === top;
}

/** Marks that stand on paper and not on the screen are not read by whoever signs. */
function judgeMark(file: PdfFile, dict: PdfDict, kind: string, findings: Findings): void {
  const given = file.resolve(dict.get('F'));
  const flags = typeof given === 'number' ? given : 0;
  if ((flags & hidden) !== 0 || isEmptyBox(file, dict.get('Rect'))) return;
  if ((flags & noView) !== 0 && (flags & print) !== 0) findings.refuse('hidden-content');
  if ((flags & (noView | print)) === 0 && dict.get('AP') !== null && !screenKinds.includes(kind)) findings.remark('screen-only-marks');
}

function judgeStream(file: PdfFile, dict: PdfDict, kind: PdfValue, findings: Findings): void {
  // The bytes of the stream are in another file (section 7.3.8.2).
  if (dict.get('F') !== null || dict.get('FFilter') !== null) findings.refuse('external-content');
  const form = isName(kind, 'Form');
  // A page of another file in place of this one (section 8.10.4), and images that a print shop puts in (section 14.11.7).
  if (form && dict.get('Ref') !== null) findings.refuse('external-content');
  if ((form || isName(kind, 'Image')) && dict.get('OPI') !== null) findings.refuse('external-content');
  // PostScript is for printers alone (section 8.8.2).
  if (isName(kind, 'PS') || (form && isName(file.resolve(dict.get('Subtype2')), 'PS'))) findings.refuse('hidden-content');
  // Another image for paper than for the screen (section 8.9.5.4).
  for (const other of file.items(dict.get('Alternates')) ?? []) {
    if (file.resolve(file.dict(other)?.get('DefaultForPrinting') ?? null) === true) findings.refuse('hidden-content');
  }
}

function holdsStream(file: PdfFile, value: PdfValue): boolean {
  return [...(file.dict(value)?.entries.values() ?? [])].some((entry) => file.resolve(entry) instanceof PdfStream);
}

/** Judges what the catalog says at once, and gives the judge of single dictionaries. Both throw PdfRefused. */
export function judgeContent(file: PdfFile, policy: IntakePolicy, findings: Findings): OnDict {
  const packed = (): void => (policy.embeddedFiles === 'allow' ? findings.remark('embedded-files') : findings.refuse('embedded-files'));
  const catalog = file.catalog().dict;
  if (hasNames(file, file.dict(catalog.get('Names'))?.get('EmbeddedFiles') ?? null)) packed();
  // A portfolio: viewers show a list of its files instead of the pages (section 12.3.5).
  if (catalog.get('Collection') !== null) findings.refuse('embedded-files');
  if (hasNames(file, file.dict(catalog.get('Names'))?.get('Renditions') ?? null)) findings.refuse('rich-media');
  const form = file.dict(catalog.get('AcroForm'));
  if (form !== undefined && form.get('XFA') !== null) findings.refuse('dynamic-form');
  if (file.resolve(catalog.get('NeedsRendering')) === true) findings.refuse('dynamic-form');
  const rights = file.dict(catalog.get('Perms'));
  if (rights !== undefined && (rights.get('UR3') !== null || rights.get('UR') !== null)) findings.remark('usage-rights');

  return (dict, stream) => {
    const kind = file.resolve(dict.get('Subtype'));
    if (kind instanceof PdfName) {
      if (mediaKinds.includes(kind.value)) findings.refuse('rich-media');
      if (kind.value === 'FileAttachment') packed();
      if (stream === undefined && file.items(dict.get('Rect')) !== undefined) judgeMark(file, dict, kind.value, findings);
    }
    if (isName(file.resolve(dict.get('Type')), 'EmbeddedFile') || holdsStream(file, dict.get('EF'))) packed();
    if (stream !== undefined) judgeStream(file, dict, kind, findings);
    if (['Tx', 'Btn', 'Ch'].some((type) => isName(file.resolve(dict.get('FT')), type))) findings.remark('form-fields');
  };
}
