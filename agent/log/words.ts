/**
 * Words of a name or title in the form in which they are searched: pure. Two ways of writing one name should meet (`Müller`, `MULLER`; `Ёлкин`,
 * `Елкин`; `أحمد`, `احمد`), so this loses more than a dictionary would; what is found is opened and shown as it was written.
 */

/** Letters that differ only to a careful eye and that no Unicode normalisation joins. */
const joined: Readonly<Record<string, string>> = {
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  ħ: 'h',
  ŧ: 't',
  ı: 'i',
  æ: 'ae',
  œ: 'oe',
  þ: 'th',
  // The sigma at the end of a word.
  ς: 'σ',
  // Arabic: alef wasla, alef maqsura and Persian yeh, teh marbuta, Persian kaf.
  ٱ: 'ا',
  ى: 'ي',
  ی: 'ي',
  ة: 'ه',
  ک: 'ك',
};

/** Apostrophes in a name (`O'Brien`, `D’Angelo`), the Arabic stretch, and characters that are not seen (joiners, marks of direction). */
const dropped = /['’‘ʼʻʹ`´\u0640]|\p{Cf}/gu;
const wordPattern = /[\p{L}\p{N}]+/gu;
/** Scripts that are written without spaces between words. */
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+/gu;

/**
 * The words of a text, each once, in order: Unicode NFKC, full case folding, no diacritics, split at whatever is no letter or digit. Runs
 * of Chinese or Japanese stay whole.
 */
export function splitWords(text: string): readonly string[] {
  return [...new Set(fold(text).match(wordPattern) ?? [])].flatMap(splitScripts).filter((word, at, all) => all.indexOf(word) === at);
}

/** What is stored for a word: itself; for Chinese and Japanese every character and every pair of neighbours. */
export function storedForms(word: string): readonly string[] {
  const letters = unspacedLetters(word);
  return letters === undefined ? [word] : [...new Set([...letters, ...pairs(letters)])];
}

/** What is looked for when somebody types a word: itself; for Chinese and Japanese every pair of neighbours, or the one character. */
export function soughtForms(word: string): readonly string[] {
  const letters = unspacedLetters(word);
  if (letters === undefined || letters.length === 1) return [word];
  return [...new Set(pairs(letters))];
}

function fold(text: string): string {
  // Apostrophes go before and after: an acute accent that stands alone turns into a space when it is decomposed.
  const bare = strip(text.replace(dropped, ''));
  // Small, capital, small again: that joins ẞ, ß and SS, and letters that have two small forms.
  const folded = strip(bare.toLowerCase().toUpperCase().toLowerCase());
  return folded.replace(/./gu, (letter) => joined[letter] ?? digit(letter)).normalize('NFKC');
}

/** Takes diacritics away. The Greek iota below a vowel is a letter when it is written in capitals, and so it is one here. */
function strip(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\u0345/gu, 'ι')
    .replace(dropped, '')
    .replace(/\p{M}/gu, '');
}

/** A decimal digit of any script as one of 0 to 9: their numbers stand in tens, in order (Unicode, general category Nd). */
function digit(letter: string): string {
  if (!/\p{Nd}/u.test(letter) || letter <= '9') return letter;
  const code = letter.codePointAt(0) ?? 0;
  let zero = code;
  while (code - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
  return String(code - zero);
}

/** Parts a word where spaced and unspaced script meet. */
function splitScripts(word: string): readonly string[] {
  return word
    .replace(unspaced, ' $& ')
    .split(' ')
    .filter((part) => part !== '');
}

function unspacedLetters(word: string): readonly string[] | undefined {
  return word.replace(unspaced, '') === '' && word !== '' ? Array.from(word) : undefined;
}

function pairs(letters: readonly string[]): readonly string[] {
  return letters.slice(1).map((letter, index) => `${letters[index] ?? ''}${letter}`);
}
