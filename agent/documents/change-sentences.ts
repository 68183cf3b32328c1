/** What was added to a document after a signature and may be, in words for a person. */
import type { Addition } from './pdf-changes.ts';

/** Most fields that one sentence names. */
const mostNamed = 5;

function named(fields: readonly string[]): string {
  return fields.length <= mostNamed ? fields.join(', ') : `${fields.slice(0, mostNamed).join(', ')} and ${fields.length - mostNamed} more`;
}

/** One sentence for each kind of addition; none when nothing was added. */
export function additionSentences(additions: readonly Addition[]): readonly string[] {
  const fieldsOf = (kind: Addition['kind']): readonly string[] =>
    additions.flatMap((addition) => (addition.kind === kind && 'field' in addition ? addition.field : []));
  const sentences: string[] = [];
  const [signatures, timestamps, filled] = [fieldsOf('signature'), fieldsOf('timestamp'), fieldsOf('filled')];
  if (signatures.length > 0) sentences.push(`Signed again since, in the field ${named(signatures)}.`);
  const pages = additions.flatMap((addition) => ('page' in addition ? addition.page : []));
  if (pages.length > 0)
    sentences.push(`These signatures put marks on page ${[...new Set(pages)].join(', ')}, which may cover what stood there.`);
  if (timestamps.length > 0) sentences.push('A timestamp was added to the document since.');
  if (filled.length > 0) sentences.push(`Filled in since, which was allowed: ${named(filled)}.`);
  if (additions.some(({ kind }) => kind === 'proofs'))
    sentences.push('Certificates and revocation lists were added since, which changes nothing on the pages.');
  if (additions.some(({ kind }) => kind === 'description'))
    sentences.push('The description of the document (title, author, dates) was changed since.');
  return sentences;
}
