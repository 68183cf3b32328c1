/** Active content: each attack in every disguise is refused by its name, and the same file with the attack taken out is accepted. */
import { describe, expect, test } from 'vitest';
import type { DocumentRefusal } from '../../../agent/contract/problems.ts';
import { examine } from '../../../agent/documents/intake.ts';
import { type IntakePolicy, defaultIntakePolicy } from '../../../agent/documents/intake-policy.ts';
import {
  catalog,
  page,
  mark,
  marked,
  goTo,
  script,
  packedFile,
  layers,
  drawing,
  picture,
  field,
  onClick,
} from '../../support/attack-bodies.ts';
import { disguises, streamBody } from '../../support/attack-pdf.ts';

interface Attack {
  readonly name: string;
  readonly refusal: DocumentRefusal;
  /** Objects that are set; 1 is the catalog, 3 the page. */
  readonly bodies: Readonly<Record<number, string>>;
  /** What makes it harmless when the one is put in the place of the other, everywhere. */
  readonly harmless: readonly [string, string];
  readonly policy?: Partial<IntakePolicy>;
}

const clicked = (name: string, refusal: DocumentRefusal, action: string): Attack => ({
  name: `${name} on a click`,
  refusal,
  bodies: onClick(action),
  harmless: [action, goTo],
});

