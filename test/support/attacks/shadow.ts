/** Shadow attacks: the document is prepared before it is signed, so that a harmless change afterwards hides, replaces, or swaps what was read. */
import { streamBody, updated } from '../attack-pdf.ts';
import { unsignedSignature, sealed } from './signed-pdf.ts';
import { type Attack, type AttackClass, bodyOf, changed, signAgain, unreadable } from './attack.ts';
import { look, parts } from './contract.ts';
import { relinked } from './sections.ts';

const other = streamBody('', 'BT /F1 12 Tf (You pay 900 euro.) Tj ET');

/** A change, and then a further signature by somebody who is trusted, so that everything in the file is covered by someone. */
function signedOver(attack: Attack): Attack {
  return {
    ...attack,
    name: `${attack.name}, signed again`,
    make: (sound, cast, others) => signAgain(attack.make(sound, cast, others), cast.mallory),
  };
}

const hiding: readonly Attack[] = [
  {
    name: 'the image over the text is emptied',
    sound: 'contract',
    outcome: changed,
    make: (sound) => updated(sound, { [parts.image]: streamBody('/Type/XObject/Subtype/Form/BBox[0 0 1 1]', '') }),
  },
  {
    name: 'the image over the text is taken off the list',
    sound: 'contract',
    outcome: changed,
    make: (sound) => relinked(sound, parts.image, undefined),
  },
  {
    name: 'the layer is switched off',
    sound: 'contract',
    outcome: changed,
    make: (sound) => updated(sound, { [parts.layers]: bodyOf(sound, parts.layers).replace('/ON[', '/OFF[') }),
  },
];

const replacing: readonly Attack[] = [
  {
    name: 'the outlines of the font',
    sound: 'contract',
    outcome: changed,
    make: (sound) => updated(sound, { [parts.fontFile]: streamBody('', 'the outlines of all LETTERS') }),
  },
  {
    name: 'the font',
    sound: 'contract',
    outcome: changed,
    make: (sound) => updated(sound, { [parts.font]: '<</Type/Font/Subtype/Type1/BaseFont/Symbol>>' }),
  },
  {
    name: 'the look of a filled field',
    sound: 'contract',
    outcome: changed,
    make: (sound) => updated(sound, { [parts.amountLook]: look('900') }),
  },
  {
    name: 'the value of a filled field',
    sound: 'contract',
    outcome: changed,
    make: (sound) => updated(sound, { [parts.amount]: bodyOf(sound, parts.amount).replace('(100)', '(900)') }),
  },
  {
    name: 'the looks of a checkbox exchanged',
    sound: 'contract',
    outcome: changed,
    make: (sound) => updated(sound, { [parts.agreedOff]: look('x') }),
  },
  {
    name: 'the default value and look of the empty field',
    sound: 'contract',
    outcome: changed,
    make: (sound) => updated(sound, { [parts.remark]: bodyOf(sound, parts.remark).replace('/T(', '/DV(900)/MK<</BG[1 0 0]>>/T(') }),
  },
];

const swapping: readonly Attack[] = [
  { name: 'the page leads to contents that nothing led to', sound: 'contract', outcome: changed, make: (sound) => relinkedContents(sound) },
  { name: 'a second catalog', sound: 'contract', outcome: changed, make: (sound) => rooted(sound) },
  {
    name: 'the page tree',
    sound: 'contract',
    outcome: changed,
    make: (sound) =>
      updated(sound, { 2: '<</Type/Pages/Kids[60 0 R]/Count 1>>', 60: bodyOf(sound, 3).replace('/Contents 4', '/Contents 30') }),
  },
];

function relinkedContents(sound: Uint8Array): Uint8Array {
  return updated(sound, { [parts.page]: bodyOf(sound, parts.page).replace('/Contents 4 0 R', '/Contents 30 0 R') });
}

/** Another catalog by the trailer alone. */
function rooted(sound: Uint8Array): Uint8Array {
  const catalog = { 61: bodyOf(sound, parts.catalog).replace('/Pages 2', '/Pages 62'), 62: '<</Type/Pages/Kids[3 0 R]/Count 1>>' };
  return Uint8Array.from(
    Buffer.from(
      Buffer.from(updated(sound, catalog))
        .toString('latin1')
        .replace(/\/Root 1 0 R(?=\/Prev[^R]*$)/, '/Root 61 0 R'),
      'latin1',
    ),
  );
}

/** A signature whose dictionary doubles as a state of the graphics that makes everything transparent. */
function asGraphicsState(sound: Uint8Array): Uint8Array {
  return updated(sound, { 9: bodyOf(sound, 9).replace('/T(Second)', '/T(Second)/V 63 0 R'), 63: unsignedSignature('/ca 0/CA 0') });
}

export const shadows: readonly AttackClass[] = [
  { name: 'shadow attack: hide', attacks: [...hiding, ...hiding.map(signedOver)] },
  { name: 'shadow attack: replace', attacks: [...replacing, ...replacing.map(signedOver)] },
  {
    name: 'shadow attack: hide and replace',
    attacks: [
      ...swapping,
      ...swapping.slice(0, 1).map(signedOver),
      {
        name: 'an object listed at the place of another one',
        sound: 'contract',
        outcome: unreadable,
        make: (sound) => relinked(sound, 4, 30),
      },
    ],
  },
  {
    name: 'shadow attack: a place with two uses',
    attacks: [
      {
        name: 'a box whose ticked look covers the page',
        sound: 'prepared',
        outcome: changed,
        make: (sound) => updated(sound, { [parts.agreed]: bodyOf(sound, parts.agreed).replace('/AS/Off', '/AS/Yes/V/Yes') }),
      },
      { name: 'the metadata is the text of the page', sound: 'prepared', outcome: changed, make: (sound) => updated(sound, { 4: other }) },
      {
        name: 'an empty signature field is a state of the graphics',
        sound: 'prepared',
        outcome: changed,
        make: (sound, { mallory }) => sealed(asGraphicsState(sound), mallory),
      },
    ],
  },
];
