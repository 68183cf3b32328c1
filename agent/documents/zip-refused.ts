/** Why a ZIP container is not read. What two programs could read differently is refused, never guessed. */

export type ZipProblem = 'not-a-zip' | 'damaged' | 'encrypted' | 'unsafe-name' | 'names-differ' | 'too-large' | 'unknown-form';

/** The container is not read; the message is for whoever looks into it, never shown to a person. */
export class ZipRefused extends Error {
  override readonly name = 'ZipRefused';
  readonly problem: ZipProblem;
  constructor(problem: ZipProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

/** Throws ZipRefused. */
export function refuseZip(problem: ZipProblem, message: string): never {
  throw new ZipRefused(problem, message);
}
