import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const css = readFileSync(new URL('../../kiosk/theme.css', import.meta.url), 'utf8');

/** Colours of one block of theme.css, by name. */
function colours(selector: string): Map<string, string> {
  const at = css.indexOf(`${selector} {`);
  if (at === -1) throw new Error(`theme.css has no ${selector}`);
  const block = css.slice(at, css.indexOf('}', at));
  return new Map(Array.from(block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g), (match) => [match[1] ?? '', match[2] ?? '']));
}

/** Relative luminance (WCAG 2.2, definitions). */
function luminance(hex: string): number {
  const channel = (index: number) => {
    const value = parseInt(hex.slice(1 + index * 2, 3 + index * 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(0) + 0.7152 * channel(1) + 0.0722 * channel(2);
}

function contrast(theme: Map<string, string>, text: string, ground: string): number {
  const [dark, light] = [luminance(theme.get(text) ?? '#808080'), luminance(theme.get(ground) ?? '#808080')].toSorted((a, b) => a - b);
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
}

const textOnGround = [
  ['ink', 'ground'],
  ['ink', 'surface'],
  ['ink', 'accent-soft'],
  ['ink-soft', 'ground'],
  ['ink-soft', 'surface'],
  ['accent', 'ground'],
  ['accent', 'surface'],
  ['on-accent', 'accent'],
  ['attention', 'attention-soft'],
  ['attention', 'ground'],
] as const;

describe('colours', () => {
  test.each(textOnGround)('%s on %s can be read by people who do not see well (10:1)', (text, ground) => {
    expect(contrast(colours(':root'), text, ground)).toBeGreaterThanOrEqual(10);
  });

  test.each([
    ['black-on-white', 20],
    ['white-on-black', 20],
    ['yellow-on-black', 15],
  ])('%s is stronger still', (name, least) => {
    const theme = colours(`:root[data-contrast='${name}']`);
    for (const [text, ground] of textOnGround) expect(contrast(theme, text, ground)).toBeGreaterThanOrEqual(least);
  });

  test('edges of buttons and the focus ring stand out from the ground (3:1)', () => {
    for (const selector of [':root', ":root[data-contrast='black-on-white']", ":root[data-contrast='yellow-on-black']"]) {
      const theme = colours(selector);
      for (const edge of ['line', 'focus']) expect(contrast(theme, edge, 'ground')).toBeGreaterThanOrEqual(3);
    }
  });
});
