/** Text from outside (file names, names in certificates) made safe to show: nothing in it can hide, move or reverse other text. */

// Control (Cc), format (Cf: direction overrides, zero-width), line and paragraph separators, lone surrogates, private use, not assigned.
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;

/** The text with every character that cannot be seen written as `\u{hex}`, cut to `longest` characters. */
export function printable(text: string, longest = 200): string {
  const seen = text.normalize('NFC').replace(unsafe, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
  const characters = Array.from(seen);
  return characters.length <= longest ? seen : `${characters.slice(0, longest - 1).join('')}…`;
}
