/** PDFs that passed through another tool after they were made: qpdf, Ghostscript, MuPDF, poppler. */
import { cairoDrawing } from './images.ts';
import { officeForm, officeLocked, officeRestricted, officeTagged, officeText, printed } from './offices.ts';
import type { Recipe } from './recipe.ts';

/** What qpdf makes of a PDF with these options. */
function qpdf(what: string, from: Recipe, ...options: readonly string[]): Recipe {
  return {
    name: `qpdf, ${what}`,
    maker: 'qpdf',
    from: { 'in.pdf': from },
    steps: [['qpdf', '--deterministic-id', ...options, 'in.pdf', 'out.pdf']],
  };
}

/** With encryption there is no deterministic /ID. */
function unlocked(what: string, from: Recipe, ...options: readonly string[]): Recipe {
  return {
    name: `qpdf, ${what}`,
    maker: 'qpdf',
    from: { 'in.pdf': from },
    steps: [['qpdf', '--static-id', ...options, 'in.pdf', 'out.pdf']],
  };
}

const packed = qpdf('object streams', officeTagged, '--object-streams=generate');

export const rewrites: readonly Recipe[] = [
  packed,
  qpdf('object streams taken apart', packed, '--object-streams=disable'),
  qpdf('object streams as they were', packed, '--object-streams=preserve'),
  qpdf('linearized', officeText, '--linearize'),
  qpdf('linearized with object streams', printed, '--linearize', '--object-streams=generate'),
  qpdf('QDF', officeForm, '--qdf'),
  qpdf('contents normalized', officeText, '--normalize-content=y', '--coalesce-contents'),
  qpdf('nothing compressed', officeTagged, '--stream-data=uncompress', '--compress-streams=n'),
  qpdf('all compressed anew', printed, '--recompress-flate', '--compression-level=9'),
  qpdf('of version 1.3', officeText, '--force-version=1.3', '--object-streams=disable'),
  qpdf('of version 2.0', officeTagged, '--force-version=2.0', '--object-streams=generate'),
  qpdf('of version 1.7 with extension level 8', officeText, '--min-version=1.7.8'),
  qpdf('turned to the right', officeText, '--rotate=+90:1'),
  qpdf('turned upside down and to the left', printed, '--rotate=180:1', '--rotate=270:2'),
  qpdf('a form with appearances', officeForm, '--generate-appearances'),
  qpdf('a form without fields', officeForm, '--flatten-annotations=all'),
  qpdf('pages of two files', officeText, '--newline-before-endstream', '--pages', '.', '1', 'in.pdf', '1', '--'),
  qpdf('a page under a page', officeText, '--underlay', 'in.pdf', '--'),
  {
    name: 'qpdf, without bookmarks and structure',
    maker: 'qpdf',
    from: { 'in.pdf': officeTagged },
    steps: [['qpdf', '--deterministic-id', '--empty', '--pages', 'in.pdf', '1-z', '--', 'out.pdf']],
  },
  unlocked('the password taken off', officeLocked, '--password=secret', '--decrypt'),
  unlocked('the restrictions taken off', officeRestricted, '--decrypt'),
  unlocked('locked with AES-256', officeText, '--encrypt', '', 'owner', '256', '--'),
  unlocked('locked with RC4', officeText, '--allow-weak-crypto', '--encrypt', '', 'owner', '128', '--use-aes=n', '--'),
  qpdf('with a file packed in', officeText, '--add-attachment', 'in.pdf', '--'),
];

/** What Ghostscript makes of a PDF. */
function ghostscript(what: string, from: Recipe, ...options: readonly string[]): Recipe {
  const device = ['gs', '-q', '-dBATCH', '-dNOPAUSE', '-dSAFER', '-sDEVICE=pdfwrite', '-sOutputFile=out.pdf'];
  return { name: `Ghostscript, ${what}`, maker: 'libgs10', from: { 'in.pdf': from }, steps: [[...device, ...options, 'in.pdf']] };
}

