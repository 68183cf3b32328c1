/** Reads PDF syntax (ISO 32000-1 section 7.2 and 7.3) strictly: what is not written as the standard says is damaged. */
import { PdfArray, type PdfBudget, PdfDict, PdfName, PdfReal, PdfRef, PdfString, type PdfValue, damaged } from './pdf-objects.ts';
import { serialise } from './pdf-serialise.ts';

const white = 1;
const delimiter = 2;
const kinds = new Uint8Array(256);
for (const code of [0, 9, 10, 12, 13, 32]) kinds[code] = white;
for (const character of '()<>[]{}/%') kinds[character.charCodeAt(0)] = delimiter;

/** Highest object number a file may use (ISO 32000-1 annex C). */
export const highestObjectNumber = 8_388_607;

const escapes: ReadonlyMap<number, number> = new Map([
  [110, 10], // \n
  [114, 13], // \r
  [116, 9], // \t
  [98, 8], // \b
  [102, 12], // \f
]);

/** A place in some bytes, and the ways to read on from there. All methods throw PdfRefused. */
export class PdfLexer {
  readonly bytes: Uint8Array;
  readonly #budget: PdfBudget;
  /** True when `bytes` is the file itself, so that offsets mean something outside. */
  readonly #inFile: boolean;
  pos: number;

  /** Throws PdfRefused `damaged` for a place behind the end. */
  constructor(bytes: Uint8Array, pos: number, budget: PdfBudget, inFile: boolean) {
    if (pos > bytes.length) damaged(`nothing stands at ${pos}`);
    this.bytes = bytes;
    this.pos = pos;
    this.#budget = budget;
    this.#inFile = inFile;
  }

  /** The byte at `pos + ahead`, or -1 at the end. */
  peek(ahead = 0): number {
    return this.bytes[this.pos + ahead] ?? -1;
  }

  skipSpace(): void {
    for (;;) {
      const code = this.peek();
      if (code === 37) {
        while (this.pos < this.bytes.length && this.peek() !== 10 && this.peek() !== 13) this.pos += 1;
      } else if (code !== -1 && kinds[code] === white) this.pos += 1;
      else return;
    }
  }

