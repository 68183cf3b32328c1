/** Undoes the two old compressions of PDF (ISO 32000-1 sections 7.4.4 and 7.4.5), to see how large they become. What is malformed ends the data. */
import type { PdfBudget } from './pdf-objects.ts';

const [clearTable, endOfData, firstCode, mostCodes] = [256, 257, 258, 4096];

/** Bytes that are collected, each of them paid for; throws PdfRefused `too-complex` from there. */
class Expanded {
  #bytes = new Uint8Array(4096);
  #length = 0;
  readonly #budget: PdfBudget;
  constructor(budget: PdfBudget) {
    this.#budget = budget;
  }

  /** Room for so many bytes more: where they start, and the array they go into. */
  grow(count: number): { readonly bytes: Uint8Array; readonly start: number } {
    this.#budget.spendInflated(count);
    const start = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return { bytes: this.#bytes, start };
  }

  taken(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** LZW with codes of 9 to 12 bits; `early` makes codes grow one code early, as almost all writers do. Throws PdfRefused `too-complex`. */
export function expandLzw(data: Uint8Array, early: boolean, budget: PdfBudget): Uint8Array {
  const out = new Expanded(budget);
  const prefix = new Uint16Array(mostCodes);
  const last = new Uint8Array(mostCodes);
  const lengths = new Uint32Array(mostCodes).fill(1, 0, clearTable);
  for (let code = 0; code < clearTable; code += 1) last[code] = code;
  let [next, width, previous, held, bits] = [firstCode, 9, -1, 0, 0];
  for (const byte of data) {
    held = ((held << 8) | byte) & 0xff_ff_ff;
    bits += 8;
    if (bits < width) continue;
    bits -= width;
    const code = (held >> bits) & ((1 << width) - 1);
    if (code === endOfData) break;
    if (code === clearTable) {
      [next, width, previous] = [firstCode, 9, -1];
      continue;
    }
    if (code > next || (code === next && previous === -1)) break;
    // The code that is being made right now stands for the sequence before it and its first byte once more.
    const known = code < next ? code : previous;
    const count = (lengths[known] ?? 0) + (code === next ? 1 : 0);
    const { bytes, start } = out.grow(count);
    let at = start + (lengths[known] ?? 0) - 1;
    for (let walk = known; at >= start; walk = prefix[walk] ?? 0, at -= 1) bytes[at] = last[walk] ?? 0;
    const first = bytes[start] ?? 0;
    if (code === next) bytes[start + count - 1] = first;
    if (previous !== -1 && next < mostCodes) {
      prefix[next] = previous;
      last[next] = first;
      lengths[next] = (lengths[previous] ?? 0) + 1;
      next += 1;
    }
    previous = code;
    const reach = next + (early ? 1 : 0);
    width = reach >= 2048 ? 12 : reach >= 1024 ? 11 : reach >= 512 ? 10 : 9;
  }
  return out.taken();
}

/** Runs of bytes. Throws PdfRefused `too-complex`. */
export function expandRuns(data: Uint8Array, budget: PdfBudget): Uint8Array {
  const out = new Expanded(budget);
  for (let at = 0; at < data.length;) {
    const length = data[at] ?? 128;
    if (length === 128) break;
    const count = length < 128 ? Math.min(length + 1, data.length - at - 1) : 257 - length;
    const { bytes, start } = out.grow(count);
    if (length < 128) bytes.set(data.subarray(at + 1, at + 1 + count), start);
    else bytes.fill(data[at + 1] ?? 0, start, start + count);
    at += length < 128 ? count + 1 : 2;
  }
  return out.taken();
}
