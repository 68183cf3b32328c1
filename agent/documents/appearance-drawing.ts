/** The content stream of an appearance (ISO 32000-1 section 7.8.2): bars, frames and lines of text, in gray alone. */
import type { Path } from 'fontkit';
import type { DarkBar } from './appearance-code.ts';
import type { EmbeddedFonts } from './appearance-embed.ts';
import { decimal } from './appearance-place.ts';
import type { PlacedGlyph } from './appearance-text.ts';

/** A rectangle in the form's coordinates: points, origin at the lower left. */
export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A shaped line in its place. */
export interface DrawnLine {
  readonly glyphs: readonly PlacedGlyph[];
  /** Font size, points. */
  readonly size: number;
  readonly x: number;
  readonly baseline: number;
  /** Nothing of the line is drawn outside of it, however many marks are piled on a letter. */
  readonly strip: Area;
}

const written = (...values: readonly number[]): string => values.map((value) => decimal(value).text).join(' ');
const rectangle = ({ x, y, width, height }: Area): string => `${written(x, y, width, height)} re`;

/** Collects operators. */
export class Drawing {
  readonly #fonts: EmbeddedFonts;
  readonly #operators: string[] = [];

  constructor(fonts: EmbeddedFonts) {
    this.#fonts = fonts;
  }

  /** A thin frame along the inside of an area. */
  frame({ x, y, width, height }: Area): void {
    const line = 0.5;
    const inside = { x: x + line / 2, y: y + line / 2, width: width - line, height: height - line };
    this.#operators.push(`q 0.5 G ${written(line)} w ${rectangle(inside)} S Q`);
  }

  /** Dark bars on a white square, so that a scanner sees them whatever lies below. */
  code(bars: readonly DarkBar[], square: Area): void {
    const moved = bars.map((bar) => rectangle({ ...bar, x: square.x + bar.x, y: square.y + bar.y }));
    this.#operators.push(`q 1 g ${rectangle(square)} f 0 g`, ...moved, 'f Q');
  }

  line({ glyphs, size, x, baseline, strip }: DrawnLine): void {
    const scale = size / 1000;
    this.#operators.push(`q ${rectangle(strip)} W n 0 g BT`);
    let font = '';
    const parts: string[] = [];
    for (const placed of glyphs) {
      const [left, bottom] = [x + placed.x * scale, baseline + placed.y * scale];
      if (placed.text === '') {
        parts.push(outline(placed.glyph.path, size / placed.font.unitsPerEm, left, bottom));
        continue;
      }
      const { name, code } = this.#fonts.encode(placed.font, placed.glyph, placed.text);
      if (name !== font) this.#operators.push(`/${name} ${written(size)} Tf`);
      font = name;
      this.#operators.push(`1 0 0 1 ${written(left, bottom)} Tm <${code.toString(16).padStart(4, '0')}> Tj`);
    }
    this.#operators.push('ET', ...parts, 'Q');
  }

  /** All of it, as it goes into the stream. */
  bytes(): Uint8Array {
    return Buffer.from(`${this.#operators.join('\n')}\n`, 'latin1');
  }
}

/** A part of a letter that stands for no character of its own is drawn as a filled shape: as text it would be found as something that nobody wrote. */
function outline({ commands }: Path, scale: number, left: number, bottom: number): string {
  let [fromX, fromY] = [0, 0];
  const drawn = commands.map(({ command, args }) => {
    const points = args.map((value, index) => value * scale + (index % 2 === 0 ? left : bottom));
    const [x = 0, y = 0, endX = 0, endY = 0] = points;
    const [startX, startY] = [fromX, fromY];
    [fromX, fromY] = [points.at(-2) ?? fromX, points.at(-1) ?? fromY];
    switch (command) {
      case 'moveTo':
        return `${written(...points)} m`;
      case 'lineTo':
        return `${written(...points)} l`;
      case 'bezierCurveTo':
        return `${written(...points)} c`;
      case 'quadraticCurveTo':
        // The same curve with two control points, at two thirds of the way to the one it has.
        return `${written(startX + (2 / 3) * (x - startX), startY + (2 / 3) * (y - startY), endX + (2 / 3) * (x - endX), endY + (2 / 3) * (y - endY), endX, endY)} c`;
      case 'closePath':
        return 'h';
    }
  });
  return drawn.length === 0 ? '' : `${drawn.join(' ')} f`;
}
