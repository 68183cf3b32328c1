/**
 * What stands in the bytes that were appended to a revision of a PDF. Every byte must belong to an object that a new cross-reference section lists,
 * to such a section, or to the end of it: a reader that repairs files would find anything else, and show another document than we judge.
 */
import { type PdfFile } from './pdf.ts';
import { PdfLexer } from './pdf-lexer.ts';
import { PdfDict, PdfRefused } from './pdf-objects.ts';
import { type XrefSection, streamBytes } from './pdf-xref.ts';

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Ends of objects by place and number: a document with many signatures is looked at once for each of them. */
const knownEnds = new WeakMap<PdfFile, Map<string, number>>();

function knownEnd(file: PdfFile, offset: number, num: number): number {
  const known = knownEnds.get(file) ?? new Map<string, number>();
  knownEnds.set(file, known);
  const key = `${offset} ${num}`;
  const end = known.get(key) ?? objectEnd(file, offset, num);
  known.set(key, end);
  return end;
}

/** Reads over one object, the one with this number where it is given, and gives where it ends. Throws PdfRefused. */
function objectEnd(file: PdfFile, offset: number, num?: number): number {
  const lexer = new PdfLexer(file.bytes, offset, file.budget, true);
  const found = lexer.integer();
  if (num !== undefined && found !== num) throw new PdfRefused('damaged', `object ${num} is not where it should be`);
  lexer.integer();
  lexer.keyword('obj');
  const value = lexer.value();
  if (!lexer.tryKeyword('endobj')) {
    const length = value instanceof PdfDict ? file.resolve(value.get('Length')) : null;
    if (typeof length !== 'number') throw new PdfRefused('damaged', 'an object without an end');
    streamBytes(lexer, length);
    lexer.keyword('endobj');
  }
  return lexer.pos;
}

function tableEnd(file: PdfFile, { offset }: XrefSection): number {
  const lexer = new PdfLexer(file.bytes, offset, file.budget, true);
  while (!lexer.tryKeyword('trailer')) {
    lexer.skipSpace();
    if (lexer.word() === '') throw new PdfRefused('damaged', 'trailer missing');
  }
  lexer.value();
  return lexer.pos;
}

/** The end of a section: `startxref`, where that section or the stream beside it stands, `%%EOF`. */
function tailEnd(file: PdfFile, from: number, section: XrefSection): number {
  const text = Buffer.from(file.bytes.subarray(from, from + 64)).toString('latin1');
  const found = /^\s*startxref\s+(\d+)\s+%%EOF/.exec(text);
  return found !== null && Number(found[1]) === section.offset ? from + found[0].length : from;
}

function spansOf(file: PdfFile, section: XrefSection, from: number): readonly Span[] {
  const spans: Span[] = [];
  for (const [num, entry] of section.entries) {
    if (entry.kind === 'plain' && entry.offset >= from && entry.offset !== section.offset)
      spans.push({ start: entry.offset, end: knownEnd(file, entry.offset, num) });
  }
  const hybrid = section.trailer.get('XRefStm');
  if (section.style === 'table' && typeof hybrid === 'number') spans.push({ start: hybrid, end: objectEnd(file, hybrid) });
  const end = section.style === 'table' ? tableEnd(file, section) : objectEnd(file, section.offset);
  return [...spans, { start: section.offset, end: tailEnd(file, end, section) }];
}

/**
 * What is wrong with the bytes behind a revision, in words; none when all of them are accounted for. `before` is the revision, opened from the first
 * bytes of `after`. Throws PdfRefused.
 */
export function strayParts(before: PdfFile, after: PdfFile): readonly string[] {
  const from = before.bytes.length;
  const added = after.sections.slice(0, after.sections.length - before.sections.length);
  const kept = after.sections.slice(added.length);
  if (kept.some(({ offset }, index) => offset !== before.sections[index]?.offset) || kept.length !== before.sections.length)
    return ['the document no longer builds on the revision that was signed'];
  if (added.some(({ offset }, index) => offset < Math.max(from, added[index + 1]?.offset ?? 0)))
    return ['the revisions of the document are not in order'];
  // An entry may repeat what was there; one that finds a new object inside the signed bytes was prepared there.
  for (const { entries } of added) {
    for (const [num, entry] of entries) {
      const old = before.entries.get(num);
      const same = old?.kind === 'plain' && entry.kind === 'plain' && old.offset === entry.offset;
      if (entry.kind === 'plain' && entry.offset < from && !same) return [`object ${num} was hidden in the signed part`];
    }
  }
  // A section may list what an older one lists too.
  const ends = new Map(added.flatMap((section) => spansOf(after, section, from)).map(({ start, end }) => [start, end]));
  let at = from;
  for (const [start, end] of [...ends, [after.bytes.length, after.bytes.length] as const].sort(([left], [right]) => left - right)) {
    if (start < at) return ['parts of the document overlap'];
    const between = Buffer.from(after.bytes.subarray(at, start)).toString('latin1');
    if (/[^\0\t\n\f\r ]/.test(between)) return ['something stands in the document that belongs to no part of it'];
    at = end;
  }
  return [];
}
