/** Attacks on certified documents: evil annotations, sneaky signatures, and whatever else a level of certification or a lock does not allow. */
import { streamBody, updated } from '../attack-pdf.ts';
import { type Attack, type AttackClass, type SoundName, bodyOf, changed, failed, signAgain } from './attack.ts';
import { look, parts } from './contract.ts';
import { sealed, unsignedSignature } from './signed-pdf.ts';

const everywhere = '/Rect[0 0 300 200]';

/** The page with one mark more. */
function withMark(sound: Uint8Array, mark: string): Readonly<Record<number, string>> {
  return { [parts.page]: bodyOf(sound, parts.page).replace(/0 R\](?=\/Resources)/, '0 R 70 0 R]'), 70: mark };
}

function evil(level: SoundName, name: string, make: (sound: Uint8Array) => Readonly<Record<number, string>>): Attack {
  return { name: `${name} (${level})`, sound: level, outcome: changed, make: (sound) => updated(sound, make(sound)) };
}

export const textOver = (sound: Uint8Array): Readonly<Record<number, string>> => ({
  ...withMark(sound, `<</Type/Annot/Subtype/FreeText/F 4${everywhere}/AP<</N 71 0 R>>/Contents(900)>>`),
  71: look('900'),
});
const stamp = (sound: Uint8Array): Readonly<Record<number, string>> => ({
  ...withMark(sound, `<</Type/Annot/Subtype/Stamp/F 4${everywhere}/AP<</N 71 0 R>>>>`),
  71: look('900'),
});

/** A further signature in a field of its own, with a mark in this place; `signature` still waits for its value. */
export function sneaky(sound: Uint8Array, rect: string, more = '', signature = unsignedSignature()): Uint8Array {
  const field = `<</Type/Annot/Subtype/Widget/FT/Sig/T(Third)/F 132/P 3 0 R${rect}/V 72 0 R/AP<</N 71 0 R>>${more}>>`;
  return updated(sound, {
    ...withMark(sound, field),
    [parts.form]: bodyOf(sound, parts.form).replace('13 0 R]', '13 0 R 70 0 R]'),
    71: look('900'),
    72: signature,
  });
}

function sneaking(level: SoundName, name: string, rect: string, more = ''): Attack {
  return {
    name: `${name} (${level})`,
    sound: level,
    outcome: changed,
    make: (sound, { mallory }) => sealed(sneaky(sound, rect, more), mallory),
  };
}

/** The empty field, filled in. */
export function filledIn(sound: Uint8Array): Uint8Array {
  return updated(sound, { [parts.remark]: bodyOf(sound, parts.remark).replace('/T(remark)', '/T(remark)/V(900)') });
}

/** The empty field, filled in with a look that does more than write text. */
function coveredBy(sound: Uint8Array, drawn: string): Uint8Array {
  const field = bodyOf(sound, parts.remark).replace('/T(remark)', '/T(remark)/V(ok)/AP<</N 71 0 R>>');
  return updated(sound, { [parts.remark]: field, 71: streamBody('/Type/XObject/Subtype/Form/BBox[0 0 80 20]', `BT (ok) Tj ET ${drawn}`) });
}

export const evilAnnotations: AttackClass = {
  name: 'evil annotation attack',
  attacks: [
    ...(['certified-1', 'certified-2', 'certified-3', 'contract'] as const).flatMap((level) => [
      evil(level, 'text over the page', textOver),
      evil(level, 'a stamp over the page', stamp),
    ]),
    evil('certified-3', 'a mark taken away', (sound) => ({ [parts.page]: bodyOf(sound, parts.page).replace(' 16 0 R]', ']') })),
    evil('certified-3', 'a note that says something else', (sound) => ({
      [parts.note]: bodyOf(sound, parts.note).replace('A note', 'No note'),
    })),
    evil('certified-3', 'a note that grows over the page', (sound) => ({
      [parts.note]: bodyOf(sound, parts.note).replace(/\/Rect\[[^\]]*\]/, everywhere),
    })),
  ],
};

