/** A command or a start that is refused in words: the sentence is for the person at the terminal, and the exit code is documented in the README. */

/** 1: the answer is no. 2: it could not be found out, or the call was wrong. */
export type ExitCode = 1 | 2;

export class StartRefused extends Error {
  override readonly name = 'StartRefused';
  readonly exitCode: ExitCode;

  constructor(sentence: string, exitCode: ExitCode = 2, cause?: unknown) {
    super(sentence, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
  }
}
