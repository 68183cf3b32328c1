/** Sound PDFs made unsound: each way is a thing that happens to files, or that somebody does to them. All come out alike for the same seed. */
import { spawnSync } from 'node:child_process';
import { throughQpdf } from './sample-pdf.ts';
import { seeded } from './seeded.ts';

export interface Mutant {
  /** What was done, in words that suffice to do it again. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

type Chance = (limit: number) => number;
type Way = (text: string, chance: Chance) => string;

/** One of the places where `shape` fits, replaced by what `change` makes of it; the text itself where it fits nowhere. */
function atOne(shape: RegExp, change: (found: RegExpExecArray, chance: Chance) => string): Way {
  return (text, chance) => {
    const places = [...text.matchAll(shape)];
    const place = places[chance(Math.max(places.length, 1))];
    return place === undefined ? text : text.slice(0, place.index) + change(place, chance) + text.slice(place.index + place[0].length);
  };
}

const spot = (text: string, chance: Chance): number => chance(text.length);
const strange = [
  '-1',
  '0',
  '99999999999',
  '4294967296',
  '2147483647',
  '1e9',
  '0x10',
  '',
  '00000000000000000000000000000000001',
  '9'.repeat(400),
];
const one = <T>(choices: readonly T[], chance: Chance): T => choices[chance(choices.length)] as T;

/** Every way, by name. */
export const ways: Readonly<Record<string, Way>> = {
  'cut off somewhere': (text, chance) => text.slice(0, spot(text, chance)),
  'cut off at the end': (text, chance) => text.slice(0, text.length - 1 - chance(40)),
  'one bit flipped': (text, chance) => {
    const at = spot(text, chance);
    return text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << chance(8))) + text.slice(at + 1);
  },
  'one byte left out': (text, chance) => {
    const at = spot(text, chance);
    return text.slice(0, at) + text.slice(at + 1);
  },
  'one byte put in': (text, chance) => {
    const at = spot(text, chance);
    return text.slice(0, at) + String.fromCharCode(chance(256)) + text.slice(at);
  },
  'zeros over a stretch': (text, chance) => {
    const at = spot(text, chance);
    const length = Math.min(1 + chance(600), text.length - at);
    return text.slice(0, at) + '\0'.repeat(length) + text.slice(at + length);
  },
  'a stretch that stands elsewhere too': (text, chance) => {
    const [from, to] = [spot(text, chance), spot(text, chance)];
    return text.slice(0, to) + text.slice(from, from + 1 + chance(300)) + text.slice(to);
  },
  'another offset in a cross-reference table': atOne(/\d{10}(?= \d{5} n)/g, (_, chance) => String(chance(90_000)).padStart(10, '0')),
  'an entry of the table that is called free': atOne(/(\d{10} \d{5}) n/g, ([, entry = '']) => `${entry} f`),
  'another startxref': atOne(/startxref\s+\d+/g, (_, chance) => `startxref\n${one([...strange, String(chance(90_000))], chance)}`),
  'an endobj that is missing': atOne(/endobj/g, () => ''),
  'an endstream that is missing': atOne(/endstream/g, () => ''),
  'another length of a stream': atOne(
    /\/Length \d+(?! \d+ R)/g,
    (_, chance) => `/Length ${one([...strange, String(chance(9000))], chance)}`,
  ),
  'a number that is another one': atOne(/\b\d+\b/g, (_, chance) => one(strange, chance)),
  'a reference to another object': atOne(/\b\d+ 0 R\b/g, (_, chance) => `${chance(30)} 0 R`),
  'another object number': atOne(/\b\d+ 0 obj\b/g, (_, chance) => `${chance(30)} 0 obj`),
  'a name that is another one': atOne(/\/[A-Za-z]{2,}/g, (_, chance) =>
    one(['/Kids', '/Parent', '/Prev', '/Type', '/Length', '/Filter', '/AcroForm', '/Encrypt', '/#00', '/'], chance),
  ),
  'a dictionary that ends early': atOne(/>>/g, (_, chance) => one(['', '>', '>>>>'], chance)),
  'a string that does not end': atOne(/\)/g, () => ''),
  'an array of arrays of arrays': atOne(/\[/g, (_, chance) => '['.repeat(10 ** (1 + chance(4)))),
  'pages that hold their own parent': atOne(/\/Kids ?\[\s*(\d+ 0 R)/g, (_, chance) => `/Kids [${chance(12)} 0 R ${chance(12)} 0 R`),
  'another filter': atOne(/\/FlateDecode|\/DCTDecode/g, (_, chance) =>
    one(['/LZWDecode', '/ASCII85Decode', '/RunLengthDecode', '/Crypt', '[/FlateDecode/FlateDecode]'], chance),
  ),
  'another predictor': atOne(
    /\/FlateDecode/g,
    (_, chance) => `/FlateDecode/DecodeParms<</Predictor ${chance(20)}/Columns ${one(strange, chance)}>>`,
  ),
  'another version': atOne(/^%PDF-\d\.\d/g, (_, chance) => one(['%PDF-9.9', '%PDF-1.', '%PDF', '%!PS', '%pdf-1.4', '%PDF-1.7.1'], chance)),
  'something before the beginning': (text, chance) =>
    one(['\n', ' ', 'PK\x03\x04', 'GIF89a', '<html>', '\xef\xbb\xbf', '\0'], chance) + text,
  'something behind the end': (text, chance) =>
    text + one(['PK\x05\x06', '<script>', '\0', text, '%%EOF', '\n%%EOF\n', 'x'.repeat(2000)], chance),
  'line ends of another system': (text, chance) =>
    chance(2) === 0 ? text.replace(/\n/g, '\r\n') : text.replace(/\r\n/g, '\n').replace(/\n/g, '\r'),
  'read as UTF-8 and written back': (text) => Buffer.from(Buffer.from(text, 'latin1').toString('utf8'), 'utf8').toString('latin1'),
};

/** `count` mutants of a PDF, the ways in turn; the seed decides on the places. Mutants that came out as the PDF itself are left out. */
export function mutants(pdf: Uint8Array, count: number, seed: number): readonly Mutant[] {
  const text = Buffer.from(pdf).toString('latin1');
  const names = Object.keys(ways);
  const made = Array.from({ length: count }, (_, index) => {
    const name = names[(index + seed) % names.length] ?? '';
    const number = seed * 10_000 + index;
    return { name: `${name} (${number})`, text: ways[name]?.(text, seeded(number)) ?? text };
  });
  return made
    .filter((mutant) => mutant.text !== text)
    .map(({ name, text: changed }) => ({ name, bytes: Uint8Array.from(Buffer.from(changed, 'latin1')) }));
}

/**
 * Mutants whose offsets and lengths are right again, so that what is wrong stands deeper: the PDF as plain text, changed, and then mended by fix-qdf
 * (a part of qpdf). What fix-qdf cannot mend stays as it is.
 */
export function mendedMutants(pdf: Uint8Array, count: number, seed: number): readonly Mutant[] {
  const plain = throughQpdf(pdf, '--qdf', '--object-streams=disable', '--static-id');
  return mutants(plain, count, seed).map(({ name, bytes }) => {
    const mended = spawnSync('fix-qdf', { input: bytes, maxBuffer: 64 * 1024 * 1024 });
    return { name: `${name}, mended`, bytes: mended.status === 0 && mended.stdout.length > 0 ? Uint8Array.from(mended.stdout) : bytes };
  });
}
