/** What may be added to the form of a signed PDF: further signatures, and, where that is allowed, what is filled into fields that were empty. */
import type { Allowance } from './pdf-allowance.ts';
import { isPlain } from './pdf-changes-evidence.ts';
import type { Comparison } from './pdf-comparison.ts';
import type { FormNode } from './pdf-field-tree.ts';
import { type NewField, isAppearance, newField, newSignature } from './pdf-new-field.ts';
import { PdfArray, PdfDict, PdfName, PdfRef, PdfString, type PdfValue } from './pdf-objects.ts';
import type { PdfPage } from './pdf-pages.ts';
import { drawsTextAlone } from './pdf-plain-text.ts';
import { sameValue } from './pdf-serialise.ts';

/** Something that was added after a signature and does not break it. */
export type Addition =
  /** `page` (from 1) is set when a field was added that takes up room there. */
  | { readonly kind: 'signature' | 'timestamp'; readonly field: string; readonly page?: number }
  | { readonly kind: 'filled'; readonly field: string }
  /** Certificates and revocation lists, in the document security store. */
  | { readonly kind: 'proofs' }
  /** Title, author, dates. */
  | { readonly kind: 'description' };

/** Entries by which one object of a form leads to another; by any other way a field could serve as a font, or as a state of the graphics. */
export const waysToFields = ['Fields', 'Kids', 'Parent', 'Annots', 'Obj', 'CO'];
const signedKeys = ['V', 'AP', 'M', 'F'];
const filledKeys: ReadonlyMap<string, readonly string[]> = new Map([
  ['Tx', ['V', 'AP', 'M']],
  ['Ch', ['V', 'I', 'AP', 'M']],
  // The looks of a button were all there when it was signed: only which of them is shown may change.
  ['Btn', ['V', 'AS', 'M']],
]);

function isEmpty(value: PdfValue): boolean {
  if (value instanceof PdfString) return value.bytes.length === 0;
  if (value instanceof PdfArray) return value.items.length === 0;
  return value === null || (value instanceof PdfName && value.value === 'Off');
}

/** Compares the forms of two revisions; what it finds to be allowed goes into `additions`. All methods throw PdfRefused. */
export class FormComparison {
  readonly additions: Addition[] = [];
  readonly #comparison: Comparison;
  readonly #allowance: Allowance;
  readonly #nodes: ReadonlyMap<number, FormNode>;
  /** Fields that are new, by number; each may stand on one page. */
  readonly #added = new Map<number, NewField>();

  constructor(comparison: Comparison, allowance: Allowance, nodes: ReadonlyMap<number, FormNode>) {
    this.#comparison = comparison;
    this.#allowance = allowance;
    this.#nodes = nodes;
  }

  /** Compares the form itself and every field that was there; `old` and `now` are what the catalogs say of it. */
  compareForm(old: PdfValue, now: PdfValue): void {
    const { before, after } = this.#comparison;
    const [oldForm, newForm] = [before.dict(old) ?? new PdfDict({}), after.dict(now) ?? new PdfDict({})];
    this.#comparison.frozenBut(oldForm, newForm, 'the form', ['Fields', 'SigFlags', ...this.#openResources(oldForm)]);
    const flagsOf = (value: PdfValue): number => (typeof value === 'number' ? value : 0);
    const [had, has] = [flagsOf(before.resolve(oldForm.get('SigFlags'))), flagsOf(after.resolve(newForm.get('SigFlags')))];
    this.#comparison.judge((had & ~has) === 0 && (has & ~(had | 3)) === 0, 'the form was changed');
    const added = this.#grown(oldForm.get('Fields'), newForm.get('Fields'), 'Fields', 'fields were changed');
    for (const item of added) this.#addField(item);
    const filled = this.#filledNames();
    for (const node of this.#nodes.values()) this.#compareNode(node, filled);
  }

  /** Fonts for the fields of a form (DR) may come where there were none, and where no viewer would draw a field anew with them. */
  #openResources(form: PdfDict): readonly string[] {
    const { before } = this.#comparison;
    const redrawn = before.resolve(form.get('NeedAppearances')) === true;
    return before.resolve(form.get('DR')) === null && !redrawn ? ['DR'] : [];
  }

  /** Compares the marks on a page, which is page `number` from 1. */
  compareMarks(page: PdfPage, now: PdfDict, number: number): void {
    const changed = `marks on page ${number} were changed`;
    for (const item of this.#grown(page.dict.get('Annots'), now.get('Annots'), 'Annots', changed)) {
      const field = item instanceof PdfRef ? this.#added.get(item.num) : undefined;
      const place = this.#comparison.after.dict(item)?.get('P') ?? null;
      this.#comparison.judge(field !== undefined && (place === null || sameValue(place, page.ref)), changed);
      if (field === undefined || !(item instanceof PdfRef)) continue;
      this.#added.delete(item.num);
      if (field.visible) this.#showMark(field, number);
    }
  }

