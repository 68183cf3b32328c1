/** Reads the cross-reference sections of a PDF (ISO 32000-1 section 7.5.4 and 7.5.8), newest first: tables, streams, hybrids, /Prev chains. */
import { decodeStream } from './pdf-filters.ts';
import { PdfLexer, highestObjectNumber } from './pdf-lexer.ts';
import { PdfArray, type PdfBudget, PdfDict, PdfRefused, PdfStream, damaged, isName } from './pdf-objects.ts';

/** Where one object stands: nowhere, at an offset in the file, or at an index in an object stream. */
export type XrefEntry =
  | { readonly kind: 'free' }
  | { readonly kind: 'plain'; readonly offset: number; readonly gen: number }
  | { readonly kind: 'packed'; readonly stream: number };

export interface XrefSection {
  readonly offset: number;
  readonly style: 'table' | 'stream';
  readonly trailer: PdfDict;
  readonly entries: ReadonlyMap<number, XrefEntry>;
}

const endMark = Buffer.from('%%EOF', 'latin1');

/** Offset of the newest cross-reference section, from the end of the file. Throws PdfRefused `junk-after-end` or `damaged`. */
export function findStartXref(bytes: Uint8Array): number {
  let end = bytes.length;
  while (end > 0 && [9, 10, 12, 13, 32].includes(bytes[end - 1] ?? -1)) end -= 1;
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const mark = end - endMark.length;
  if (mark < 0 || !file.subarray(mark, end).equals(endMark)) {
    throw new PdfRefused(file.lastIndexOf(endMark) === -1 ? 'damaged' : 'junk-after-end', 'the file does not end with %%EOF');
  }
  const tail = file.subarray(Math.max(0, mark - 64), mark).toString('latin1');
  const found = /startxref[\r\n\t ]+(\d{1,12})[\r\n\t ]+$/.exec(tail);
  if (found === null) damaged('startxref missing');
  const offset = Number(found[1]);
  if (offset >= mark) damaged('startxref points behind the end');
  return offset;
}

function integerOf(dict: PdfDict, key: string): number | undefined {
  const value = dict.get(key);
  if (value === null) return undefined;
  if (typeof value !== 'number' || value < 0) damaged(`${key} is not a number`);
  return value;
}

function readTable(lexer: PdfLexer, budget: PdfBudget): { trailer: PdfDict; entries: Map<number, XrefEntry> } {
  const entries = new Map<number, XrefEntry>();
  while (!lexer.tryKeyword('trailer')) {
    const first = lexer.integer();
    const count = lexer.integer();
    if (first + count > highestObjectNumber + 1) damaged('object number out of range');
    budget.spendValues(count);
    for (let num = first; num < first + count; num += 1) {
      const offset = lexer.integer();
      const gen = lexer.integer();
      lexer.skipSpace();
      const kind = lexer.word();
      if (kind !== 'n' && kind !== 'f') damaged('strange cross-reference entry');
      if (entries.has(num)) damaged(`object ${num} stands twice in one section`);
      entries.set(num, kind === 'n' ? { kind: 'plain', offset, gen } : { kind: 'free' });
    }
  }
  const trailer = lexer.value();
  if (!(trailer instanceof PdfDict)) damaged('trailer missing');
  return { trailer, entries };
}

function bigEndian(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let index = at; index < at + width; index += 1) value = value * 256 + (bytes[index] ?? 0);
  return value;
}

function numbers(value: PdfArray): readonly number[] {
  return value.items.map((item) => (typeof item === 'number' && item >= 0 ? item : damaged('strange number in a cross-reference stream')));
}

