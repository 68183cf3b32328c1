/** Which font draws which character: Noto Sans as it is split by Unicode ranges; a file is opened when a text needs it, and kept. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Font, type Glyph, create } from 'fontkit';
import { unpackWoff } from './appearance-woff.ts';

const require = createRequire(import.meta.url);

/** Files in the order in which they are asked; a text keeps to few fonts because the first that has a character draws it. */
const files = [
  ...['latin', 'latin-ext', 'vietnamese', 'greek', 'greek-ext', 'cyrillic', 'cyrillic-ext', 'devanagari'].map((part) => [
    'noto-sans',
    part,
  ]),
  ['noto-sans-arabic', 'arabic'],
  ['noto-sans-sc', 'chinese-simplified'],
] as const;

const opened = new Map<string, Font>();

function openFont(family: string, part: string): Font {
  const path = `@fontsource/${family}/files/${family}-${part}-400-normal.woff`;
  const known = opened.get(path);
  if (known !== undefined) return known;
  const font = create(unpackWoff(readFileSync(require.resolve(path))));
  if (!('layout' in font)) throw new Error(`${path} is no single font`);
  tellGlyphsApart(font);
  opened.set(path, font);
  return font;
}

/**
 * The engine keeps one object for each glyph, with the characters for which it was asked first; but one glyph can stand for several, such as the body
 * that Arabic letters share. Here each asking gets an object with its own characters.
 */
function tellGlyphsApart(font: Font): void {
  const shared = font.getGlyph.bind(font);
  font.getGlyph = (id, codePoints = []) => Object.create(shared(id), { codePoints: { value: codePoints } }) as Glyph;
}

interface Slice {
  readonly part: string;
  readonly ranges: readonly (readonly [number, number])[];
}

let slices: readonly Slice[] | undefined;

/** The rarer characters of Chinese names, kana and Hangul stand in a hundred small files; which of them has one is told by a list beside them. */
function chineseSlices(): readonly Slice[] {
  if (slices !== undefined) return slices;
  const listed = JSON.parse(readFileSync(require.resolve('@fontsource/noto-sans-sc/unicode.json'), 'utf8')) as Record<string, string>;
  slices = Object.entries(listed).map(([part, text]) => {
    const ranges = text.split(',').map((range) => {
      const [from = '', to = from] = range.replace('U+', '').split('-');
      return [Number.parseInt(from, 16), Number.parseInt(to, 16)] as const;
    });
    return { part: part.replace(/[[\]]/g, ''), ranges };
  });
  return slices;
}

function* candidates(codePoint: number): Generator<Font> {
  for (const [family, part] of files) yield openFont(family, part);
  for (const { part, ranges } of chineseSlices()) {
    if (ranges.some(([from, to]) => codePoint >= from && codePoint <= to)) yield openFont('noto-sans-sc', part);
  }
}

/** The font that has every character of `text` (one letter with its marks); undefined when there is none. `preferred` is asked first. */
export function fontFor(text: string, preferred?: Font): Font | undefined {
  const codePoints = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  const hasAll = (font: Font): boolean => codePoints.every((codePoint) => font.hasGlyphForCodePoint(codePoint));
  if (preferred !== undefined && hasAll(preferred)) return preferred;
  for (const font of candidates(codePoints[0] ?? 0)) if (hasAll(font)) return font;
  return undefined;
}
