/** What the examination of one document found: reasons to refuse it, and remarks on what a person should know although it may be signed. */
import { type DocumentRefusal, type DocumentRemark, documentRefusals, documentRemarks } from '../contract/problems.ts';
import { printable } from './printable.ts';

export interface Remark {
  readonly code: DocumentRemark;
  /** What it is about, such as names of fonts, made safe to show; at most six, the sixth standing for all further ones. */
  readonly subjects: readonly string[];
}

const remarkSentences: Readonly<Record<DocumentRemark, string>> = {
  links: 'The document holds links to places outside; what stands there is not signed.',
  layers: 'The document has layers, all of them visible; a program may let its user switch them off.',
  'missing-fonts': 'The document does not carry all its fonts, so its text may look different in another program',
  'embedded-files': 'Other files are packed into the document; they are signed with it and are not shown here.',
  'form-fields': 'The document is a form; whoever fills it in after the signature changes what was signed.',
  'screen-only-marks': 'Some marks are shown on the screen and are not printed.',
  'unchecked-signatures': 'Not every signature that is already in the document can be checked here',
  'usage-rights': 'The document grants rights to a certain viewer, which may complain about any further signature.',
};

/** Most subjects that one sentence names. */
const mostNamed = 5;

export class Findings {
  readonly #refusals = new Map<DocumentRefusal, string | undefined>();
  readonly #remarks = new Map<DocumentRemark, Set<string>>();

  refuse(refusal: DocumentRefusal, subject?: string): void {
    if (!this.#refusals.has(refusal)) this.#refusals.set(refusal, subject === undefined ? undefined : printable(subject, 60));
  }

  remark(code: DocumentRemark, subject?: string): void {
    const subjects = this.#remarks.get(code) ?? new Set();
    this.#remarks.set(code, subjects);
    if (subject !== undefined && subjects.size <= mostNamed) subjects.add(printable(subject, 60));
  }

  /** The reason that comes first in the list of reasons, so that a document is always refused for the same one. */
  first(): { readonly refusal: DocumentRefusal; readonly subject: string | undefined } | undefined {
    const refusal = documentRefusals.find((code) => this.#refusals.has(code));
    return refusal === undefined ? undefined : { refusal, subject: this.#refusals.get(refusal) };
  }

  /** All remarks, in the order of the list. */
  remarks(): readonly Remark[] {
    return documentRemarks.flatMap((code) => {
      const subjects = this.#remarks.get(code);
      return subjects === undefined ? [] : [{ code, subjects: [...subjects] }];
    });
  }
}

/** What a clerk is told, in English. */
export function remarkSentence({ code, subjects }: Remark): string {
  const sentence = remarkSentences[code];
  if (subjects.length === 0) return sentence.endsWith('.') ? sentence : `${sentence}.`;
  const named = subjects.slice(0, mostNamed).join(', ');
  return `${sentence.replace(/\.$/, '')}: ${named}${subjects.length > mostNamed ? ' and more' : ''}.`;
}
