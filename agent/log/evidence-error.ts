/** Why a note, a checkpoint, a proof or a receipt is not taken as evidence. */
export type EvidenceCode =
  /** Not written in the one form that its standard allows. */
  | 'malformed'
  /** No signature by a key that is trusted here. */
  | 'unsigned'
  /** A line of a trusted key that does not verify. */
  | 'forged'
  /** Two lines of one trusted key. */
  | 'repeated'
  /** Sound, but of another log. */
  | 'other-log'
  /** The proof does not lead from the entry to the root. */
  | 'not-included'
  /** A head that no proof joins to the one signed before it. */
  | 'not-consistent';

/** Evidence was refused. The message is a short sentence and never repeats what was read. */
export class EvidenceRefused extends Error {
  override readonly name = 'EvidenceRefused';
  readonly code: EvidenceCode;

  constructor(code: EvidenceCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