function readStream(lexer: PdfLexer, budget: PdfBudget): { trailer: PdfDict; entries: Map<number, XrefEntry> } {
  lexer.integer();
  lexer.integer();
  lexer.keyword('obj');
  const trailer = lexer.value();
  if (!(trailer instanceof PdfDict) || !isName(trailer.get('Type'), 'XRef')) damaged('no cross-reference section at this place');
  const length = integerOf(trailer, 'Length');
  const size = integerOf(trailer, 'Size');
  const widths = trailer.get('W');
  if (length === undefined || size === undefined || !(widths instanceof PdfArray)) damaged('cross-reference stream lacks entries');
  const stream = new PdfStream(trailer, streamBytes(lexer, length));
  const data = decodeStream(stream, budget, (value) => value);
  const [typeWidth = 0, secondWidth = 0, thirdWidth = 0, ...more] = numbers(widths);
  const row = typeWidth + secondWidth + thirdWidth;
  if (more.length > 0 || row === 0 || Math.max(typeWidth, secondWidth, thirdWidth) > 6) damaged('strange widths');
  const index = trailer.get('Index');
  const ranges = index instanceof PdfArray ? numbers(index) : [0, size];
  const entries = new Map<number, XrefEntry>();
  let at = 0;
  for (let pair = 0; pair < ranges.length; pair += 2) {
    const first = ranges[pair] ?? 0;
    const count = ranges[pair + 1] ?? 0;
    if (first + count > highestObjectNumber + 1 || at + count * row > data.length) damaged('cross-reference stream is cut off');
    budget.spendValues(count);
    for (let num = first; num < first + count; num += 1) {
      const type = typeWidth === 0 ? 1 : bigEndian(data, at, typeWidth);
      const second = bigEndian(data, at + typeWidth, secondWidth);
      const third = bigEndian(data, at + typeWidth + secondWidth, thirdWidth);
      at += row;
      if (entries.has(num)) damaged(`object ${num} stands twice in one section`);
      if (type === 1) entries.set(num, { kind: 'plain', offset: second, gen: third });
      else if (type === 2) entries.set(num, { kind: 'packed', stream: second });
      else entries.set(num, { kind: 'free' });
    }
  }
  return { trailer, entries };
}

/** The bytes of a stream whose dictionary was just read: `length` of them, and `endstream` must follow. Throws PdfRefused `damaged`. */
export function streamBytes(lexer: PdfLexer, length: number): Uint8Array {
  lexer.keyword('stream');
  if (lexer.peek() === 13 && lexer.peek(1) === 10) lexer.pos += 2;
  else if (lexer.peek() === 10) lexer.pos += 1;
  else damaged(`stream without a line feed at ${lexer.pos}`);
  const start = lexer.pos;
  if (start + length > lexer.bytes.length) damaged('stream is cut off');
  lexer.pos = start + length;
  while ([10, 13, 32, 9].includes(lexer.peek())) lexer.pos += 1;
  if (lexer.word() !== 'endstream') damaged(`endstream missing at ${lexer.pos}`);
  return lexer.bytes.subarray(start, start + length);
}

/** A hybrid file hides objects from old readers: what the table calls free or leaves out stands in the stream (section 7.5.8.4). */
function mergeHybrid(table: Map<number, XrefEntry>, hidden: ReadonlyMap<number, XrefEntry>): void {
  for (const [num, entry] of hidden) {
    const seen = table.get(num);
    if (seen === undefined || seen.kind === 'free') table.set(num, entry);
  }
}

function lexerAt(bytes: Uint8Array, offset: number, budget: PdfBudget): PdfLexer {
  if (offset >= bytes.length) damaged('cross-reference section outside the file');
  return new PdfLexer(bytes, offset, budget, true);
}

/** All sections, newest first. Throws PdfRefused: `damaged` (also for a chain that loops), `too-complex`, `junk-after-end`. */
export function readXref(bytes: Uint8Array, budget: PdfBudget): readonly XrefSection[] {
  const sections: XrefSection[] = [];
  const visited = new Set<number>();
  let offset: number | undefined = findStartXref(bytes);
  while (offset !== undefined) {
    if (visited.has(offset)) damaged('cross-reference sections form a loop');
    visited.add(offset);
    if (visited.size > budget.limits.maxSections) throw new PdfRefused('too-complex', 'too many cross-reference sections');
    const lexer = lexerAt(bytes, offset, budget);
    const style = lexer.tryKeyword('xref') ? 'table' : 'stream';
    const { trailer, entries } = style === 'table' ? readTable(lexer, budget) : readStream(lexer, budget);
    const hybrid = style === 'table' ? integerOf(trailer, 'XRefStm') : undefined;
    if (hybrid !== undefined) mergeHybrid(entries, readStream(lexerAt(bytes, hybrid, budget), budget).entries);
    sections.push({ offset, style, trailer, entries });
    offset = integerOf(trailer, 'Prev');
  }
  return sections;
}
