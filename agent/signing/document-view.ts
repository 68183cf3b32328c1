/** From a document of the inbox to what the screen shows of it. Pure. */
import type { DocumentView, OutputFormat } from '../contract/state.ts';
import { type Handling, termsOf } from '../documents/document-class.ts';
import type { InboxDocument } from '../documents/inbox.ts';
import { printable } from '../documents/printable.ts';

/** The view of a document that is handled and signed in this way; a mark comes to it when the document is opened. */
export function documentView(document: InboxDocument, handling: Handling, format: OutputFormat): DocumentView {
  const { id, fileName, pages, size, digest, signatures, remarks, other } = document;
  const terms = termsOf(handling, format);
  return {
    id,
    name: printable(fileName, 120),
    pages,
    size,
    digest,
    signatures,
    ...(handling.name === undefined ? {} : { documentClass: handling.name }),
    ...(terms === undefined ? {} : { terms }),
    ...(remarks.length === 0 ? {} : { remarks }),
    ...(other === undefined ? {} : { other }),
    ...(format === 'pades' ? {} : { format }),
  };
}
