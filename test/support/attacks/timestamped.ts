/** Timestamps over a whole document in the place of a signature: they say when, and nobody agrees to anything by them. */
import { updated } from '../attack-pdf.ts';
import { type AttackClass, behind, bodyOf, changed } from './attack.ts';
import { filledIn, sneaky, textOver } from './certified.ts';
import { parts } from './contract.ts';
import { sealedWith, unsignedSignature } from './signed-pdf.ts';

/** The contract with a field for a timestamp over all of it, and the timestamp in it. */
export function stampedWhole(document: Uint8Array, stamp: (covered: readonly Uint8Array[]) => Uint8Array): Uint8Array {
  const waiting = unsignedSignature().replace('/Type/Sig', '/Type/DocTimeStamp').replace('ETSI.CAdES.detached', 'ETSI.RFC3161');
  return sealedWith(sneaky(document, '/Rect[0 0 0 0]', '', waiting), stamp);
}

export const timestamped: AttackClass = {
  name: 'a timestamp in the place of a signature',
  attacks: [
    {
      name: 'a field filled in, and a timestamp over it',
      sound: 'contract',
      outcome: changed,
      namesNoChange: true,
      make: (sound, { stamp }) => stampedWhole(filledIn(sound), stamp),
    },
    {
      name: 'another page content, and a timestamp over it',
      sound: 'contract',
      outcome: changed,
      make: (sound, { stamp }) => stampedWhole(updated(sound, { [parts.contents]: bodyOf(sound, parts.unreached) }), stamp),
    },
    {
      name: 'text over the page, and a timestamp over it',
      sound: 'certified-3',
      outcome: changed,
      make: (sound, { stamp }) => stampedWhole(updated(sound, textOver(sound)), stamp),
    },
    {
      name: 'one space behind the timestamp',
      sound: 'contract',
      outcome: changed,
      namesNoChange: true,
      make: (sound, { stamp }) => behind(stampedWhole(sound, stamp), ' '),
    },
  ],
};
