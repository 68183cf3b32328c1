/** PDFs as LibreOffice and Chromium make them: contracts with tables, links and letters of many scripts, forms, PDF/A, restricted ones. */
import type { Recipe } from './recipe.ts';

const names = '<p>Ada Lovelace, Ζωή Παπαδοπούλου, Анна Иванова, ნინო, أحمد علي</p>';
const table = `<table border="1">${Array.from({ length: 12 }, (_, row) => `<tr><td>${row + 1}</td><td>item ${row}</td><td>${row * 17} €</td></tr>`).join('')}</table>`;
const picture =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGP8z8DAwMDAxMDAwMDAAAANHQEDasKb6QAAAABJRU5ErkJggg==';
const agreement = `<!doctype html><html><head><meta charset="utf-8"><title>Agreement</title></head><body style="font-family: 'Noto Sans'"><h1>Agreement</h1>${names}${table}<p><img src="${picture}" width="80" height="80" alt="seal"></p><p><a href="https://example.org/">terms</a></p><h2 style="page-break-before: always">Second page</h2><p>Signed by both.</p></body></html>`;
const emptyForm =
  '<html><body><h1>Form</h1><form><p>Who: <input type="text" name="who" size="20"></p><p><input type="checkbox" name="agree"> I agree</p></form></body></html>';
const filledForm = emptyForm.replace('name="who"', 'name="who" value="Ada"').replace('name="agree"', 'name="agree" checked');

type Setting = boolean | number | string;

/** What LibreOffice makes of a page, with these settings of its PDF export. */
function office(what: string, settings: Readonly<Record<string, Setting>> = {}, html = agreement): Recipe {
  const typed = Object.entries(settings).map(([name, value]) => {
    const type = typeof value === 'number' ? 'long' : typeof value;
    return [name, { type, value: String(value) }] as const;
  });
  const filter = typed.length === 0 ? '' : `:${JSON.stringify(Object.fromEntries(typed))}`;
  const convert = ['--infilter=HTML (StarWriter)', '--convert-to', `pdf:writer_pdf_Export${filter}`, 'out.html'];
  return {
    name: `LibreOffice, ${what}`,
    maker: 'libreoffice-core-nogui',
    files: { 'out.html': html },
    steps: [['soffice', '-env:UserInstallation=file://{profile}', '--headless', '--norestore', ...convert]],
  };
}

/** What Chromium prints. */
function print(what: string, html: string, ...flags: readonly string[]): Recipe {
  const browser = ['chromium', '--headless', '--no-sandbox', '--disable-gpu', '--user-data-dir={profile}', '--no-pdf-header-footer'];
  return {
    name: `Chromium, ${what}`,
    maker: 'chromium',
    files: { 'page.html': html },
    steps: [[...browser, ...flags, '--print-to-pdf=out.pdf', 'page.html']],
  };
}

export const officeText = office('a text');
export const officeTagged = office('tagged', { UseTaggedPDF: true, ExportBookmarks: true });
export const officeForm = office('a form', { ExportFormFields: true }, emptyForm);
export const officeArchive = office('PDF/A-1b', { SelectPdfVersion: 1 });
const locked = { EncryptFile: true, DocumentOpenPassword: 'secret' };
export const officeLocked = office('with a password', locked);
export const officeRestricted = office('that may not be printed', { RestrictPermissions: true, PermissionPassword: 'secret', Printing: 0 });

export const offices: readonly Recipe[] = [
  officeText,
  officeTagged,
  officeForm,
  office('a form that is filled in', { ExportFormFields: true }, filledForm),
  officeArchive,
  office('PDF/A-2b', { SelectPdfVersion: 2 }),
  office('PDF/A-3b', { SelectPdfVersion: 3 }),
  office('PDF/UA', { PDFUACompliance: true }),
  office('version 1.5', { SelectPdfVersion: 15 }),
  officeLocked,
  officeRestricted,
];

const long = Array.from({ length: 200 }, (_, page) => `<p style="page-break-before: always">Page ${page + 1}</p>`).join('');
const wide = '<style>@page { size: A4 landscape; margin: 1cm }</style>';

export const printed = print('a text', agreement);

export const browsers: readonly Recipe[] = [
  printed,
  print('without tags', agreement, '--disable-pdf-tagging'),
  print('with an outline', agreement, '--generate-pdf-document-outline'),
  print('across', wide + agreement),
  print('a form that is only printed', filledForm),
  print(
    'with shadows and gradients',
    `<div style="width: 10cm; height: 10cm; background: linear-gradient(red, #0000ff80); box-shadow: 0 0 1cm; opacity: 0.5">A</div>`,
  ),
  print('of 200 pages', long),
];
