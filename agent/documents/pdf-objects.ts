/** The kinds of objects in a PDF (ISO 32000-1 section 7.3), as values that cannot be changed; and the one way a PDF is refused. */
import type { DocumentRefusal } from '../contract/problems.ts';

/** The bytes are not a PDF that can be signed or judged safely. `message` is for a developer; the sentence for a person stands in intake. */
export class PdfRefused extends Error {
  override readonly name = 'PdfRefused';
  readonly refusal: DocumentRefusal;
  /** Which part of the document it is about, such as the name of a field; as it stands there. */
  readonly subject: string | undefined;

  constructor(refusal: DocumentRefusal, message: string, cause?: unknown, subject?: string) {
    super(message, cause === undefined ? undefined : { cause });
    this.refusal = refusal;
    this.subject = subject;
  }
}

/** Throws PdfRefused `damaged`. */
export function damaged(message: string, cause?: unknown): never {
  throw new PdfRefused('damaged', message, cause);
}

/** A name without its slash, one character per byte, escapes resolved. */
export class PdfName {
  readonly value: string;
  constructor(value: string) {
    this.value = value;
  }
}

/** A number that is not a plain integer: kept as it was written, so that rewriting an object never changes it. */
export class PdfReal {
  readonly value: number;
  readonly text: string;
  constructor(text: string) {
    this.text = text;
    this.value = Number(text);
  }
}

/** A string; `start` and `end` are the offsets of its token in the file, where it was read from the file itself. */
export class PdfString {
  readonly bytes: Uint8Array;
  readonly hex: boolean;
  readonly start: number | undefined;
  readonly end: number | undefined;
  constructor(bytes: Uint8Array, hex: boolean, start?: number, end?: number) {
    this.bytes = bytes;
    this.hex = hex;
    this.start = start;
    this.end = end;
  }
}

/** A reference to an indirect object. */
export class PdfRef {
  readonly num: number;
  readonly gen: number;
  constructor(num: number, gen: number) {
    this.num = num;
    this.gen = gen;
  }
}

export class PdfArray {
  readonly items: readonly PdfValue[];
  constructor(items: readonly PdfValue[]) {
    this.items = items;
  }
}

export class PdfDict {
  readonly entries: ReadonlyMap<string, PdfValue>;
  constructor(entries: ReadonlyMap<string, PdfValue> | Readonly<Record<string, PdfValue>>) {
    this.entries = entries instanceof Map ? entries : new Map(Object.entries(entries));
  }

  get(key: string): PdfValue {
    return this.entries.get(key) ?? null;
  }

  /** A copy with these entries set. */
  with(changes: Readonly<Record<string, PdfValue>>): PdfDict {
    return new PdfDict(new Map([...this.entries, ...Object.entries(changes)]));
  }

  /** A copy without these entries. */
  without(keys: readonly string[]): PdfDict {
    return new PdfDict(new Map([...this.entries].filter(([key]) => !keys.includes(key))));
  }
}

/** A stream: its dictionary and its bytes as they stand, filters not applied. */
export class PdfStream {
  readonly dict: PdfDict;
  readonly raw: Uint8Array;
  constructor(dict: PdfDict, raw: Uint8Array) {
    this.dict = dict;
    this.raw = raw;
  }
}

export type PdfValue = null | boolean | number | PdfReal | PdfName | PdfString | PdfRef | PdfArray | PdfDict | PdfStream;

/** True for the name `name`. */
export function isName(value: PdfValue, name: string): boolean {
  return value instanceof PdfName && value.value === name;
}

/** Bounds on what a file may cost us. */
export interface PdfLimits {
  /** Nesting of arrays and dictionaries, of the page tree and of the field tree. */
  readonly maxDepth: number;
  /** Values parsed in all. */
  readonly maxValues: number;
  /** Bytes that all streams together may inflate to; plain images are bounded by their pixels instead. */
  readonly maxInflated: number;
  /** Cross-reference sections. */
  readonly maxSections: number;
  readonly maxPages: number;
}

export const defaultPdfLimits: PdfLimits = {
  maxDepth: 64,
  maxValues: 2_000_000,
  maxInflated: 128 * 1024 * 1024,
  maxSections: 500,
  maxPages: 500,
};

/** Counts what one file has cost so far; throws PdfRefused `too-complex` when it is too much. */
export class PdfBudget {
  readonly limits: PdfLimits;
  #values = 0;
  #inflated = 0;
  constructor(limits: PdfLimits) {
    this.limits = limits;
  }

  spendValues(count: number): void {
    this.#values += count;
    if (this.#values > this.limits.maxValues) throw new PdfRefused('too-complex', 'too many values');
  }

  get inflatedLeft(): number {
    return this.limits.maxInflated - this.#inflated;
  }

  spendInflated(bytes: number): void {
    this.#inflated += bytes;
    if (this.#inflated > this.limits.maxInflated) throw new PdfRefused('too-complex', 'streams inflate to too many bytes');
  }

  checkDepth(depth: number): void {
    if (depth > this.limits.maxDepth) throw new PdfRefused('too-complex', 'nested too deep');
  }
}
