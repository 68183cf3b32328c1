/** Forged signatures: "universal signature forgery", which leaves out or spoils what a verifier needs and hopes that it calls that valid, and swaps. */
import { execFileSync } from 'node:child_process';
import { cmsOver } from './signed-pdf.ts';
import { updated } from '../attack-pdf.ts';
import { type Attack, type AttackClass, type Cast, behind, bodyOf, changed, edited, failed, unreadable } from './attack.ts';

const range = /\/ByteRange \[[^\]]*\] */;
const contents = /\/Contents <[0-9A-Fa-f]+>/;

/** Another value of /ByteRange, in the place of the one that is there. */
function ranged(name: string, value: string | ((numbers: readonly number[]) => string), outcome = failed): Attack {
  const put = (found: string): string => (typeof value === 'string' ? value : value((found.match(/\d+/g) ?? []).map(Number)));
  return { name, sound: 'once', outcome, make: (sound) => edited(sound, range, (found) => `/ByteRange ${put(found)}`) };
}

/** Other bytes in the place of the CMS; the place stays as large as it is. */
function filled(name: string, cms: (covered: readonly Uint8Array[], cast: Cast) => Uint8Array, outcome = failed): Attack {
  return {
    name,
    sound: 'once',
    outcome,
    make: (sound, cast) => {
      const [, first = 0, second = 0, rest = 0] = (range.exec(Buffer.from(sound).toString('latin1'))?.[0].match(/\d+/g) ?? []).map(Number);
      const value = cms([sound.subarray(0, first), sound.subarray(second, second + rest)], cast);
      const digits = Buffer.from(value).toString('hex');
      return edited(sound, contents, (found) => `/Contents <${digits.padEnd(found.length - '/Contents <>'.length, '0')}>`);
    },
  };
}

function openssl(input: Uint8Array, ...words: readonly string[]): Uint8Array {
  return new Uint8Array(execFileSync('openssl', words, { input, stdio: ['pipe', 'pipe', 'pipe'] }));
}

export const forged: AttackClass = {
  name: 'universal signature forgery',
  attacks: [
    {
      name: 'no byte range',
      sound: 'once',
      outcome: failed,
      make: (sound) => edited(sound, range, (found) => found.replace('Byte', 'Bite')),
    },
    ranged('a byte range that is null', 'null'),
    ranged('a byte range that is a name', '/All'),
    ranged('an empty byte range', '[]'),
    ranged('a byte range of zeros', '[0 0 0 0]'),
    ranged('a byte range with an odd number of entries', ([a, b, c]) => `[${a ?? 0} ${b ?? 0} ${c ?? 0}]`),
    ranged('a byte range of two entries', ([a, b]) => `[${a ?? 0} ${b ?? 0}]`),
    ranged('a byte range of three parts', ([a, b, c, d]) => `[${a ?? 0} ${b ?? 0} ${c ?? 0} ${d ?? 0} 0 0]`),
    ranged('a byte range with a negative number', ([, b, c, d]) => `[-1 ${b ?? 0} ${c ?? 0} ${d ?? 0}]`),
    ranged('a byte range whose second part begins before the first ends', ([, b]) => `[0 ${b ?? 0} -5 9]`),
    ranged('a byte range of real numbers', ([, b, c, d]) => `[0 ${b ?? 0}. ${c ?? 0} ${d ?? 0}]`),
    ranged('a byte range beyond the end of the file', ([, b, c]) => `[0 ${b ?? 0} ${c ?? 0} 99999999]`),
    ranged('a byte range without a hole', ([, b, , d]) => `[0 ${b ?? 0} ${b ?? 0} ${d ?? 0}]`),
    { name: 'no contents', sound: 'once', outcome: failed, make: (sound) => edited(sound, /\/Contents </, () => '/Kontents <') },
    { name: 'contents that are null', sound: 'once', outcome: failed, make: (sound) => edited(sound, contents, () => '/Contents null') },
    { name: 'contents without a byte', sound: 'once', outcome: failed, make: (sound) => edited(sound, contents, () => '/Contents <>') },
    {
      name: 'contents in round brackets',
      sound: 'once',
      outcome: failed,
      make: (sound) => edited(sound, contents, () => '/Contents (valid)'),
    },
    {
      name: 'contents with white space in them',
      sound: 'once',
      outcome: failed,
      make: (sound) => edited(sound, /0000>/, () => '00  >'),
    },
    { name: 'contents with something behind the CMS', sound: 'once', outcome: failed, make: (sound) => edited(sound, /00>/, () => '01>') },
    filled('contents of zeros', () => new Uint8Array(8)),
    filled('a CMS that is an empty sequence', () => Uint8Array.of(0x30, 0)),
    filled('a CMS with certificates and no signer', (_, { ada }) => {
      return openssl(new Uint8Array(0), 'crl2pkcs7', '-nocrl', '-certfile', ada.certificatePath, '-outform', 'DER');
    }),
    filled('a CMS that signs what it carries itself', (_, { ada }) => {
      const keys = ['-signer', ada.certificatePath, '-inkey', ada.keyPath, '-cades'];
      return openssl(Buffer.from('Anything.'), 'cms', '-sign', '-nodetach', '-binary', ...keys, '-outform', 'DER');
    }),
    {
      name: 'no kind of signature',
      sound: 'once',
      outcome: changed,
      namesNoChange: true,
      make: (sound) => edited(sound, /\/SubFilter/, () => '/SabFilter'),
    },
  ],
};

export const swapped: AttackClass = {
  name: 'certificate swap and borrowed signatures',
  attacks: [
    filled('signed by another key, with another certificate, in the place of the first', (parts, { mallory, ada }) =>
      cmsOver(parts, mallory, ada),
    ),
    filled('a signature over other bytes', (_, { ada }) => cmsOver([Buffer.from('Another document.')], ada), 'TOTAL-FAILED HASH_FAILURE'),
    {
      name: 'the signature of another file',
      sound: 'twice',
      outcome: failed,
      make: (sound, _, others) => {
        const digits = contents.exec(Buffer.from(others('contract')).toString('latin1'))?.[0] ?? '';
        return edited(sound, contents, (found) =>
          digits.length > found.length ? found.replaceAll(/[1-9a-fA-F]/g, '0') : digits.padEnd(found.length),
        );
      },
    },
    {
      name: 'a signed file with a revision of another file behind it',
      sound: 'once',
      outcome: unreadable,
      make: (sound, _, others) => behind(sound, Buffer.from(others('contract')).toString('latin1')),
    },
    {
      name: 'a signed file behind another file',
      sound: 'once',
      outcome: unreadable,
      make: (sound, _, others) => behind(others('contract'), Buffer.from(sound).toString('latin1')),
    },
    {
      name: 'one signature in two fields',
      sound: 'contract',
      outcome: failed,
      make: (sound) => updated(sound, { 9: bodyOf(sound, 9).replace('/T(Second)', '/T(Second)/V 5 0 R') }),
    },
  ],
};
