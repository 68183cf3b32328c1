/** Fonts that a document does not carry with it (ISO 32000-1 section 9.9): another program takes a font of its own, and the text looks different. */
import type { Findings } from './intake-findings.ts';
import type { IntakePolicy } from './intake-policy.ts';
import { type PdfFile } from './pdf.ts';
import type { PdfDict } from './pdf-objects.ts';
import { PdfName, PdfStream, type PdfValue, isName } from './pdf-objects.ts';
import type { OnDict } from './pdf-pages.ts';

/** Kinds of fonts whose glyphs stand in a font file. Type0 fonts lead to one of these, Type3 fonts draw their glyphs themselves. */
const withFile = ['Type1', 'MMType1', 'TrueType', 'CIDFontType0', 'CIDFontType2'];

function isCarried(file: PdfFile, font: PdfDict): boolean {
  const descriptor = file.dict(font.get('FontDescriptor'));
  return ['FontFile', 'FontFile2', 'FontFile3'].some((key) => file.resolve(descriptor?.get(key) ?? null) instanceof PdfStream);
}

/** Gives the judge of single dictionaries: each font, by its type or by its place in the resources of a page. It throws PdfRefused. */
export function judgeFonts(file: PdfFile, policy: IntakePolicy, findings: Findings): OnDict {
  const judge = (value: PdfValue): void => {
    const font = file.dict(value);
    const kind = file.resolve(font?.get('Subtype') ?? null);
    if (font === undefined || !(kind instanceof PdfName) || !withFile.includes(kind.value) || isCarried(file, font)) return;
    const name = file.resolve(font.get('BaseFont'));
    const subject = name instanceof PdfName ? Buffer.from(name.value, 'latin1').toString('utf8') : undefined;
    if (policy.missingFonts === 'refuse') findings.refuse('fonts-not-embedded', subject);
    else findings.remark('missing-fonts', subject);
  };
  return (dict) => {
    if (isName(file.resolve(dict.get('Type')), 'Font')) judge(dict);
    for (const font of file.dict(dict.get('Font'))?.entries.values() ?? []) judge(font);
  };
}
