/** How the second implementation of the log's rules reads canonical JSON (RFC 8785, restricted): every other form breaks a rule. */
import { isUtf8 } from 'node:buffer';
import { Fields } from './fields.ts';

/** A rule that an entry breaks; the message is a sentence for a person. */
export class Wrong extends Error {
  /** Which entry, where it is not the one that is being read. */
  readonly seq: number | undefined;

  constructor(message: string, seq?: number) {
    super(message);
    this.seq = seq;
  }
}

/** Throws Wrong with the sentence unless the rule holds. */
export function must(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new Wrong(sentence);
}

const token = {
  number: /-?[1-9]\d{0,15}|0/y,
  word: /true|false/y,
  // RFC 8785 section 3.2.2.2: these escapes and no others. Half a surrogate pair cannot stand here, because the bytes are UTF-8.
  string: /"[ !#-[\]-\uffff]*(?:\\(?:["\\bfnrt]|u00(?:0[0-7be-f]|1[0-9a-f]))[ !#-[\]-\uffff]*)*"/y,
} as const;
/** What a text without escapes cannot have in it: a control character, or a backslash. Nearly every body is without, and its strings end at the next mark. */
const notPlain = /[^ -[\]-\uffff]/;

/** Reads bytes that are JSON in the one form that the log allows; every other form breaks a rule of this grammar. */
export function readCanonical(bytes: Uint8Array, seq: number): Fields {
  const wrong = `entry ${seq} is not written in the one form that is allowed`;
  must(bytes.byteLength <= 65_535 && isUtf8(bytes), wrong);
  const reader = new Reader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'), wrong);
  const body = reader.value(0);
  must(reader.atEnd && body instanceof Fields, wrong);
  return body;
}

class Reader {
  readonly #text: string;
  readonly #isPlain: boolean;
  readonly #wrong: string;
  readonly #names: string[] = [];
  readonly #values: unknown[] = [];
  #place = 0;

  constructor(text: string, wrong: string) {
    this.#text = text;
    this.#isPlain = !notPlain.test(text);
    this.#wrong = wrong;
  }

  get atEnd(): boolean {
    return this.#place === this.#text.length;
  }

  value(depth: number): unknown {
    switch (this.#text.charAt(this.#place)) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"': {
        if (this.#isPlain) return this.#plain();
        const text = this.#take(token.string);
        return text.includes('\\') ? JSON.parse(text) : text.slice(1, -1);
      }
      case 't':
      case 'f':
        return this.#take(token.word) === 'true';
      default: {
        const number = Number(this.#take(token.number));
        must(Number.isSafeInteger(number), this.#wrong);
        return number;
      }
    }
  }

  #object(depth: number): Fields {
    must(depth < 16, this.#wrong);
    // One pair of lists for all objects that are open: lists of their own would grow, and a million entries have many.
    const start = this.#names.length;
    let last = '';
    while (this.#more('}', last === '')) {
      const name = this.#name();
      // Sorted, so none stands twice.
      must(name > last, this.#wrong);
      const value = this.value(depth + 1);
      this.#names.push(name);
      this.#values.push(value);
      last = name;
    }
    const made = new Fields(this.#names.slice(start), this.#values.slice(start));
    this.#names.length = this.#values.length = start;
    return made;
  }

  #array(depth: number): unknown[] {
    must(depth < 16, this.#wrong);
    const items: unknown[] = [];
    while (this.#more(']', items.length === 0)) items.push(this.value(depth + 1));
    return items;
  }

  /** Steps over what stands before an item: the opening bracket or a comma. False, and past it, at the closing bracket. */
  #more(close: string, first: boolean): boolean {
    if (first) this.#place += 1;
    const next = this.#text.charAt(this.#place);
    const found = next === close;
    must(found || first || next === ',', this.#wrong);
    if (found || !first) this.#place += 1;
    return !found;
  }

  /** A string up to the next quotation mark. */
  #plain(): string {
    const [start, end] = [this.#place + 1, this.#text.indexOf('"', this.#place + 1)];
    must(end !== -1, this.#wrong);
    this.#place = end + 1;
    return this.#text.slice(start, end);
  }

  /** A name, [a-z][a-z0-9_]*, and the colon behind it. */
  #name(): string {
    const [text, start] = [this.#text, this.#place + 1];
    let end = start;
    for (let code = text.charCodeAt(end); isLetter(code) || (end > start && isInside(code)); code = text.charCodeAt(end)) end += 1;
    must(end > start && text.charAt(this.#place) === '"' && text.startsWith('":', end), this.#wrong);
    this.#place = end + 2;
    return text.slice(start, end);
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#place;
    must(pattern.test(this.#text), this.#wrong);
    const start = this.#place;
    this.#place = pattern.lastIndex;
    return this.#text.slice(start, this.#place);
  }
}

/** a to z. */
function isLetter(code: number): boolean {
  return code >= 0x61 && code <= 0x7a;
}

/** 0 to 9, or the low line. */
function isInside(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || code === 0x5f;
}

/** The canonical text of something that `readCanonical` read: members keep their order, and strings have one form. */
export function writeAgain(value: unknown): string {
  if (value instanceof Fields) {
    const values = value.values();
    return `{${value
      .names()
      .map((name, place) => `"${name}":${writeAgain(values[place])}`)
      .join(',')}}`;
  }
  if (Array.isArray(value)) return `[${value.map(writeAgain).join(',')}]`;
  return JSON.stringify(value);
}

/** The value as an object. Throws Wrong. */
export function map(value: unknown, seq: number): Fields {
  must(value instanceof Fields, `entry ${seq} does not have the fields that every entry has`);
  return value;
}

/** True for a SHA-256 hash in hex. */
export function isHash(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}
