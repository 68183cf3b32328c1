/** Compares two revisions of a PDF value by value, along every way that leads from one object to another. */
import { type PdfFile } from './pdf.ts';
import { PdfArray, PdfDict, PdfRef, PdfStream, type PdfValue } from './pdf-objects.ts';
import { sameValue } from './pdf-serialise.ts';

/** Two values that should be the same; `where` names the part of the document they stand in, `key` the entry that they are, or stand in. */
interface Pair {
  readonly old: PdfValue;
  readonly now: PdfValue;
  readonly where: string;
  readonly key: string;
}

/** What was found so far, and what is still to be looked at. Its methods throw PdfRefused. */
export class Comparison {
  readonly before: PdfFile;
  readonly after: PdfFile;
  /** What was changed, in words. */
  readonly changes = new Set<string>();
  readonly #elsewhere: (num: number, key: string) => boolean;
  readonly #seen = new Set<number>();
  readonly #pending: Pair[] = [];

  /** `elsewhere` says of an object, and the key of the entry that leads to it, whether it is judged elsewhere by rules of its own. */
  constructor(before: PdfFile, after: PdfFile, elsewhere: (num: number, key: string) => boolean) {
    this.before = before;
    this.after = after;
    this.#elsewhere = elsewhere;
  }

  /** Notes a change unless all is well. */
  judge(fine: boolean, change: string): void {
    if (!fine) this.changes.add(change);
  }

  /** Whatever can be reached from these values must be the same in both revisions. */
  frozen(old: PdfValue, now: PdfValue, where: string, key = ''): void {
    this.#pending.push({ old, now, where, key });
    for (let pair = this.#pending.pop(); pair !== undefined; pair = this.#pending.pop()) this.#compare(pair);
  }

  /** All entries of two dictionaries but the open ones must be the same. */
  frozenBut(old: PdfDict, now: PdfDict, where: string, open: readonly string[]): void {
    for (const key of new Set([...old.entries.keys(), ...now.entries.keys()]))
      if (!open.includes(key)) this.frozen(old.get(key), now.get(key), where, key);
  }

  #compare({ old, now, where, key }: Pair): void {
    const changed = `${where} was changed`;
    if (old instanceof PdfRef) {
      if (!(now instanceof PdfRef) || now.num !== old.num || now.gen !== old.gen) this.changes.add(changed);
      else if (!this.#elsewhere(old.num, key)) this.#compareObjects(old, key);
    } else if (old instanceof PdfArray) {
      if (!(now instanceof PdfArray) || now.items.length !== old.items.length) this.changes.add(changed);
      else old.items.forEach((item, index) => this.#pending.push({ old: item, now: now.items[index] ?? null, where, key }));
    } else if (old instanceof PdfDict) {
      if (!(now instanceof PdfDict)) this.changes.add(changed);
      else this.#pushEntries(old, now, where);
    } else if (old instanceof PdfStream) {
      if (!(now instanceof PdfStream) || !sameBytes(old.raw, now.raw)) this.changes.add(changed);
      else this.#pushEntries(old.dict, now.dict, where);
    } else this.judge(!(now instanceof PdfStream) && sameValue(old, now), changed);
  }

  #pushEntries(old: PdfDict, now: PdfDict, where: string): void {
    for (const key of new Set([...old.entries.keys(), ...now.entries.keys()]))
      this.#pending.push({ old: old.get(key), now: now.get(key), where, key });
  }

  #compareObjects(ref: PdfRef, key: string): void {
    if (this.#seen.has(ref.num)) return;
    this.#seen.add(ref.num);
    const old = this.before.get(ref);
    const now = this.#isSameEntry(ref.num) ? old : this.after.get(ref);
    // A place that was open when the document was signed.
    if (old === null) this.judge(now === null, `object ${ref.num} was slipped in`);
    else this.#pending.push({ old, now, where: `object ${ref.num}`, key });
  }

  /** True when both revisions find the object at the same place of the file; what it leads to may still have changed. */
  #isSameEntry(num: number): boolean {
    const [old, now] = [this.before.entries.get(num), this.after.entries.get(num)];
    return old?.kind === 'plain' && now?.kind === 'plain' && old.offset === now.offset && old.gen === now.gen;
  }
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.buffer === right.buffer && left.byteOffset === right.byteOffset && left.length === right.length) return true;
  return Buffer.from(left.buffer, left.byteOffset, left.length).equals(right);
}
