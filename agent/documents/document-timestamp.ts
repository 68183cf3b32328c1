/**
 * A timestamp over a whole document (ISO 32000-2 section 12.8.5, ETSI EN 319 142-1 section 5.4.3): a field of its own, prepared first with room for
 * the token, because what is stamped must not change until the answer comes. The prepared file is the only thing that has to be kept.
 */
import { digestOf } from './algorithms.ts';
import { collectProofs } from './dss-collect.ts';
import { isDocumentTimestamp } from './judge-document-timestamp.ts';
import { dictionaryWithRoom, placeRange } from './pades-dictionary.ts';
import { placeSignature } from './pades-field.ts';
import { type SignedField, readFields } from './pdf-fields.ts';
import { PdfDict, PdfName, PdfRefused } from './pdf-objects.ts';
import { IncrementalUpdate } from './pdf-writer.ts';
import { printable } from './printable.ts';
import { refusalSentences } from './refusal-sentences.ts';
import { readPlace } from './signature-place.ts';
import { TimestampRefused } from './timestamp-answer.ts';
import type { Stampable } from './timestamp-apply.ts';
import { mustStillHold, openForTimestamp } from './timestamp-pdf.ts';
import type { Trust } from './trust.ts';
import { Judged } from './verdict.ts';
import { verifyPdf } from './verify.ts';

/** Room for the token, bytes: authorities send up to some kilobytes of certificates along. */
const tokenRoom = 16_384;

/**
 * The document with an empty place for a timestamp over all of it, as an incremental update; with `trust`, the proofs of everything that is signed in it
 * go into the same update. Throws TimestampRefused.
 */
export function prepareDocumentTimestamp(bytes: Uint8Array, proofs?: { readonly trust: Trust; readonly now: Date }): Uint8Array {
  const before = verifyPdf(bytes);
  if (before.outcome === 'UNREADABLE') throw new TimestampRefused(before.sentence);
  const broken = before.signatures.find(({ intact }) => !intact);
  if (broken !== undefined)
    throw new TimestampRefused(`The signature ${broken.field} does not hold, so a timestamp over it would prove nothing.`);
  const file = openForTimestamp(bytes);
  if (readFields(file).signed.length === 0) throw new TimestampRefused('There is no signature in this document.');
  try {
    const update = new IncrementalUpdate(file);
    const signature = update.allocate();
    const dictionary = new PdfDict({
      Type: new PdfName('DocTimeStamp'),
      Filter: new PdfName('Adobe.PPKLite'),
      SubFilter: new PdfName('ETSI.RFC3161'),
    });
    update.set(signature, dictionaryWithRoom(dictionary, tokenRoom));
    const changes = {
      ...(proofs === undefined ? {} : collectProofs(file, update, proofs.trust, proofs.now)),
      ...placeSignature(file, update, readFields(file), undefined, signature, undefined),
    };
    const catalog = file.catalog();
    if (Object.keys(changes).length > 0) update.set(catalog.ref, catalog.dict.with(changes));
    const updated = update.finish(digestOf('sha256', bytes, Buffer.from('timestamp')).subarray(0, 16));
    placeRange(updated.bytes, updated.offsets.get(signature.num) ?? 0, tokenRoom);
    return new Uint8Array(updated.bytes);
  } catch (problem) {
    if (problem instanceof PdfRefused) throw new TimestampRefused(refusalSentences[problem.refusal], { cause: problem });
    throw problem;
  }
}

/** The place that waits for a timestamp, in a document that `prepareDocumentTimestamp` made; undefined in any other. Throws TimestampRefused when it was changed since. */
export function findPrepared(bytes: Uint8Array): Stampable | undefined {
  const file = openForTimestamp(bytes);
  for (const field of readFields(file).signed.filter((one) => isDocumentTimestamp(file, one))) {
    const place = placeIn(file, field);
    if (place?.contents.bytes.some((octet) => octet !== 0) !== false) continue;
    const { contents, parts, end } = place;
    if (end !== bytes.length)
      throw new TimestampRefused('The document was changed after it was prepared for its timestamp. Prepare it anew.');
    return {
      field: printable(field.name),
      hash: 'sha256',
      parts,
      stamp(token) {
        const room = contents.bytes.length;
        if (token.length > room)
          throw new TimestampRefused(
            `There is no room for this timestamp: it needs ${token.length - room} bytes more than were left free.`,
          );
        const output = Uint8Array.from(bytes);
        Buffer.from(output.buffer).write(Buffer.from(token).toString('hex').toUpperCase(), (contents.start ?? 0) + 1, 'latin1');
        mustStillHold(bytes, output, contents.start ?? 0, contents.end ?? 0);
        return output;
      },
    };
  }
  return undefined;
}

function placeIn(file: ReturnType<typeof openForTimestamp>, field: SignedField): ReturnType<typeof readPlace> | undefined {
  try {
    return readPlace(file, field);
  } catch (problem) {
    if (problem instanceof Judged) return undefined;
    throw problem;
  }
}
