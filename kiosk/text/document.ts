/** How much a document is: pages and size, or kind and size where it is no PDF. */
import type { DocumentView } from '../../agent/contract/state.ts';
import type { Catalogue, Language } from './catalogue.ts';
import { formatNumber, formatSize } from './format.ts';

export function lengthParts({ other, pages, size }: DocumentView, text: Catalogue, language: Language): string[] {
  const what = other === undefined ? text.document.pages(pages, formatNumber(language, pages)) : text.otherFile.kinds[other.kind];
  return [what, formatSize(language, size)];
}

/** What the signature on a document will say besides, a line each. */
export function termLines({ terms }: DocumentView, { terms: t }: Catalogue): readonly string[] {
  if (terms === undefined) return [];
  const { certifies, reason, commitment } = terms;
  return [
    ...(certifies === undefined ? [] : [t.certifies]),
    ...(reason === undefined ? [] : [t.reason(reason)]),
    ...(commitment === undefined ? [] : [t.commitments[commitment]]),
  ];
}
