/** Appends an incremental update to a PDF (ISO 32000-1 section 7.5.6), in the style of the file's newest section. The file itself stays as it is. */
import { type Appended, append } from './document-memory.ts';
import { type PdfFile } from './pdf.ts';
import { highestObjectNumber } from './pdf-lexer.ts';
import { PdfArray, PdfDict, PdfName, PdfRef, PdfRefused, PdfStream, PdfString, type PdfValue } from './pdf-objects.ts';
import { walk } from './pdf-pages.ts';
import { serialise } from './pdf-serialise.ts';

interface Change {
  readonly gen: number;
  readonly bytes: Uint8Array;
}

const streamKeys = ['Type', 'W', 'Index', 'Filter', 'DecodeParms', 'Length', 'XRefStm', 'Prev', 'Size'];

/** The finished update: all bytes, and where each changed object begins in them. */
export interface UpdatedPdf extends Appended {
  readonly offsets: ReadonlyMap<number, number>;
}

/** Cross-reference streams are written with offsets of four bytes. */
const largestOffset = 0xffffffff;

/** Collects changed and new objects of one update. */
export class IncrementalUpdate {
  readonly #file: PdfFile;
  readonly #changes = new Map<number, Change>();
  #next: number;

  /** Walks the file once: new numbers lie above every number that is used or referenced anywhere, so that none is captured by an old reference. Throws PdfRefused. */
  constructor(file: PdfFile) {
    this.#file = file;
    const size = file.sections.map((section) => section.trailer.get('Size')).filter((value) => typeof value === 'number');
    const used = [...file.entries.keys()].reduce((highest, num) => Math.max(highest, num), 0);
    this.#next = Math.max(used + 1, walk(file).highestReference + 1, ...size);
  }

  /** A reference to an object that is still to be set. Throws PdfRefused `too-complex` when the numbers are used up. */
  allocate(): PdfRef {
    if (this.#next > highestObjectNumber) throw new PdfRefused('too-complex', 'object numbers are used up');
    this.#next += 1;
    return new PdfRef(this.#next - 1, 0);
  }

  /** Sets an object to a value, or to bytes that are written as they are. */
  set(ref: PdfRef, value: PdfValue | Uint8Array): void {
    this.#changes.set(ref.num, { gen: ref.gen, bytes: value instanceof Uint8Array ? value : serialise(value) });
  }

  /**
   * File and update in one piece (`append`); `fileId` (16 bytes) becomes the changing half of /ID where the file has one. Throws PdfRefused
   * `too-large` when the offsets of the update would not fit.
   */
  finish(fileId: Uint8Array): UpdatedPdf {
    const parts: Uint8Array[] = [];
    let length = this.#file.bytes.length;
    const add = (part: Uint8Array): void => {
      parts.push(part);
      length += part.length;
    };
    const lastByte = this.#file.bytes.at(-1);
    if (lastByte !== 10 && lastByte !== 13) add(Buffer.from('\n'));
    const offsets = new Map<number, number>();
    for (const [num, change] of [...this.#changes].sort(([left], [right]) => left - right)) {
      offsets.set(num, length);
      add(Buffer.from(`${num} ${change.gen} obj\n`));
      add(change.bytes);
      add(Buffer.from('\nendobj\n'));
    }
    const newest = this.#file.sections[0];
    const stream = newest?.style === 'stream' ? this.allocate() : undefined;
    const start = length;
    if (start > largestOffset) throw new PdfRefused('too-large', 'offsets of more than four bytes');
    if (stream !== undefined) offsets.set(stream.num, start);
    const trailer = this.#trailer(fileId, newest?.offset ?? 0);
    add(stream === undefined ? this.#table(offsets, trailer) : this.#stream(stream, offsets, trailer));
    add(Buffer.from(`startxref\n${start}\n%%EOF\n`));
    return { ...append(this.#file.bytes, parts), offsets };
  }

  #trailer(fileId: Uint8Array, previous: number): PdfDict {
    const old = this.#file.trailer.without(streamKeys);
    const id = this.#file.items(old.get('ID'));
    const permanent = this.#file.resolve(id?.[0] ?? null);
    const changed = permanent instanceof PdfString ? { ID: new PdfArray([permanent, new PdfString(fileId, true)]) } : {};
    return old.with({ Size: this.#next, Prev: previous, ...changed });
  }

  #runs(offsets: ReadonlyMap<number, number>): readonly (readonly number[])[] {
    const runs: number[][] = [];
    for (const num of [...offsets.keys()].sort((left, right) => left - right)) {
      const run = runs.at(-1);
      if (run !== undefined && run.at(-1) === num - 1) run.push(num);
      else runs.push([num]);
    }
    return runs;
  }

  #table(offsets: ReadonlyMap<number, number>, trailer: PdfDict): Uint8Array {
    const lines = ['xref\n'];
    for (const run of this.#runs(offsets)) {
      lines.push(`${run[0] ?? 0} ${run.length}\n`);
      for (const num of run) {
        const gen = this.#changes.get(num)?.gen ?? 0;
        lines.push(`${String(offsets.get(num) ?? 0).padStart(10, '0')} ${String(gen).padStart(5, '0')} n\r\n`);
      }
    }
    return Buffer.concat([Buffer.from(`${lines.join('')}trailer\n`), serialise(trailer), Buffer.from('\n')]);
  }

  #stream(ref: PdfRef, offsets: ReadonlyMap<number, number>, trailer: PdfDict): Uint8Array {
    const runs = this.#runs(offsets);
    const rows = runs.flat().map((num) => {
      const row = Buffer.alloc(7);
      row.writeUInt8(1, 0);
      row.writeUInt32BE(offsets.get(num) ?? 0, 1);
      row.writeUInt16BE(this.#changes.get(num)?.gen ?? 0, 5);
      return row;
    });
    const dict = new PdfDict({
      Type: new PdfName('XRef'),
      ...Object.fromEntries(trailer.entries),
      W: new PdfArray([1, 4, 2]),
      Index: new PdfArray(runs.flatMap((run) => [run[0] ?? 0, run.length])),
    });
    return Buffer.concat([
      Buffer.from(`${ref.num} 0 obj\n`),
      serialise(new PdfStream(dict, Buffer.concat(rows))),
      Buffer.from('\nendobj\n'),
    ]);
  }
}
