/** Plain changes behind a signature, and tricks with the structure of the file: object streams, cross-references, chains of revisions. */
import { streamBody, updated } from '../attack-pdf.ts';
import { handMade, onePage } from '../sample-pdf.ts';
import { type Attack, type AttackClass, bodyOf, changed, failed, signAgain, unreadable } from './attack.ts';
import { parts } from './contract.ts';
import { looped, overlapping, renamed, skipping } from './sections.ts';
import { unsignedSignature } from './signed-pdf.ts';

function update(name: string, bodies: (sound: Uint8Array) => Readonly<Record<number, string>>): Attack {
  return { name, sound: 'contract', outcome: changed, make: (sound) => updated(sound, bodies(sound)) };
}

/** Allowed, had somebody signed it. */
const unsigned: typeof update = (name, bodies) => ({ ...update(`${name}, and nobody signed for it`, bodies), namesNoChange: true });

const replacedIn = (num: number, from: string | RegExp, to: string) => (sound: Uint8Array) => ({
  [num]: bodyOf(sound, num).replace(from, to),
});

export const changes: AttackClass = {
  name: 'what was signed is changed',
  attacks: [
    update('the contents of a page', () => ({ 4: streamBody('', 'BT (900) Tj ET') })),
    update('a page turned', replacedIn(parts.page, '/Parent', '/Rotate 180/Parent')),
    update('a page cut', replacedIn(parts.page, '/Parent', '/CropBox[0 0 100 100]/Parent')),
    update('a page added', (sound) => ({
      2: '<</Type/Pages/Kids[3 0 R 60 0 R]/Count 2>>',
      60: bodyOf(sound, 3).replace(/\/Annots\[[^\]]*\]/, ''),
    })),
    update('an action when the document opens', replacedIn(parts.catalog, '/Pages', '/OpenAction<</S/JavaScript/JS(x)>>/Pages')),
    update('a file packed into the document', replacedIn(parts.catalog, '/Pages', '/Names<</EmbeddedFiles<</Names[(a) 80 0 R]>>>>/Pages')),
    update('a dynamic form beside the form', replacedIn(parts.form, '/SigFlags', '/XFA 80 0 R/SigFlags')),
    update('fields that programs draw anew', replacedIn(parts.form, '/SigFlags', '/NeedAppearances true/SigFlags')),
    update('the form without its signatures', replacedIn(parts.form, '/SigFlags 3', '/SigFlags 0')),
    { ...update('the field of the signature taken away', replacedIn(parts.form, '[6 0 R ', '[')), outcome: 'NO-SIGNATURE' },
    update('fields in another order', replacedIn(parts.form, '7 0 R 8 0 R', '8 0 R 7 0 R')),
    update('a layer with another name', () => ({ [parts.layer]: '<</Type/OCG/Name(Old terms)>>' })),
    update('the proofs hold a page', replacedIn(parts.catalog, '/Pages', '/DSS<</Type/DSS/Certs[4 0 R]/Page 3 0 R>>/Pages')),
    update('the proofs lead on', (sound) => ({
      ...replacedIn(parts.catalog, '/Pages', '/DSS<</Certs[80 0 R]>>/Pages')(sound),
      80: streamBody('/Next 3 0 R', 'x'),
    })),
    unsigned('the title', (sound) => ({
      ...replacedIn(parts.catalog, '/Pages', '/Metadata 80 0 R/Pages')(sound),
      80: streamBody('/Type/Metadata/Subtype/XML', '<x/>'),
    })),
  ],
};

/** A document whose page stands in an object stream, signed; number 5 is the object stream. */
function packed(): Uint8Array {
  return handMade({ objects: onePage(), hidden: [2, 3], style: 'stream' });
}

export const structures: AttackClass = {
  name: 'tricks of structure',
  attacks: [
    {
      name: 'the object stream of a signed page is exchanged',
      sound: 'once',
      outcome: changed,
      make: (_, { ada }) => {
        const signed = signAgain(packed(), ada);
        const body = bodyOf(signed, 5).replace('/Type/Pages', '/Rotate 180');
        return updated(signed, { 5: body });
      },
    },
    {
      name: 'the signature stands in an object stream',
      sound: 'once',
      outcome: failed,
      make: () =>
        handMade({
          objects: onePage({
            1: '<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R]/SigFlags 3>>>>',
            5: '<</FT/Sig/T(First)/V 6 0 R>>',
            6: unsignedSignature(),
          }),
          hidden: [6],
          style: 'stream',
        }),
    },
    {
      name: 'two cross-references to overlapping bytes',
      sound: 'once',
      outcome: changed,
      make: (sound, { mallory }) => signAgain(overlapping(sound), mallory),
    },
    { name: 'revisions that form a loop', sound: 'once', outcome: unreadable, make: looped },
    {
      name: 'a revision that passes over those that were signed',
      sound: 'twice',
      outcome: changed,
      make: (sound, { mallory }) => signAgain(skipping(sound), mallory),
    },
    { name: 'a document that becomes another one', sound: 'contract', outcome: changed, make: renamed },
  ],
};
