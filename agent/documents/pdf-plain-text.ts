/**
 * Whether what is drawn in a field is text alone. A field can be as large as the page, and whoever prepared the document chose its place: what paints
 * areas, images or lines into it could cover what was signed.
 */
import { decodeStream } from './pdf-filters.ts';
import { type PdfFile } from './pdf.ts';
import { PdfLexer } from './pdf-lexer.ts';
import { PdfStream, type PdfValue } from './pdf-objects.ts';

/** Operators that set text and its colour, move, clip, and mark (ISO 32000-1 annex A). */
const harmless = new Set(
  'q Q cm BT ET Tc Tw Tz TL Tf Tr Ts Td TD Tm T* Tj TJ \' " g G rg RG k K cs CS sc SC scn SCN re W W* n BMC BDC EMC w'.split(' '),
);
/** First characters of what is no operator: numbers, names, strings, arrays, dictionaries. */
const operands = '+-.0123456789/(<[';

/** True when the contents of a form draw text and nothing else. Throws PdfRefused. */
export function drawsTextAlone(file: PdfFile, form: PdfValue): boolean {
  const stream = file.resolve(form);
  if (!(stream instanceof PdfStream)) return false;
  const data = decodeStream(stream, file.budget, (value) => file.resolve(value));
  const lexer = new PdfLexer(data, 0, file.budget, false);
  for (;;) {
    lexer.skipSpace();
    const next = lexer.peek();
    if (next === -1) return true;
    if (operands.includes(String.fromCharCode(next))) lexer.value();
    else if (!harmless.has(lexer.word())) return false;
  }
}
