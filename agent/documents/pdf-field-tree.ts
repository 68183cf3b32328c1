/** Every field and widget of a form (ISO 32000-1 section 12.7.3), with the name it goes by and what it inherits. */
import { type PdfFile } from './pdf.ts';
import { type PdfDict, PdfName, PdfRef, PdfRefused, PdfString, type PdfValue, damaged } from './pdf-objects.ts';
import { readTextString } from './pdf-serialise.ts';

export interface FormNode {
  readonly ref: PdfRef;
  readonly dict: PdfDict;
  /** Fully qualified; a widget has the name of its field. */
  readonly name: string;
  /** Sig, Tx, Btn or Ch, inherited where the node does not say it; undefined when nobody does. */
  readonly kind: string | undefined;
}

const mostNodes = 100_000;

/** The nodes of the form, by object number; those that are no objects of their own are left out, because nothing can change them alone. Throws PdfRefused. */
export function formNodes(file: PdfFile): ReadonlyMap<number, FormNode> {
  const nodes = new Map<number, FormNode>();
  const visit = (value: PdfValue, above: string, inherited: string | undefined, depth: number): void => {
    file.budget.checkDepth(depth);
    const dict = file.dict(value);
    if (dict === undefined) return;
    const title = file.resolve(dict.get('T'));
    const own = title instanceof PdfString ? readTextString(title) : undefined;
    const name = [above, own].filter((part) => part !== undefined && part !== '').join('.');
    const kindName = file.resolve(dict.get('FT'));
    const kind = kindName instanceof PdfName ? kindName.value : inherited;
    if (value instanceof PdfRef) {
      if (nodes.has(value.num)) damaged('the field tree meets a field twice');
      if (nodes.size > mostNodes) throw new PdfRefused('too-complex', 'too many fields');
      nodes.set(value.num, { ref: value, dict, name, kind });
    }
    for (const kid of file.items(dict.get('Kids')) ?? []) visit(kid, name, kind, depth + 1);
  };
  const form = file.dict(file.catalog().dict.get('AcroForm'));
  for (const field of file.items(form?.get('Fields') ?? null) ?? []) visit(field, '', undefined, 0);
  return nodes;
}
