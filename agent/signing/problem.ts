/** From what a driver or a room throws to a problem of the house. What is not known here is a bug and stays one. */
import { isDeviceError, type DeviceError } from '../../drivers/errors.ts';
import type { DocumentRefusal, ProblemCode } from '../contract/problems.ts';
import type { Problem } from './model.ts';

/** A refusal with a name; actors throw it, the machine shows it. */
export class SigningProblem extends Error {
  override readonly name = 'SigningProblem';
  readonly problem: Problem;

  constructor(code: ProblemCode, details: Omit<Problem, 'code'> & { readonly cause?: unknown } = {}) {
    const { cause, ...rest } = details;
    super(code, cause === undefined ? undefined : { cause });
    this.problem = { code, ...rest };
  }
}

/** A document that cannot be signed. */
export function documentProblem(refusal: DocumentRefusal): SigningProblem {
  return new SigningProblem('document-refused', { refusal });
}

/** Names a driver's error; `fingerprint` tells the two kinds of reader apart. */
export function deviceProblem(error: DeviceError, device: 'token' | 'fingerprint'): SigningProblem {
  const code: ProblemCode = device === 'fingerprint' && error.code === 'reader-lost' ? 'fingerprint-reader-lost' : error.code;
  return new SigningProblem(code, {
    cause: error,
    ...(error.triesLeft === undefined ? {} : { triesLeft: error.triesLeft }),
    ...(error.origin === undefined ? {} : { origin: { kind: error.origin.kind, value: String(error.origin.value) } }),
  });
}

/** Runs a call to a device and renames what it throws. */
export async function askDevice<T>(device: 'token' | 'fingerprint', call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw isDeviceError(error) ? deviceProblem(error, device) : error;
  }
}

/** The problem inside an error, or `fault` for a bug. */
export function problemOf(error: unknown): Problem {
  return error instanceof SigningProblem ? error.problem : { code: 'fault' };
}