  /** After a certification no new mark may appear: it could cover what was certified. */
  #showMark({ name }: NewField, page: number): void {
    this.#comparison.judge(this.#allowance.level === undefined, `a mark was put over page ${page}`);
    const at = this.additions.findIndex((addition) => 'field' in addition && addition.field === name);
    const addition = this.additions[at];
    if (addition?.kind === 'signature' || addition?.kind === 'timestamp') this.additions[at] = { ...addition, page };
  }

  /** What a list holds beyond what it held before, which must still be there, in its order, and the same. */
  #grown(old: PdfValue, now: PdfValue, key: string, changed: string): readonly PdfValue[] {
    const { before, after } = this.#comparison;
    const oldItems = before.items(old) ?? [];
    const newItems = after.items(now) ?? [];
    oldItems.forEach((item, index) => {
      const same = sameValue(item, newItems[index] ?? null);
      this.#comparison.judge(same, changed);
      if (same) this.#comparison.frozen(item, newItems[index] ?? null, 'a field', key);
    });
    return newItems.slice(oldItems.length);
  }

  #addField(item: PdfValue): void {
    const { before, after } = this.#comparison;
    const field = item instanceof PdfRef ? newField(before, after, item) : undefined;
    if (field === undefined || !(item instanceof PdfRef)) {
      this.#comparison.judge(false, 'fields were changed');
      return;
    }
    const taken = [...this.#nodes.values(), ...this.#added.values()].some(({ name }) => name === field.name);
    this.#comparison.judge(!taken && this.#maySign(field.name, field.kind), `the field ${field.name} was added`);
    this.#added.set(item.num, field);
    this.additions.push({ kind: field.kind, field: field.name });
  }

  /** Document timestamps may follow every certification (ISO 32000-2 table 257). */
  #maySign(name: string, kind: NewField['kind']): boolean {
    return kind === 'timestamp' || (this.#allowance.level !== 1 && !this.#allowance.locks(name));
  }

  /** Names of the fields that were empty and are not any more, with what their objects may change for it. */
  #filledNames(): ReadonlyMap<string, readonly string[]> {
    const { before, after } = this.#comparison;
    const found = new Map<string, readonly string[]>();
    for (const { ref, dict, name, kind } of this.#nodes.values()) {
      const [old, value] = [before.resolve(dict.get('V')), after.dict(ref)?.get('V') ?? null];
      if (!isEmpty(old) || sameValue(dict.get('V'), value)) continue;
      if (kind === 'Sig') {
        const signature = old === null ? newSignature(before, after, value) : undefined;
        if (signature === undefined || !this.#maySign(name, signature)) continue;
        found.set(name, signedKeys);
        this.additions.push({ kind: signature, field: name });
      } else {
        const keys = filledKeys.get(kind ?? '');
        if (keys === undefined || this.#allowance.level === 1 || this.#allowance.locks(name) || !isPlain(value)) continue;
        found.set(name, keys);
        this.additions.push({ kind: 'filled', field: name });
      }
    }
    return found;
  }

  #compareNode({ ref, dict, name }: FormNode, filled: ReadonlyMap<string, readonly string[]>): void {
    const { before, after } = this.#comparison;
    const where = `the field ${name}`;
    const now = after.resolve(ref);
    if (!(now instanceof PdfDict)) {
      this.#comparison.judge(false, `${where} was changed`);
      return;
    }
    const open = filled.get(name) ?? [];
    this.#comparison.frozenBut(dict, now, where, open);
    if (open.includes('AP') && !sameValue(dict.get('AP'), now.get('AP'))) {
      const look = now.get('AP');
      const fine = isAppearance(before, after, look) && (open === signedKeys || drawsTextAlone(after, after.dict(look)?.get('N') ?? null));
      this.#comparison.judge(fine, `${where} was filled in with more than text`);
    }
    const shown = now.get('AS');
    if (open.includes('AS') && !sameValue(dict.get('AS'), shown)) {
      const looks = after.dict(after.dict(now.get('AP'))?.get('N') ?? null);
      const fine = shown instanceof PdfName && drawsTextAlone(after, looks?.get(shown.value) ?? null);
      this.#comparison.judge(fine, `${where} was filled in with more than text`);
    }
    // Programs lock the mark of a signature that was made, and let it be printed (ISO 32000-1 table 165).
    const flags = now.get('F');
    if (open === signedKeys) this.#comparison.judge(sameValue(dict.get('F'), flags) || flags === 132, `${where} was changed`);
  }
}
