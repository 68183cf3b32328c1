/** A document that cannot be signed as its class wants it is refused before the holder reads it, not after they have signed others. */
import { signatureWishes } from '../documents/document-class.ts';
import { mustTakeSignature } from '../documents/pades-possible.ts';
import { PdfRefused } from '../documents/pdf-objects.ts';
import type { Desk } from './desk.ts';
import type { HolderKey, OpenDocument } from './model.ts';
import { documentProblem } from './problem.ts';

/** Throws SigningProblem document-refused. A mark that the holder places later counts from then on: the preparation judges it. */
export function mayBeSigned(desk: Pick<Desk, 'handling'>, { view, fileName, bytes }: OpenDocument, key: HolderKey): void {
  if (view.format !== undefined) return;
  const { certificate, chain, hash } = key;
  const appearance = view.mark?.box;
  try {
    mustTakeSignature(bytes, {
      certificate,
      chain,
      hash,
      ...signatureWishes(desk.handling(fileName)),
      ...(appearance === undefined ? {} : { appearance }),
    });
  } catch (error) {
    throw error instanceof PdfRefused ? documentProblem(error.refusal) : error;
  }
}
