/**
 * The documents room reads PDF files, judges whether they can be signed, and adds signatures as incremental updates. It is the signing path,
 * so everything in it is our own code: no PDF or CMS library writes a byte. It never rewrites or repairs a file, never guesses what a
 * damaged one meant, never touches a device, the log or the network.
 *
 * This file opens a PDF and resolves its objects one by one, as they are asked for.
 */
import { decodeStream } from './pdf-filters.ts';
import { PdfLexer } from './pdf-lexer.ts';
import {
  PdfArray,
  PdfBudget,
  PdfDict,
  type PdfLimits,
  PdfRef,
  PdfRefused,
  PdfStream,
  type PdfValue,
  damaged,
  defaultPdfLimits,
  isName,
} from './pdf-objects.ts';
import { type XrefEntry, type XrefSection, readXref, streamBytes } from './pdf-xref.ts';

const longestChain = 32;

/** An open PDF. All methods throw PdfRefused. */
export class PdfFile {
  readonly bytes: Uint8Array;
  readonly budget: PdfBudget;
  /** Cross-reference sections, newest first. */
  readonly sections: readonly XrefSection[];
  /** The newest trailer. */
  readonly trailer: PdfDict;
  /** The newest entry of every object. */
  readonly entries: ReadonlyMap<number, XrefEntry>;
  readonly #cache = new Map<number, PdfValue>();
  readonly #packed = new Map<number, ReadonlyMap<number, PdfValue>>();
  readonly #opening = new Set<number>();

  constructor(bytes: Uint8Array, limits: PdfLimits) {
    this.bytes = bytes;
    this.budget = new PdfBudget(limits);
    checkHeader(bytes);
    this.sections = readXref(bytes, this.budget);
    const newest = this.sections[0];
    if (newest === undefined) damaged('no cross-reference section');
    this.trailer = newest.trailer;
    if (this.sections.some((section) => section.trailer.get('Encrypt') !== null)) throw new PdfRefused('encrypted', 'encrypted');
    const entries = new Map<number, XrefEntry>();
    for (const section of this.sections) for (const [num, entry] of section.entries) if (!entries.has(num)) entries.set(num, entry);
    this.entries = entries;
  }

  /** The object a reference points to; null when there is none (ISO 32000-1 section 7.3.10). */
  get(ref: PdfRef): PdfValue {
    const entry = this.entries.get(ref.num);
    if (entry === undefined || entry.kind === 'free') return null;
    if ((entry.kind === 'plain' ? entry.gen : 0) !== ref.gen) return null;
    const known = this.#cache.get(ref.num);
    if (known !== undefined) return known;
    if (this.#opening.has(ref.num) || this.#opening.size > longestChain) damaged(`object ${ref.num} needs itself`);
    this.#opening.add(ref.num);
    const value =
      entry.kind === 'plain' ? this.#plain(ref.num, entry.offset, entry.gen) : (this.#unpack(entry.stream).get(ref.num) ?? null);
    this.#opening.delete(ref.num);
    this.#cache.set(ref.num, value);
    return value;
  }

  /** Follows references until something else is found. */
  resolve(value: PdfValue): PdfValue {
    let found = value;
    for (let steps = 0; found instanceof PdfRef; steps += 1) {
      if (steps > longestChain) damaged('references form a loop');
      found = this.get(found);
    }
    return found;
  }

  /** The last reference of a chain: the one whose object is no reference itself; undefined when `value` is none. */
  lastReference(value: PdfValue): PdfRef | undefined {
    let last: PdfRef | undefined;
    let next = value;
    for (let steps = 0; next instanceof PdfRef; steps += 1) {
      if (steps > longestChain) damaged('references form a loop');
      last = next;
      next = this.get(next);
    }
    return last;
  }

  /** The dictionary behind a value, also that of a stream; undefined for anything else. */
  dict(value: PdfValue): PdfDict | undefined {
    const found = this.resolve(value);
    if (found instanceof PdfStream) return found.dict;
    return found instanceof PdfDict ? found : undefined;
  }

  /** The items of the array behind a value; undefined when it is none. */
  items(value: PdfValue): readonly PdfValue[] | undefined {
    const found = this.resolve(value);
    return found instanceof PdfArray ? found.items : undefined;
  }

  /** Reference and dictionary of the document catalog. */
  catalog(): { readonly ref: PdfRef; readonly dict: PdfDict } {
    const ref = this.trailer.get('Root');
    const dict = this.resolve(ref);
    if (!(ref instanceof PdfRef) || !(dict instanceof PdfDict)) damaged('the document catalog is missing');
    return { ref, dict };
  }

  #plain(num: number, offset: number, gen: number): PdfValue {
    if (offset >= this.bytes.length) damaged(`object ${num} stands outside the file`);
    const lexer = new PdfLexer(this.bytes, offset, this.budget, true);
    if (lexer.integer() !== num || lexer.integer() !== gen) damaged(`object ${num} is not where it should be`);
    lexer.keyword('obj');
    const value = lexer.value();
    if (value instanceof PdfDict && lexer.tryKeyword('endobj')) return value;
    if (!(value instanceof PdfDict)) {
      lexer.keyword('endobj');
      return value;
    }
    const length = this.resolve(value.get('Length'));
    if (typeof length !== 'number' || length < 0) damaged(`stream ${num} has no length`);
    const stream = new PdfStream(value, streamBytes(lexer, length));
    lexer.keyword('endobj');
    return stream;
  }

