/** Why a bundle is not written. */
export type ExportRefusalCode =
  /** The medium has too little room. */
  | 'no-space'
  /** The medium cannot be written, or something is in the way. */
  | 'unwritable'
  /** Something that belongs into the bundle cannot be read, or is not what it should be. */
  | 'unreadable'
  /** What was written is not what is read back. */
  | 'read-back';

/** The export did not end: no manifest was written, or it was not believed. The message is a sentence for a person, without its full stop. */
export class ExportRefused extends Error {
  override readonly name = 'ExportRefused';
  readonly code: ExportRefusalCode;

  constructor(code: ExportRefusalCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
