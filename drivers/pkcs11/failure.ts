/** What went wrong with a job, from what the host said or from how it was lost, before the slots were looked at again. Pure. */
import { codeOf, type Failure } from './ckr.ts';
import type { Outcome } from './client.ts';
import { ckr } from './cryptoki.ts';
import type { HostLost } from './exchange.ts';
import type { JobFailure } from './protocol.ts';

const codeOfLoss = { crashed: 'module-crashed', timeout: 'module-timeout', 'pad-timeout': 'pin-timeout' } as const;

/** What went wrong, before the slots were looked at again. */
export function failureOf(outcome: Outcome | HostLost): Failure {
  if (outcome.type === 'lost') {
    const code = outcome.signing ? 'outcome-unknown' : codeOfLoss[outcome.how];
    return { code, message: outcome.message, ...(outcome.origin === undefined ? {} : { origin: outcome.origin }) };
  }
  if (outcome.type !== 'failed') throw new Error(`a host answered with ${outcome.type} out of turn`);
  const { message, during } = outcome;
  return { code: codeOfFailure(outcome), message, asked: during === 'C_Sign', ...(outcome.ckr === undefined ? {} : { ckr: outcome.ckr }) };
}

function codeOfFailure(failure: JobFailure): Failure['code'] {
  // It was there when the job was given, so it went in between.
  if (failure.code === 'no-token' || failure.ckr === ckr.tokenNotPresent || failure.ckr === ckr.deviceRemoved) return 'token-removed';
  return failure.code ?? (failure.ckr === undefined ? 'device-error' : codeOf(failure.ckr));
}
