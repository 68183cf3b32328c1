/** Incremental saving attacks, which append another version of the document, and signature wrapping, which moves signed bytes and puts others between. */
import { streamBody, updated } from '../attack-pdf.ts';
import { type AttackClass, behind, bodyOf, changed, edited, failed, signAgain, unreadable } from './attack.ts';
import { parts } from './contract.ts';

const forgedPage = streamBody('', 'BT /F1 12 Tf (You pay 900 euro.) Tj ET');
const forgedObject = `4 0 obj\n${forgedPage}\nendobj\n`;

function startOf(sound: Uint8Array): string {
  return /startxref\n(\d+)\n%%EOF\n$/.exec(Buffer.from(sound).toString('latin1'))?.[1] ?? '';
}

export const saved: AttackClass = {
  name: 'incremental saving attack',
  attacks: [
    {
      name: 'another page content, with cross-references and trailer',
      sound: 'once',
      outcome: changed,
      make: (sound) => updated(sound, { 4: forgedPage }),
    },
    {
      name: 'without cross-references and trailer',
      sound: 'once',
      outcome: 'UNREADABLE junk-after-end',
      make: (sound) => behind(sound, forgedObject),
    },
    {
      name: 'without cross-references, the end of the file repeated',
      sound: 'once',
      outcome: changed,
      make: (sound) => behind(sound, `${forgedObject}startxref\n${startOf(sound)}\n%%EOF\n`),
    },
    {
      name: 'with a trailer and no cross-references',
      sound: 'once',
      outcome: unreadable,
      make: (sound) =>
        behind(sound, `${forgedObject}trailer\n<</Size 9/Root 1 0 R/Prev ${startOf(sound)}>>\nstartxref\n${sound.length}\n%%EOF\n`),
    },
    {
      name: 'with a copy of the signature in the new revision',
      sound: 'contract',
      outcome: failed,
      make: (sound) => updated(sound, { 4: forgedPage, 5: bodyOf(sound, 5) }),
    },
    {
      name: 'an object that no cross-reference lists, in front of a further signature',
      sound: 'once',
      outcome: changed,
      make: (sound, { mallory }) => signAgain(behind(sound, `${forgedObject}startxref\n${startOf(sound)}\n%%EOF\n`), mallory),
    },
    {
      name: 'the same by the hand of a second signer, properly listed',
      sound: 'once',
      outcome: changed,
      make: (sound, { mallory }) => signAgain(updated(sound, { 4: forgedPage }), mallory),
    },
    {
      name: 'an update that changes nothing',
      sound: 'once',
      outcome: changed,
      namesNoChange: true,
      make: (sound) => updated(sound, { 90: 'null' }),
    },
    { name: 'one space behind the end', sound: 'once', outcome: changed, namesNoChange: true, make: (sound) => behind(sound, ' ') },
    { name: 'a remark behind the end', sound: 'once', outcome: 'UNREADABLE junk-after-end', make: (sound) => behind(sound, '% nothing\n') },
  ],
};

/** The signed bytes behind the place of the signature, moved back to make room for others; the byte range follows them where it can. */
function wrapped(sound: Uint8Array, between: string, follow: boolean): Uint8Array {
  const text = Buffer.from(sound).toString('latin1');
  const found = /\/ByteRange \[0 (\d+) (\d+) (\d+) *\]/.exec(text);
  const [start = 0, second = 0, rest = 0] = (found?.slice(1) ?? []).map(Number);
  const moved = Buffer.from(text.slice(0, second) + between + text.slice(second), 'latin1');
  const bytes = Uint8Array.from(moved);
  if (!follow) return bytes;
  return edited(bytes, /\/ByteRange \[[^\]]*\]/, () => `/ByteRange [0 ${start} ${second + between.length} ${rest}]`);
}

export const wrapping: AttackClass = {
  name: 'signature wrapping',
  attacks: [
    {
      name: 'the second part moved back, the byte range follows',
      sound: 'once',
      outcome: unreadable,
      make: (sound) => wrapped(sound, forgedObject, true),
    },
    {
      name: 'the second part moved back, the byte range stays',
      sound: 'once',
      outcome: unreadable,
      make: (sound) => wrapped(sound, forgedObject, false),
    },
    {
      name: 'another document in the room of the signature, whose end leads to it',
      sound: 'contract',
      outcome: failed,
      make: (sound) => roomForAnother(sound),
    },
    {
      name: 'a new signature object with a range of its own over the old bytes',
      sound: 'contract',
      outcome: failed,
      make: (sound) => {
        const range = /\/ByteRange (\[[^\]]*\])/.exec(bodyOf(sound, parts.signature))?.[1] ?? '';
        return updated(sound, {
          4: forgedPage,
          6: bodyOf(sound, 6).replace('5 0 R', '40 0 R'),
          40: bodyOf(sound, 5).replace(range, range),
        });
      },
    },
  ],
};

/**
 * The hole that the signature leaves out is larger than the signature: what stands in it is signed by nobody. The end of the CMS is closed early, and
 * the rest of the zeros becomes another object with another cross-reference section.
 */
function roomForAnother(sound: Uint8Array): Uint8Array {
  const hole = `>>>\nendobj\n${forgedObject}41 0 obj\n<</Rest <`;
  return edited(sound, /0{1500}>/, (found) => `${'0'.repeat(2)}${hole}${'0'.repeat(found.length - hole.length - 3)}>`);
}