/** The output intent that Ghostscript wants to be told for PDF/A. */
const intent = `%!
[/_objdef {icc} /type /stream /OBJ pdfmark
[{icc} << /N 3 >> /PUT pdfmark
[{icc} (/usr/share/color/icc/ghostscript/srgb.icc) (r) file /PUT pdfmark
[/_objdef {intent} /type /dict /OBJ pdfmark
[{intent} << /Type /OutputIntent /S /GTS_PDFA1 /DestOutputProfile {icc} /OutputConditionIdentifier (sRGB) >> /PUT pdfmark
[{Catalog} << /OutputIntents [ {intent} ] >> /PUT pdfmark
`;

function archived(part: 1 | 2 | 3): Recipe {
  const options = [
    `-dPDFA=${part}`,
    '-dPDFACompatibilityPolicy=1',
    '-sColorConversionStrategy=RGB',
    '--permit-file-read=/usr/share/color/icc/ghostscript/',
  ];
  return { ...ghostscript(`PDF/A-${part}b`, officeText, ...options, 'intent.ps'), files: { 'intent.ps': intent } };
}

const postscript = `%!PS
/Times-Roman 24 selectfont 1 1 5 { 72 600 moveto (Page ) show 3 string cvs show 0.5 setgray 72 100 200 100 rectfill showpage } for
`;

/** Those that claim PDF/A-1b. */
export const archives: readonly Recipe[] = [archived(1)];

export const distilled: readonly Recipe[] = [
  ...['1.3', '1.4', '1.5', '1.6', '1.7'].map((version) => ghostscript(`version ${version}`, officeText, `-dCompatibilityLevel=${version}`)),
  ghostscript('of a drawing', cairoDrawing, '-dPDFSETTINGS=/screen'),
  ghostscript('linearized', officeText, '-dFastWebView=true'),
  ...archives,
  archived(2),
  { ...ghostscript('of PostScript', officeText), from: {}, files: { 'in.pdf': postscript } },
];

/** What MuPDF makes of a PDF. */
function clean(what: string, from: Recipe, ...options: readonly string[]): Recipe {
  return {
    name: `MuPDF, ${what}`,
    maker: 'mupdf-tools',
    from: { 'in.pdf': from },
    steps: [['mutool', 'clean', ...options, 'in.pdf', 'out.pdf']],
  };
}

const contents = `%%MediaBox 0 0 300 200
%%Font F Times-Roman
%%Rotate 90
q 1 0 0 rg 20 20 100 60 re f Q BT /F 24 Tf 20 120 Td (Agreement) Tj ET
`;

function poppler(what: string, steps: Recipe['steps'], from: Readonly<Record<string, Recipe>>): Recipe {
  return { name: `poppler, ${what}`, maker: 'poppler-utils', from, steps };
}

export const cleaned: readonly Recipe[] = [
  clean('cleaned', officeText),
  clean('with all that is unused taken out', officeForm, '-gggg', '-z'),
  clean('with nothing compressed', officeTagged, '-d', '-a'),
  clean('linearized', officeText, '-l'),
  clean('contents written anew', printed, '-c', '-s'),
  clean('without a password', officeLocked, '-p', 'secret', '-D'),
  {
    name: 'MuPDF, made of page contents',
    maker: 'mupdf-tools',
    files: { 'a.txt': contents },
    steps: [['mutool', 'create', '-o', 'out.pdf', 'a.txt', 'a.txt']],
  },
  {
    name: 'MuPDF, merged',
    maker: 'mupdf-tools',
    from: { 'a.pdf': officeText, 'b.pdf': printed },
    steps: [['mutool', 'merge', '-o', 'out.pdf', 'a.pdf', 'b.pdf']],
  },
  poppler('united', [['pdfunite', 'a.pdf', 'b.pdf', 'out.pdf']], { 'a.pdf': officeForm, 'b.pdf': printed }),
  poppler('taken apart', [['pdfseparate', '-f', '2', '-l', '2', 'in.pdf', 'out.pdf']], { 'in.pdf': officeTagged }),
  poppler('drawn anew with Cairo', [['pdftocairo', '-pdf', 'in.pdf', 'out.pdf']], { 'in.pdf': printed }),
];
