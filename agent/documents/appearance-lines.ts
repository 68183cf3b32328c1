/** The lines of an appearance: which there are, and how they are made to fit. Text that is too long shrinks, then it is cut with an ellipsis. */
import type { Area, DrawnLine } from './appearance-drawing.ts';
import type { AppearanceContent } from './appearance-request.ts';
import { type ShapedLine, drawable, letters, shapeLine } from './appearance-text.ts';

/** Words before what each line says. */
const labels = {
  en: { signed: 'Signed', entry: 'Entry', reason: 'Reason', place: 'Place' },
  de: { signed: 'Signiert', entry: 'Eintrag', reason: 'Grund', place: 'Ort' },
} as const;

/** Font sizes, points. What does not fit at the smallest is left out, the last line first. */
const [largest, smallest] = [10, 4.5];
/** How far one line may shrink below its size before it is cut. */
const leastShrink = 0.6;
/** The name is larger than the rest by this factor. */
const nameFactor = 1.3;
/** Parts of the font size: from one baseline to the next, and how far a line reaches above and below its baseline. */
const [leading, above, below] = [1.35, 1.02, 0.33];

interface Line {
  readonly label?: string;
  readonly text: string;
  readonly factor: number;
}

/** The lines in the order of their weight: what is missing below can be looked up under the entry. */
function linesOf({ name, signedAt, entry, reason, place, language = 'en' }: AppearanceContent): readonly Line[] {
  const words = labels[language];
  const time = `${signedAt.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const rows = [
    [words.signed, time],
    [words.entry, entry === undefined ? undefined : String(entry)],
    [words.reason, reason],
    [words.place, place],
  ] as const;
  const filled = rows.flatMap(([label, text]) => (text === undefined || text === '' ? [] : [{ label: `${label}: `, text, factor: 1 }]));
  return [{ text: name, factor: nameFactor }, ...filled];
}

/** The text that fits `width` points: as it is, smaller, or cut; with its size in points. */
function fitted(text: string, width: number, size: number): { readonly shaped: ShapedLine; readonly size: number } {
  const clean = drawable(text);
  const whole = shapeLine(clean);
  const widthAt = (shaped: ShapedLine, points: number) => (shaped.width * points) / 1000;
  if (widthAt(whole, size) <= width) return { shaped: whole, size };
  const least = Math.min(Math.max(smallest, size * leastShrink), size);
  const smaller = (width * 1000) / whole.width;
  if (smaller >= least) return { shaped: whole, size: smaller };
  const parts = letters(clean);
  let [fits, tooLong] = [0, parts.length];
  const cut = (count: number) => shapeLine(`${parts.slice(0, count).join('').trimEnd()}…`);
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    if (widthAt(cut(middle), least) <= width) fits = middle;
    else tooLong = middle;
  }
  return { shaped: cut(fits), size: least };
}

/** All lines in their places inside `area`, from its top down. */
export function placeLines(content: AppearanceContent, area: Area): readonly DrawnLine[] {
  const lines = [...linesOf(content)];
  const sizeFor = () => area.height / (leading * lines.reduce((sum, { factor }) => sum + factor, 0));
  while (lines.length > 1 && sizeFor() < smallest) lines.pop();
  const size = Math.min(largest, sizeFor());
  let top = area.y + area.height;
  return lines.flatMap(({ label, text, factor }) => {
    const lineSize = size * factor;
    const baseline = top - lineSize * above;
    top -= lineSize * leading;
    const strip = { x: area.x, y: baseline - lineSize * below, width: area.width, height: lineSize * (above + below) };
    const before = label === undefined ? undefined : shapeLine(label);
    const indent = ((before?.width ?? 0) * lineSize) / 1000;
    const left = Math.max(area.width - indent, 0);
    const value = fitted(text, left, lineSize);
    const fits = (value.shaped.width * value.size) / 1000 <= left + 0.01;
    return [
      ...(before === undefined ? [] : [{ glyphs: before.glyphs, size: lineSize, x: area.x, baseline, strip }]),
      ...(fits ? [{ glyphs: value.shaped.glyphs, size: value.size, x: area.x + indent, baseline, strip }] : []),
    ];
  });
}
