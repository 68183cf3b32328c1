/**
 * One line of text as glyphs in the order of the page: characters that no font has become their code, right-to-left text is ordered by the Unicode
 * bidirectional algorithm (UAX 9), and each run of one font and one direction is shaped by its font's rules.
 */
import bidiFactory, { type Bidi } from 'bidi-js';
import type { Font, Glyph } from 'fontkit';
import { fontFor } from './appearance-fonts.ts';
import { printable } from './printable.ts';

/** A glyph and where it stands, in thousandths of the font size from the beginning of the line. */
export interface PlacedGlyph {
  readonly font: Font;
  readonly glyph: Glyph;
  /** The characters it stands for; empty for a part of a letter, such as the dots of an Arabic one. */
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

export interface ShapedLine {
  readonly glyphs: readonly PlacedGlyph[];
  /** Thousandths of the font size. */
  readonly width: number;
}

// The types of the package describe a default export; what Node imports is the factory itself.
const bidi = (bidiFactory as unknown as () => Bidi)();
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** Longest text that is looked at, characters; whatever fits a box is much shorter. */
const longestText = 300;

interface Run {
  readonly font: Font;
  readonly level: number;
  text: string;
}

/** Letters with their marks. */
export function letters(text: string): readonly string[] {
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

/** The text with everything unseen and everything that no font has written as its code: no character of it is lost, and none does anything. */
export function drawable(text: string): string {
  return letters(printable(text, longestText))
    .map((letter) =>
      fontFor(letter) === undefined ? Array.from(letter, (part) => (fontFor(part) === undefined ? code(part) : part)).join('') : letter,
    )
    .join('');
}

function code(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** Pieces of one font and one direction, in the order of reading. */
function runsOf(text: string): readonly Run[] {
  const { levels } = bidi.getEmbeddingLevels(text);
  const runs: Run[] = [];
  let at = 0;
  for (const letter of letters(text)) {
    const last = runs.at(-1);
    const whole = fontFor(letter, last?.font);
    for (const part of whole === undefined ? Array.from(letter) : [letter]) {
      const font = whole ?? fontFor(part);
      const level = levels[at] ?? 0;
      at += part.length;
      const run = runs.at(-1);
      if (font === undefined) continue;
      if (run?.font === font && run.level === level) run.text += part;
      else runs.push({ font, level, text: part });
    }
  }
  return runs;
}

/** Rule L2 of UAX 9: from the highest level down to the lowest odd one, every stretch at that level or above is reversed. */
function inPageOrder(runs: readonly Run[]): readonly Run[] {
  const ordered = [...runs];
  const highest = runs.reduce((level, run) => Math.max(level, run.level), 0);
  for (let level = highest; level > 0; level -= 1) {
    for (let from = 0; from < ordered.length; from += 1) {
      let to = from;
      while ((ordered[to]?.level ?? -1) >= level) to += 1;
      ordered.splice(from, to - from, ...ordered.slice(from, to).reverse());
      from = Math.max(from, to);
    }
  }
  return ordered;
}

/** The character that is drawn in its place in right-to-left text (rule L4): brackets open the other way. */
function mirrored(character: string): string {
  return bidi.getMirroredCharacter(character) ?? character;
}

/** Shapes a line that `drawable` gave; what no font has is left out. */
export function shapeLine(text: string): ShapedLine {
  const glyphs: PlacedGlyph[] = [];
  let pen = 0;
  for (const { font, level, text: part } of inPageOrder(runsOf(text))) {
    const rightToLeft = level % 2 === 1;
    const turned = (text: string): string => (rightToLeft ? Array.from(text, mirrored).join('') : text);
    const scale = 1000 / font.unitsPerEm;
    const run = font.layout(turned(part), undefined, undefined, undefined, rightToLeft ? 'rtl' : 'ltr');
    run.glyphs.forEach((glyph, index) => {
      const { xAdvance = glyph.advanceWidth, xOffset = 0, yOffset = 0 } = run.positions[index] ?? {};
      glyphs.push({ font, glyph, text: turned(String.fromCodePoint(...glyph.codePoints)), x: pen + xOffset * scale, y: yOffset * scale });
      pen += xAdvance * scale;
    });
  }
  return { glyphs, width: pen };
}