  /** Regular characters up to the next white space or delimiter. */
  word(): string {
    const start = this.pos;
    while (this.pos < this.bytes.length && kinds[this.peek()] === 0) this.pos += 1;
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, this.pos - start).toString('latin1');
  }

  /** Skips space and takes the keyword when it is the next word; else stays where it was. */
  tryKeyword(keyword: string): boolean {
    this.skipSpace();
    const start = this.pos;
    if (this.word() === keyword) return true;
    this.pos = start;
    return false;
  }

  keyword(keyword: string): void {
    if (!this.tryKeyword(keyword)) damaged(`${keyword} missing at ${this.pos}`);
  }

  /** An unsigned integer. */
  integer(): number {
    this.skipSpace();
    const word = this.word();
    if (!/^\d{1,15}$/.test(word)) damaged(`number missing at ${this.pos}`);
    return Number(word);
  }

  value(depth = 0): PdfValue {
    this.#budget.spendValues(1);
    this.#budget.checkDepth(depth);
    this.skipSpace();
    const code = this.peek();
    if (code === 47) return new PdfName(this.#name());
    if (code === 40) return this.#literalString();
    if (code === 60) return this.peek(1) === 60 ? this.#dict(depth) : this.#hexString();
    if (code === 91) return this.#array(depth);
    const start = this.pos;
    const digits = this.#digits(15);
    if (digits !== -1) return this.#reference(digits, start) ?? digits;
    this.pos = start;
    const word = this.word();
    if (word === 'true') return true;
    if (word === 'false') return false;
    if (word === 'null') return null;
    if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(word)) damaged(`not an object at ${start}`);
    const value = Number(word);
    if (word.includes('.') || !Number.isSafeInteger(value)) return new PdfReal(word);
    return Object.is(value, -0) ? 0 : value;
  }

  /** A word of digits alone, at most `most` of them; -1, with the place anywhere, when the next word is something else. */
  #digits(most: number): number {
    const start = this.pos;
    let value = 0;
    for (;;) {
      const code = this.peek();
      if (code < 48 || code > 57) return this.pos > start && (code === -1 || kinds[code] !== 0) ? value : -1;
      if (this.pos - start >= most) return -1;
      value = value * 10 + code - 48;
      this.pos += 1;
    }
  }

  /** The rest of a reference, after its object number; undefined, with the place right after the number, when it is just a number. */
  #reference(num: number, start: number): PdfRef | undefined {
    const after = this.pos;
    this.skipSpace();
    const gen = this.#digits(5);
    if (gen !== -1) {
      this.skipSpace();
      const next = this.peek(1);
      if (this.peek() === 82 && (next === -1 || kinds[next] !== 0)) {
        this.pos += 1;
        if (num === 0 || num > highestObjectNumber || gen > 65_535) damaged(`reference out of range at ${start}`);
        return new PdfRef(num, gen);
      }
    }
    this.pos = after;
    return undefined;
  }

  #name(): string {
    this.pos += 1;
    return this.word().replace(/#([0-9A-Fa-f]{2})/g, (_, hex: string) => {
      if (hex === '00') damaged('a name with a zero byte');
      return String.fromCharCode(Number.parseInt(hex, 16));
    });
  }

  #array(depth: number): PdfArray {
    this.pos += 1;
    const items: PdfValue[] = [];
    for (;;) {
      this.skipSpace();
      if (this.peek() === 93) {
        this.pos += 1;
        return new PdfArray(items);
      }
      items.push(this.value(depth + 1));
    }
  }

  #dict(depth: number): PdfDict {
    this.pos += 2;
    const entries = new Map<string, PdfValue>();
    for (;;) {
      this.skipSpace();
      if (this.peek() === 62 && this.peek(1) === 62) {
        this.pos += 2;
        return new PdfDict(entries);
      }
      if (this.peek() !== 47) damaged(`key missing at ${this.pos}`);
      const key = this.#name();
      const value = this.value(depth + 1);
      const before = entries.get(key);
      // Readers differ in which of two they take, so two different ones cannot be signed.
      if (before !== undefined && !Buffer.from(serialise(before)).equals(serialise(value))) damaged(`key ${key} stands twice`);
      if (value !== null) entries.set(key, value);
    }
  }

  #hexString(): PdfString {
    const start = this.pos;
    const end = this.bytes.indexOf(62, start + 1);
    if (end === -1) damaged(`not a hex string at ${start}`);
    // Taken as a whole: the value of a signature has tens of thousands of digits, and is read once for every revision.
    const digits = Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start + 1, end - start - 1)
      .toString('latin1')
      .replace(/[\0\t\n\f\r ]+/g, '');
    if (!/^[0-9A-Fa-f]*$/.test(digits)) damaged(`not a hex string at ${start}`);
    this.pos = end + 1;
    return this.#string(Uint8Array.from(Buffer.from(digits.length % 2 === 0 ? digits : `${digits}0`, 'hex')), true, start);
  }

  #literalString(): PdfString {
    const start = this.pos;
    const bytes: number[] = [];
    let open = 1;
    this.pos += 1;
    for (;;) {
      let code = this.peek();
      this.pos += 1;
      if (code === -1) damaged(`string without end at ${start}`);
      if (code === 40) open += 1;
      if (code === 41) {
        open -= 1;
        if (open === 0) return this.#string(Uint8Array.from(bytes), false, start);
      }
      if (code === 13) {
        // Any end of line counts as one line feed (section 7.3.4.2).
        if (this.peek() === 10) this.pos += 1;
        code = 10;
      }
      if (code === 92) this.#escape(bytes);
      else bytes.push(code);
    }
  }

  #escape(bytes: number[]): void {
    const code = this.peek();
    this.pos += 1;
    if (code >= 48 && code <= 55) {
      let value = code - 48;
      for (let more = 0; more < 2 && this.peek() >= 48 && this.peek() <= 55; more += 1) {
        value = value * 8 + this.peek() - 48;
        this.pos += 1;
      }
      bytes.push(value & 0xff);
    } else if (code === 13) {
      if (this.peek() === 10) this.pos += 1;
    } else if (code !== 10 && code !== -1) bytes.push(escapes.get(code) ?? code);
  }

  #string(bytes: Uint8Array, hex: boolean, start: number): PdfString {
    return this.#inFile ? new PdfString(bytes, hex, start, this.pos) : new PdfString(bytes, hex);
  }
}
