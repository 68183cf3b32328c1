/** What a clerk is told about a document that cannot be signed: one sentence for each reason, in English. */
import type { DocumentRefusal } from '../contract/problems.ts';

export interface Refusal {
  readonly ok: false;
  readonly refusal: DocumentRefusal;
  /** For a clerk, in English. */
  readonly sentence: string;
  /** Which part of the document it is about, such as the name of a signature, made safe to show. */
  readonly subject?: string;
}

/** One sentence for each refusal: what is wrong, then what to do. */
export const refusalSentences: Readonly<Record<DocumentRefusal, string>> = {
  'not-a-file': 'This is not a document but a folder, a link or a device. Put the document itself here.',
  unreadable: 'The document cannot be read. Check that the station may read it and that it is not still being copied.',
  empty: 'The document is empty. Save it again and bring it back.',
  'too-large': 'The document is too large for this station. Ask for a smaller version of it.',
  'not-a-pdf': 'This is not a PDF, whatever its name says. Save the document as a PDF.',
  'junk-before-header':
    'Something else stands before the beginning of this PDF, so programs disagree on what it is. Save it anew as a PDF.',
  'junk-after-end': 'Something else stands after the end of this PDF, or its end was cut off. Ask for a complete copy.',
  encrypted: 'The document is protected with a password or restricted. Ask for a copy without protection.',
  damaged: 'The document is damaged, and this station does not repair documents. Ask for a sound copy or save it anew as a PDF.',
  'no-pages': 'The document has no pages. Ask for the complete document.',
  'too-many-pages': 'The document has too many pages for this station. Split it and sign the parts.',
  'certified-no-changes':
    'Whoever certified or signed this document before forbade any further signature in it. Ask them for a copy that allows it.',
  'no-such-field':
    'The signature field that is to be signed is not in this document, is signed already, or is one of several. Ask for the right version of it.',
  'field-demands':
    'The signature field in this document asks for something that cannot be done here. Ask its author for a copy without that demand.',
  'not-first-signature': 'Only the first signature can certify a document, and this one is signed already. Ask for the unsigned document.',
  'too-complex': 'The document is too complex to be examined safely. Print it to a new PDF and bring that.',
  scripts: 'The document holds a program (JavaScript). Ask for a copy without it, or print it to a new PDF and bring that.',
  'launches-programs': 'The document can start other programs. Ask for a copy without that, or print it to a new PDF and bring that.',
  'dynamic-form': 'The document is an XFA form, which every program shows differently. Print it to a new PDF and bring that.',
  'rich-media': 'The document holds sound, film or 3D, which a signature cannot vouch for. Ask for a copy without them.',
  'embedded-files': 'Other files are packed into the document, and nobody reads them here. Ask for a copy without attachments.',
  'external-content': 'Parts of the document are not in the file itself and may change. Ask for a copy that is complete in itself.',
  'sends-data': 'The document can send what is typed into it elsewhere. Print it to a new PDF and bring that.',
  'acts-when-opened': 'The document does something by itself when it is opened. Print it to a new PDF and bring that.',
  'hidden-content':
    'Parts of the document are hidden, or print differently from how they are shown. Ask for a copy in which everything is visible.',
  'fonts-not-embedded':
    'The document does not carry its own fonts, so its text may look different elsewhere. Save it anew with fonts embedded.',
  'signature-broken': 'A signature that is already in the document does not hold. Ask for the document as it was signed.',
  'active-content':
    'The file is a program or can run one (a script, a page, an Office file with macros), and nobody can vouch for what that does. Ask for it as a PDF.',
  'packed-unread':
    'The file is packed, protected or built in a way that this station cannot look into. Save it in a current format, or ask for it as a PDF.',
  'class-needs-pdf': 'Files of this kind are signed in a PDF here, and this one is none. Ask for it as a PDF.',
  'took-too-long': 'The examination took too long and was stopped. Print the document to a new PDF and bring that.',
  'examination-failed': 'The examination of the document broke off. Put it in once more; if that does not help, print it to a new PDF.',
};

/** The refusal with its sentence, which also names the subject where there is one. */
export function refuse(refusal: DocumentRefusal, subject?: string): Refusal {
  const sentence = refusalSentences[refusal];
  return subject === undefined
    ? { ok: false, refusal, sentence }
    : { ok: false, refusal, sentence: `${sentence} It is about: ${subject}.`, subject };
}