  /** The objects of an object stream, by number (section 7.5.7). */
  #unpack(num: number): ReadonlyMap<number, PdfValue> {
    const known = this.#packed.get(num);
    if (known !== undefined) return known;
    const entry = this.entries.get(num);
    const stream = entry?.kind === 'plain' ? this.get(new PdfRef(num, entry.gen)) : null;
    if (!(stream instanceof PdfStream) || !isName(stream.dict.get('Type'), 'ObjStm')) damaged(`object stream ${num} is missing`);
    const count = this.resolve(stream.dict.get('N'));
    const first = this.resolve(stream.dict.get('First'));
    if (typeof count !== 'number' || typeof first !== 'number' || count < 0 || first < 0) damaged(`object stream ${num} lacks entries`);
    const data = decodeStream(stream, this.budget, (value) => this.resolve(value));
    const head = new PdfLexer(data.subarray(0, first), 0, this.budget, false);
    this.budget.spendValues(count);
    const objects = new Map<number, PdfValue>();
    for (let index = 0; index < count; index += 1) {
      const member = head.integer();
      const lexer = new PdfLexer(data, first + head.integer(), this.budget, false);
      if (objects.has(member)) damaged(`object ${member} stands twice in one object stream`);
      objects.set(member, lexer.value());
    }
    this.#packed.set(num, objects);
    return objects;
  }
}

/** Header at the very start (section 7.5.2): readers that look further down disagree on what the file is. */
function checkHeader(bytes: Uint8Array): void {
  if (bytes.length === 0) throw new PdfRefused('empty', 'no bytes');
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 65_536)).toString('latin1');
  if (/^%PDF-(1\.[0-7]|2\.0)[\r\n\t %]/.test(start)) return;
  const found = start.search(/%PDF-\d/);
  if (found > 0) throw new PdfRefused('junk-before-header', 'the header does not stand at the start');
  throw found === 0 ? new PdfRefused('damaged', 'unknown version') : new PdfRefused('not-a-pdf', 'no header');
}

/** Opens a PDF that is held in memory; nothing but header, end and cross-reference sections is read yet. Throws PdfRefused. */
export function openPdf(bytes: Uint8Array, limits: PdfLimits = defaultPdfLimits): PdfFile {
  return new PdfFile(bytes, limits);
}
