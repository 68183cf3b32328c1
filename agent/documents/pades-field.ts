/** The signature field (ISO 32000-1 section 12.7.4.5): one that waits in the document, or a new one on a page of it. */
import { type AppearanceForm, appearanceForm } from './appearance.ts';
import type { AppearanceRequest } from './appearance-request.ts';
import type { PadesWishes } from './pades-request.ts';
import type { PdfFile } from './pdf.ts';
import { declaredPdfaPart } from './pdfa.ts';
import { type EmptyField, type Fields } from './pdf-fields.ts';
import type { PdfRef } from './pdf-objects.ts';
import { PdfArray, PdfDict, PdfName, PdfRefused, PdfStream, type PdfValue, damaged, isName } from './pdf-objects.ts';
import { type PdfPage, readPages } from './pdf-pages.ts';
import { checkPermissions } from './pdf-permissions.ts';
import { textString } from './pdf-serialise.ts';
import type { IncrementalUpdate } from './pdf-writer.ts';

/**
 * The empty field that the signature goes into: the one that is named, else the only one that there is; undefined for a new one. Where several
 * wait, none is taken by guess: each may be meant for somebody else. Throws PdfRefused `certified-no-changes` or `no-such-field`.
 */
export function chooseField(file: PdfFile, fields: Fields, request: Pick<PadesWishes, 'field' | 'appearance'>): EmptyField | undefined {
  const allowed = checkPermissions(file, fields);
  const { field: name, appearance } = request;
  if (name === undefined) {
    const [only, ...others] = fields.empty;
    // A place that was asked for is not the place of a field that is there.
    if (only !== undefined && others.length === 0 && allowed.empty.includes(only) && appearance === undefined) return only;
    if (allowed.fresh) return undefined;
    throw new PdfRefused('no-such-field', 'earlier signatures leave only fields that have to be named');
  }
  const [found, ...more] = fields.empty.filter((field) => field.name === name);
  if (found === undefined || more.length > 0) throw new PdfRefused('no-such-field', 'no empty field of this name', undefined, name);
  if (!allowed.empty.includes(found)) throw new PdfRefused('certified-no-changes', 'the field is locked', undefined, name);
  return found;
}

/** Puts the signature into its field, an empty or a new one, and gives the entries of the catalog that change. Throws PdfRefused. */
export function placeSignature(
  file: PdfFile,
  update: IncrementalUpdate,
  fields: Fields,
  chosen: EmptyField | undefined,
  signature: PdfRef,
  appearance: AppearanceRequest | undefined,
): Readonly<Record<string, PdfValue>> {
  if (chosen !== undefined) {
    // Its place, its widgets and its look stay as they are: an earlier signature covers them.
    update.set(chosen.ref, chosen.dict.with({ V: signature }));
    return addToForm(file, update, fields, undefined);
  }
  const page = readPages(file)[(appearance?.box.page ?? 1) - 1] ?? damaged('no such page');
  const field = update.allocate();
  const look = appearance === undefined ? invisibleForm(update) : appearanceForm(file, update, page, appearance, declaredPdfaPart(file));
  update.set(field, signatureField(freeName(fields), page.ref, signature, look));
  addToPage(file, update, page, field);
  return addToForm(file, update, fields, field);
}

function freeName(fields: Fields): string {
  const taken = new Set([...fields.names].map((name) => name.split('.')[0]));
  for (let number = fields.signed.length + 1; ; number += 1) if (!taken.has(`Signature${number}`)) return `Signature${number}`;
}

/** No place on the page, yet with an appearance, as PDF/A-1 wants of every widget (ISO 19005-1 section 6.3.3). */
function invisibleForm(update: IncrementalUpdate): AppearanceForm {
  const rect = new PdfArray([0, 0, 0, 0]);
  const form = update.allocate();
  const dict = new PdfDict({ Type: new PdfName('XObject'), Subtype: new PdfName('Form'), BBox: rect, Resources: new PdfDict({}) });
  update.set(form, new PdfStream(dict, new Uint8Array(0)));
  return { form, rect };
}

/** A field that is its own widget. */
function signatureField(name: string, page: PdfRef, signature: PdfRef, { form, rect }: AppearanceForm): PdfDict {
  return new PdfDict({
    Type: new PdfName('Annot'),
    Subtype: new PdfName('Widget'),
    FT: new PdfName('Sig'),
    T: textString(name),
    F: 132, // print, locked
    Rect: rect,
    P: page,
    V: signature,
    AP: new PdfDict({ N: form }),
  });
}

/** Appends to an array where it lives: an indirect one is set anew, and undefined comes back; a direct or absent one comes back longer. */
function appendTo(file: PdfFile, update: IncrementalUpdate, holder: PdfValue, item: PdfValue): PdfArray | undefined {
  const found = file.resolve(holder);
  if (found !== null && !(found instanceof PdfArray)) damaged('an array is something else');
  const longer = new PdfArray([...(found?.items ?? []), item]);
  const last = file.lastReference(holder);
  if (last === undefined || found === null) return longer;
  update.set(last, longer);
  return undefined;
}

function addToPage(file: PdfFile, update: IncrementalUpdate, page: PdfPage, field: PdfRef): void {
  const annotations = appendTo(file, update, page.dict.get('Annots'), field);
  if (annotations !== undefined) update.set(page.ref, page.dict.with({ Annots: annotations }));
}

/** Adds a new field to the interactive form, wherever that lives, and sets SignaturesExist and AppendOnly (section 12.7.2, table 219). */
function addToForm(
  file: PdfFile,
  update: IncrementalUpdate,
  { signed }: Fields,
  field: PdfRef | undefined,
): Readonly<Record<string, PdfValue>> {
  const formValue = file.catalog().dict.get('AcroForm');
  const form = file.resolve(formValue);
  if (form !== null && !(form instanceof PdfDict)) damaged('the form is something else');
  const given = form ?? new PdfDict({});
  const old = signed.length === 0 ? withoutRedrawing(file, given) : given;
  const flags = file.resolve(old.get('SigFlags'));
  const fields = field === undefined ? undefined : appendTo(file, update, old.get('Fields'), field);
  const set = typeof flags === 'number' ? flags | 3 : 3;
  if (fields === undefined && set === flags && old === given) return {};
  const changed = old.with({ SigFlags: set, ...(fields === undefined ? {} : { Fields: fields }) });
  const formRef = file.lastReference(formValue);
  if (form !== null && formRef === undefined) return { AcroForm: changed };
  if (form !== null && formRef !== undefined) {
    update.set(formRef, changed);
    return {};
  }
  const made = update.allocate();
  update.set(made, changed);
  return { AcroForm: made };
}

/**
 * Some viewers draw every field anew where the form has NeedAppearances (section 12.7.2, table 218), and then draw nothing for a signature. The first
 * signature takes it away when every field has a look of its own; once something is signed, the form stays as it is.
 */
function withoutRedrawing(file: PdfFile, form: PdfDict): PdfDict {
  if (file.resolve(form.get('NeedAppearances')) !== true) return form;
  const marks = readPages(file).flatMap((page) => file.items(page.dict.get('Annots')) ?? []);
  const widgets = marks.map((mark) => file.dict(mark)).filter((mark) => isName(file.resolve(mark?.get('Subtype') ?? null), 'Widget'));
  const drawn = widgets.every((widget) => file.dict(file.dict(widget?.get('AP') ?? null)?.get('N') ?? null) !== undefined);
  return drawn ? form.without(['NeedAppearances']) : form;
}
