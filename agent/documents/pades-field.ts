/** The signature field (ISO 32000-1 section 12.7.4.5): made, and added to its page and to the interactive form. */
import type { PdfFile } from './pdf.ts';
import type { Fields } from './pdf-fields.ts';
import { PdfArray, PdfDict, PdfName, PdfRef, PdfStream, type PdfValue, damaged } from './pdf-objects.ts';
import type { PdfPage } from './pdf-pages.ts';
import { textString } from './pdf-serialise.ts';
import type { IncrementalUpdate } from './pdf-writer.ts';

/** A name that no field has. */
export function freeName(fields: Fields): string {
  const taken = new Set([...fields.names].map((name) => name.split('.')[0]));
  for (let number = fields.signed.length + 1; ; number += 1) if (!taken.has(`Signature${number}`)) return `Signature${number}`;
}

/** A field that is its own widget: no place on the page, yet with an appearance, as PDF/A-1 wants of every widget (ISO 19005-1 section 6.3.3). */
export function signatureField(update: IncrementalUpdate, name: string, page: PdfRef, signature: PdfRef): PdfDict {
  const nowhere = new PdfArray([0, 0, 0, 0]);
  const appearance = update.allocate();
  const form = new PdfDict({ Type: new PdfName('XObject'), Subtype: new PdfName('Form'), BBox: nowhere, Resources: new PdfDict({}) });
  update.set(appearance, new PdfStream(form, new Uint8Array(0)));
  return new PdfDict({
    Type: new PdfName('Annot'),
    Subtype: new PdfName('Widget'),
    FT: new PdfName('Sig'),
    T: textString(name),
    F: 132, // print, locked
    Rect: nowhere,
    P: page,
    V: signature,
    AP: new PdfDict({ N: appearance }),
  });
}

/** Appends to an array where it lives: an indirect one is set anew, and undefined comes back; a direct or absent one comes back longer. */
function appendTo(file: PdfFile, update: IncrementalUpdate, holder: PdfValue, item: PdfValue): PdfArray | undefined {
  const found = file.resolve(holder);
  if (found !== null && !(found instanceof PdfArray)) damaged('an array is something else');
  const longer = new PdfArray([...(found?.items ?? []), item]);
  const last = lastReference(file, holder);
  if (last === undefined || found === null) return longer;
  update.set(last, longer);
  return undefined;
}

/** The last reference of a chain: the one whose object is no reference itself. */
function lastReference(file: PdfFile, value: PdfValue): PdfRef | undefined {
  let last: PdfRef | undefined;
  for (let next = value; next instanceof PdfRef; next = file.get(next)) last = next;
  return last;
}

/** Puts the widget among the annotations of its page. Throws PdfRefused. */
export function addToPage(file: PdfFile, update: IncrementalUpdate, page: PdfPage, field: PdfRef): void {
  const annotations = appendTo(file, update, page.dict.get('Annots'), field);
  if (annotations !== undefined) update.set(page.ref, page.dict.with({ Annots: annotations }));
}

/** Adds the field to the interactive form, wherever that lives, and sets SignaturesExist and AppendOnly (section 12.7.2, table 219). Throws PdfRefused. */
export function addToForm(file: PdfFile, update: IncrementalUpdate, field: PdfRef): void {
  const catalog = file.catalog();
  const formValue = catalog.dict.get('AcroForm');
  const form = file.resolve(formValue);
  if (form !== null && !(form instanceof PdfDict)) damaged('the form is something else');
  const old = form ?? new PdfDict({});
  const flags = file.resolve(old.get('SigFlags'));
  const fields = appendTo(file, update, old.get('Fields'), field);
  const set = typeof flags === 'number' ? flags | 3 : 3;
  if (fields === undefined && set === flags) return;
  const changed = old.with({ SigFlags: set, ...(fields === undefined ? {} : { Fields: fields }) });
  const formRef = lastReference(file, formValue);
  if (form !== null && formRef !== undefined) update.set(formRef, changed);
  else if (form !== null) update.set(catalog.ref, catalog.dict.with({ AcroForm: changed }));
  else {
    const made = update.allocate();
    update.set(made, changed);
    update.set(catalog.ref, catalog.dict.with({ AcroForm: made }));
  }
}