const attacks: readonly Attack[] = [
  { name: 'a script on opening', refusal: 'scripts', bodies: { 1: catalog(`/OpenAction<<${script}>>`) }, harmless: [script, goTo] },
  {
    name: 'a script by name, in a stream',
    refusal: 'scripts',
    bodies: {
      1: catalog('/Names 5 0 R'),
      5: '<</JavaScript<</Kids[6 0 R]>>>>',
      6: '<</Names[(a) 7 0 R]/Limits[(a)(a)]>>',
      7: '<</S/JavaScript/JS 8 0 R>>',
      8: streamBody('', 'app.alert(1)'),
    },
    harmless: ['JavaScript', 'Pages'],
  },
  { name: 'a script when a page opens', refusal: 'scripts', bodies: { 3: page(`/AA<</O<<${script}>>>>`) }, harmless: [script, goTo] },
  clicked('a script', 'scripts', script),
  {
    name: 'a script in a field that is typed into',
    refusal: 'scripts',
    bodies: {
      1: catalog('/AcroForm<</Fields[5 0 R]>>'),
      3: page('/Annots[5 0 R]'),
      5: mark(`/Subtype/Widget/FT/Tx/T(a)/AA<</K<<${script}>>>>`),
    },
    harmless: [script, goTo],
  },
  {
    name: 'a script behind an entry of the outline',
    refusal: 'scripts',
    bodies: {
      1: catalog('/Outlines 5 0 R'),
      5: '<</First 6 0 R/Last 6 0 R/Count 1>>',
      6: '<</Title(a)/Parent 5 0 R/A 7 0 R>>',
      7: `<<${script}>>`,
    },
    harmless: [script, goTo],
  },
  {
    name: 'a script at the end of a chain of actions that leads back to its start',
    refusal: 'scripts',
    bodies: { ...marked('/Subtype/Link/A 6 0 R'), 6: `<<${goTo}/Next[7 0 R 6 0 R]>>`, 7: `<<${script}/Next 6 0 R>>` },
    harmless: [script, goTo],
  },
  {
    name: 'a kind of action that stands in an object of its own',
    refusal: 'scripts',
    bodies: { ...marked('/Subtype/Link/A<</S 6 0 R/D[3 0 R/Fit]/JS 7 0 R>>'), 6: '/JavaScript', 7: streamBody('', 'app.alert(1)') },
    harmless: ['/JavaScript', '/GoTo'],
  },
  { ...clicked('a link to a script', 'scripts', '/S/URI/URI(java\tscript:alert)'), harmless: ['java\tscript:alert', 'https:example.org'] },
  clicked('a program', 'launches-programs', '/S/Launch/F(calc.exe)'),
  clicked('a form that is sent', 'sends-data', '/S/SubmitForm/F(http:example.org)'),
  clicked('data that are fetched', 'external-content', '/S/ImportData/F(a.fdf)'),
  clicked('another document', 'external-content', '/S/GoToR/F(a.pdf)/D[0/Fit]'),
  clicked('a packed document', 'external-content', '/S/GoToE/D[0/Fit]/T<</R/C/N(a)>>'),
  clicked('a file beside the document', 'external-content', '/S/URI/URI(file:a.pdf)'),
  clicked('a rendition', 'rich-media', '/S/Rendition/OP 0'),
  clicked('a sound', 'rich-media', '/S/Sound'),
  clicked('a film', 'rich-media', '/S/Movie'),
  clicked('a view of 3D', 'rich-media', '/S/GoTo3DView'),
  clicked('a command to media', 'rich-media', '/S/RichMediaExecute'),
  clicked('a layer that is switched', 'hidden-content', '/S/SetOCGState/State[/Toggle 5 0 R]'),
  clicked('a mark that disappears', 'hidden-content', '/S/Hide/T(a)'),
  ...['RichMedia', 'Screen', 'Movie', 'Sound', '3D'].map((kind): Attack => ({
    name: `an annotation of kind ${kind}`,
    refusal: 'rich-media',
    bodies: marked(`/Subtype/${kind}`),
    harmless: [`/Subtype/${kind}`, '/Subtype/Square'],
  })),
  {
    name: 'a link that is followed on opening',
    refusal: 'acts-when-opened',
    bodies: { 1: catalog('/OpenAction 5 0 R'), 5: '<</S/URI/URI(https:example.org)>>' },
    harmless: ['/S/URI/URI(https:example.org)', goTo],
  },
  {
    name: 'a second action on opening, behind a plain one',
    refusal: 'acts-when-opened',
    bodies: { 1: catalog(`/OpenAction<<${goTo}/Next<</S/Named/N/Print>>>>`) },
    harmless: ['/N/Print', '/N/LastPage'],
  },
  {
    name: 'an action when the document closes',
    refusal: 'acts-when-opened',
    bodies: { 1: catalog('/AA<</WC 5 0 R>>'), 5: '<</S/Named/N/SaveAs>>' },
    harmless: ['/SaveAs', '/NextPage'],
  },
  {
    name: 'an XFA form',
    refusal: 'dynamic-form',
    bodies: { 1: catalog('/AcroForm 5 0 R'), 5: '<</Fields[]/XFA 6 0 R>>', 6: streamBody('', '<xdp/>') },
    harmless: ['/XFA 6', '/Xfa 6'],
  },
  {
    name: 'a form that is drawn anew',
    refusal: 'dynamic-form',
    bodies: { 1: catalog('/NeedsRendering true') },
    harmless: ['true', 'false'],
  },
  {
    name: 'a file under a name',
    refusal: 'embedded-files',
    bodies: { 1: catalog('/Names<</EmbeddedFiles<</Names[(a) 7 0 R]>>>>'), ...packedFile },
    harmless: ['/Names[(a) 7 0 R]', '/Names[]'],
  },
  {
    name: 'a file on a page',
    refusal: 'embedded-files',
    bodies: { ...marked('/Subtype/FileAttachment/FS 7 0 R'), ...packedFile },
    harmless: ['/Subtype/FileAttachment/FS 7 0 R', '/Subtype/Square'],
  },
  {
    name: 'a file that belongs to the document',
    refusal: 'embedded-files',
    bodies: { 1: catalog('/AF[7 0 R]'), ...packedFile },
    harmless: ['/AF[7 0 R]', '/AF[]'],
  },
  {
    name: 'a portfolio, also where packed files are allowed',
    refusal: 'embedded-files',
    bodies: { 1: catalog('/Collection<</View/D>>') },
    harmless: ['/Collection', '/Kollection'],
    policy: { embeddedFiles: 'allow' },
  },
  {
    name: 'a page whose content is in another file',
    refusal: 'external-content',
    bodies: { 4: streamBody('/F(other.txt)', '') },
    harmless: ['/F(other.txt)', ''],
  },
  {
    name: 'a drawing that is a page of another file',
    refusal: 'external-content',
    bodies: drawing('/Ref<</F(a.pdf)/Page 0>>'),
    harmless: ['/Ref', '/Rex'],
  },
  {
    name: 'an image that a print shop replaces',
    refusal: 'external-content',
    bodies: picture('/OPI<</1.3<</F(a.tif)>>>>'),
    harmless: ['/OPI', '/Opi'],
  },
  {
    name: 'another image on paper',
    refusal: 'hidden-content',
    bodies: picture('/Alternates[<</Image 9 0 R/DefaultForPrinting true>>]'),
    harmless: ['true', 'false'],
  },
  {
    name: 'a drawing for printers alone',
    refusal: 'hidden-content',
    bodies: drawing('/Subtype2/PS'),
    harmless: ['/Subtype2/PS', ''],
  },
  { name: 'a layer that is off', refusal: 'hidden-content', bodies: layers('/OFF[5 0 R]'), harmless: ['/OFF[5 0 R]', '/OFF[]'] },
  { name: 'layers that are off unless named', refusal: 'hidden-content', bodies: layers('/BaseState/OFF'), harmless: ['/OFF', '/ON'] },
  {
    name: 'a layer that is not printed',
    refusal: 'hidden-content',
    bodies: layers('/AS[<</Event/Print/Category[/Print]/OCGs[5 0 R]>>]', '/Usage<</Print<</PrintState/OFF>>>>'),
    harmless: ['/PrintState/OFF', '/PrintState/ON'],
  },
  {
    name: 'a layer that comes with the size',
    refusal: 'hidden-content',
    bodies: layers('/AS[<</Event/View/Category[/Zoom]/OCGs[5 0 R]>>]', '/Usage<</Zoom<</min 4>>>>'),
    harmless: ['/Category[/Zoom]', '/Category[]'],
  },
  {
    name: 'content that is there when a layer is off',
    refusal: 'hidden-content',
    bodies: { ...layers(''), ...drawing('/OC 6 0 R'), 6: '<</Type/OCMD/OCGs 5 0 R/P/AllOff>>' },
    harmless: ['/AllOff', '/AllOn'],
  },
  {
    name: 'content under an expression that does not hold',
    refusal: 'hidden-content',
    bodies: { ...layers(''), ...drawing('/OC 6 0 R'), 6: '<</Type/OCMD/VE[/And 5 0 R[/Not[/Or 5 0 R]]]>>' },
    harmless: ['/Not', '/And'],
  },
  {
    name: 'a mark that is printed and not shown',
    refusal: 'hidden-content',
    bodies: marked('/Subtype/Stamp/F 36'),
    harmless: ['/F 36', '/F 4'],
  },
  { name: 'a value that is not drawn', refusal: 'hidden-content', bodies: field('', '/FT/Tx/V(100)'), harmless: ['/V(100)', '/V()'] },
  {
    name: 'a value in UTF-16 that is not drawn',
    refusal: 'hidden-content',
    bodies: field('', '/FT/Tx/V<FEFF0041>'),
    harmless: ['/V<FEFF0041>', '/V<FEFF>'],
  },
  {
    name: 'a value that is inherited and not drawn',
    refusal: 'hidden-content',
    bodies: { ...field('', '/FT/Tx'), 5: '<</FT/Ch/T(a)/V[(b)]/Kids[6 0 R]>>', 6: mark('/Subtype/Widget/Parent 5 0 R') },
    harmless: ['/V[(b)]', '/V[]'],
  },
  {
    name: 'a value that each program draws for itself',
    refusal: 'hidden-content',
    bodies: field('/NeedAppearances true', '/FT/Tx/V(100)/AP<</N 9 0 R>>'),
    harmless: ['true', 'false'],
  },
  {
    name: 'a box that is ticked in its value and not in its drawing',
    refusal: 'hidden-content',
    bodies: field('', '/FT/Btn/V/Yes/AS/Off/AP<</N<</Yes 9 0 R/Off 9 0 R>>>>'),
    harmless: ['/AS/Off', '/AS/Yes'],
  },
  {
    name: 'a box that is ticked in its drawing and not in its value',
    refusal: 'hidden-content',
    bodies: field('', '/FT/Btn/AS/Yes/AP<</N<</Yes 9 0 R/Off 9 0 R>>>>'),
    harmless: ['/AS/Yes', ''],
  },
  {
    name: 'a font that is not carried, where that is refused',
    refusal: 'fonts-not-embedded',
    bodies: {
      3: page('/Q<</Font<</F 5 0 R>>>>'),
      5: '<</Type/Font/Subtype/TrueType/BaseFont/Arial/FontDescriptor 6 0 R>>',
      6: '<</A 4 0 R>>',
    },
    harmless: ['/A 4 0 R', '/FontFile2 4 0 R'],
    policy: { missingFonts: 'refuse' },
  },
];

function outcome(bytes: Uint8Array, policy: Partial<IntakePolicy> = {}): string {
  const examined = examine(bytes, { ...defaultIntakePolicy, ...policy });
  return examined.ok ? 'ok' : examined.refusal;
}

describe.each(Object.entries(disguises))('%s', (_, disguise) => {
  test.each(attacks)('$name is refused as $refusal', ({ refusal, bodies, harmless: [attack, harmless], policy }) => {
    expect(outcome(disguise(bodies), policy)).toBe(refusal);
    const control = Object.entries(bodies).map(([num, body]) => {
      const length = /\/Length \d+/.exec(body)?.[0];
      return [num, length === undefined ? body.replaceAll(attack, harmless) : body.replace(attack, harmless)];
    });
    expect(control).not.toEqual(Object.entries(bodies));
    expect(outcome(disguise(Object.fromEntries(control) as Record<number, string>), policy)).toBe('ok');
  });
});