export const sneakySignatures: AttackClass = {
  name: 'sneaky signature attack',
  attacks: [
    ...(['certified-1', 'certified-2', 'certified-3'] as const).map((level) =>
      sneaking(level, 'a further signature whose mark covers the page', everywhere),
    ),
    sneaking('certified-1', 'a further signature without a mark where nothing may follow', '/Rect[0 0 0 0]'),
    sneaking('certified-2', 'a further signature that acts', '/Rect[0 0 0 0]', '/AA<</E<</S/JavaScript/JS(app.alert(1))>>>>'),
    sneaking('contract', 'a further signature that acts', '/Rect[0 0 0 0]', '/A<</S/URI/URI(https://example.org)>>'),
    {
      name: 'a signature field without a signature whose mark covers the page',
      sound: 'certified-2',
      outcome: changed,
      make: (sound) =>
        updated(sound, {
          ...withMark(sound, `<</Type/Annot/Subtype/Widget/FT/Sig/T(Third)/F 132${everywhere}/AP<</N 71 0 R>>>>`),
          [parts.form]: bodyOf(sound, parts.form).replace('13 0 R]', '13 0 R 70 0 R]'),
          71: look('900'),
        }),
    },
    {
      name: 'the prepared field, signed and moved over the page',
      sound: 'certified-2',
      outcome: changed,
      make: (sound, { mallory }) => {
        const field = bodyOf(sound, parts.secondField)
          .replace(/\/Rect\[[^\]]*\]/, everywhere)
          .replace('/T(Second)', '/T(Second)/V 72 0 R/AP<</N 71 0 R>>');
        return sealed(updated(sound, { [parts.secondField]: field, 71: look('900'), 72: unsignedSignature() }), mallory);
      },
    },
    {
      name: 'a field with the name of one that is there',
      sound: 'contract',
      outcome: changed,
      make: (sound, { mallory }) =>
        sealed(
          Uint8Array.from(
            Buffer.from(Buffer.from(sneaky(sound, '/Rect[0 0 0 0]')).toString('latin1').replace('/T(Third)', '/T(First)'), 'latin1'),
          ),
          mallory,
        ),
    },
    {
      name: 'a further signature that holds nothing',
      sound: 'contract',
      outcome: failed,
      make: (sound, { mallory }) => signAgain(sneaky(sound, everywhere), mallory),
    },
  ],
};

export const locks: AttackClass = {
  name: 'certification and locks',
  attacks: [
    { name: 'a field filled in where nothing may follow', sound: 'certified-1', outcome: changed, make: filledIn },
    ...(['0 0 80 20 re f', '/Im1 Do', 'q 500 w 0 0 m 80 0 l S Q', 'BI /W 1 /H 1 ID w EI', '/G gs'] as const).map((drawn): Attack => {
      const covered = (sound: Uint8Array): Uint8Array => coveredBy(sound, drawn);
      return { name: `a field filled in with what covers the page: ${drawn}`, sound: 'certified-2', outcome: changed, make: covered };
    }),
    {
      name: 'a field filled in that is locked',
      sound: 'locked',
      outcome: changed,
      make: (sound, { mallory }) => signAgain(filledIn(sound), mallory),
    },
    { name: 'a field filled in where the signed field locks all', sound: 'locked-by-field', outcome: changed, make: filledIn },
    { name: 'a field filled in, and signed by nobody', sound: 'contract', outcome: changed, namesNoChange: true, make: filledIn },
    {
      name: 'the certification taken out of the catalog',
      sound: 'certified-1',
      outcome: changed,
      make: (sound) => updated(sound, { 1: bodyOf(sound, 1).replace('/Perms<</DocMDP 5 0 R>>', '') }),
    },
    {
      name: 'another signature made the certifying one',
      sound: 'contract',
      outcome: changed,
      make: (sound) => updated(sound, { 1: bodyOf(sound, 1).replace('/Pages', '/Perms<</DocMDP 5 0 R>>/Pages') }),
    },
    {
      name: 'the lock taken off the field',
      sound: 'locked-by-field',
      outcome: changed,
      make: (sound) => updated(sound, { 6: bodyOf(sound, 6).replace(/\/Lock<<.*?>>/, '') }),
    },
  ],
};
