/**
 * A signed contract on one page with everything that attackers like: a form with a filled and an empty field, a checkbox, an empty signature field, a
 * layer, a font, an image that lies over the text, a note, and an object that nothing leads to.
 */
import { streamBody } from '../attack-pdf.ts';
import type { Issued } from '../signing-keys.ts';
import { signedByHand, transform, unsignedSignature } from './signed-pdf.ts';

export const contractKinds = ['contract', 'certified-1', 'certified-2', 'certified-3', 'locked', 'locked-by-field', 'prepared'] as const;
export type ContractKind = (typeof contractKinds)[number];

const references: Readonly<Record<ContractKind, string>> = {
  contract: '',
  prepared: transform('DocMDP', '/P 2'),
  'certified-1': transform('DocMDP', '/P 1'),
  'certified-2': transform('DocMDP', '/P 2'),
  'certified-3': transform('DocMDP', '/P 3'),
  locked: transform('FieldMDP', '/Action/Include/Fields[(remark)]'),
  'locked-by-field': '',
};

/** Objects of the contract, by what they are. */
export const parts = {
  catalog: 1,
  pages: 2,
  page: 3,
  contents: 4,
  signature: 5,
  signatureField: 6,
  amount: 7,
  remark: 8,
  secondField: 9,
  form: 10,
  layers: 11,
  layer: 12,
  agreed: 13,
  agreedOff: 14,
  agreedOn: 15,
  note: 16,
  font: 20,
  image: 21,
  descriptor: 22,
  fontFile: 23,
  amountLook: 24,
  unreached: 30,
} as const;

export const look = (text: string): string => streamBody('/Type/XObject/Subtype/Form/BBox[0 0 80 20]', `BT /F1 12 Tf (${text}) Tj ET`);

/** The contract, signed by `signer` in the field "First". */
export function contract(kind: ContractKind, signer: Issued): Uint8Array {
  const certified = kind.startsWith('certified') || kind === 'prepared';
  const lock = kind === 'locked-by-field' ? '/Lock<</Type/SigFieldLock/Action/All>>' : '';
  const widget = (rect: string): string => `/Type/Annot/Subtype/Widget/F 4/P 3 0 R/Rect[${rect}]`;
  // In the prepared one, places that look harmless lead to where the text of the page is drawn from.
  const traps = kind === 'prepared' ? '/ExtGState 9 0 R' : '';
  const text = 'BT /F1 12 Tf (You get 100 euro.) Tj ET /Im1 Do';
  return signedByHand(
    {
      objects: {
        1: `<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R/OCProperties 11 0 R${certified ? '/Perms<</DocMDP 5 0 R>>' : ''}${
          kind === 'prepared' ? '/Metadata 4 0 R' : ''
        }>>`,
        2: '<</Type/Pages/Kids[3 0 R]/Count 1>>',
        3: `<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Annots[6 0 R 7 0 R 8 0 R 9 0 R 13 0 R 16 0 R]/Resources<</Font<</F1 20 0 R>>/XObject<</Im1 21 0 R>>/Properties<</L 12 0 R>>${traps}>>>>`,
        4: streamBody('', kind === 'prepared' ? `/V gs ${text}` : text),
        5: unsignedSignature(references[kind]),
        6: `<<${widget('0 0 0 0')}/FT/Sig/T(First)/V 5 0 R${lock}>>`,
        7: `<<${widget('10 10 90 30')}/FT/Tx/T(amount)/V(100)/AP<</N 24 0 R>>>>`,
        8: `<<${widget('10 40 90 60')}/FT/Tx/T(remark)>>`,
        9: `<<${widget('10 70 90 90')}/FT/Sig/T(Second)>>`,
        10: '<</Fields[6 0 R 7 0 R 8 0 R 9 0 R 13 0 R]/SigFlags 3/DA(/F1 12 Tf)>>',
        11: '<</OCGs[12 0 R]/D<</ON[12 0 R]/Order[12 0 R]>>>>',
        12: '<</Type/OCG/Name(Terms)>>',
        13: `<<${widget('10 100 30 120')}/FT/Btn/T(agreed)/AS/Off/AP<</N<</Off 14 0 R/Yes 15 0 R>>>>>>`,
        14: look(' '),
        15: kind === 'prepared' ? streamBody('/Type/XObject/Subtype/Form/BBox[0 0 20 20]', '1 g 0 0 20 20 re f') : look('x'),
        16: '<</Type/Annot/Subtype/Text/F 4/Rect[200 10 220 30]/Contents(A note)>>',
        20: '<</Type/Font/Subtype/TrueType/BaseFont/Sample/FontDescriptor 22 0 R>>',
        21: streamBody('/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray', 'w'),
        22: '<</Type/FontDescriptor/FontName/Sample/Flags 32/FontFile2 23 0 R>>',
        23: streamBody('', 'the outlines of all letters'),
        24: look('100'),
        30: streamBody('', 'BT /F1 12 Tf (You pay 900 euro.) Tj ET'),
      },
      trailer: '/ID[<00><00>]',
    },
    signer,
  );
}
