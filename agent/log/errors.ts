/** What the operation log throws: a refusal to open or to take something, and the one error after which nothing may be signed any more. */

/** Why a log cannot be made, opened or read. */
export type LogRefusalCode =
  'missing' | 'exists' | 'in-use' | 'unreadable' | 'broken' | 'settings' | 'not-allowed' | 'anchor' | 'no-anchor';

/** The log refuses; nothing was written. `seq` is the number of the first bad entry where the code is `broken`. */
export class LogRefusal extends Error {
  override readonly name = 'LogRefusal';
  readonly code: LogRefusalCode;
  readonly seq?: number;

  constructor(code: LogRefusalCode, message: string, options: { readonly seq?: number; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    if (options.seq !== undefined) this.seq = options.seq;
  }
}

/**
 * An append was not acknowledged: whether its entries are in the log is unknown (a failed commit may still be there after a restart). The
 * store has failed and takes nothing more; only opening the log anew tells what is in it.
 */
export class LogUnavailable extends Error {
  override readonly name = 'LogUnavailable';

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
  }
}
