/** What a trial says in the end: lines for a person, or one object for a program, and the exit code. */
import { createHash } from 'node:crypto';
import type { ProblemCode } from '../../contract/problems.ts';
import type { Candidate } from './candidate.ts';
import type { Attempt, Trial } from './trial.ts';

/** True when every signature that was asked for was made and holds. */
export function works({ attempts, gaveUp }: Trial): boolean {
  return !gaveUp && attempts.length > 0 && attempts.every(({ result }) => result === 'signed');
}

/** `sentenceOf` names a problem for a person. */
export function verdictLines(trial: Trial, { judged }: Candidate, sentenceOf: (code: ProblemCode) => string): string {
  const lines = [`Read in ${ms(trial.readMs)}.`, ...trial.attempts.flatMap((attempt) => attemptLines(attempt, sentenceOf))];
  if (trial.gaveUp) return [...lines, 'Given up: the token was not asked to sign.', ''].join('\n');
  if (!works(trial)) return [...lines, 'This token does not work here.', ''].join('\n');
  const { maySign, reasons } = judged;
  const visit = {
    yes: 'A visit would accept this certificate.',
    no: `A visit would refuse this certificate all the same: ${reasons.join('; ')}.`,
    'not-judged': 'Whether a visit would accept this certificate was not judged in full; see countersign tokens.',
  }[maySign];
  return [...lines, 'This token works here.', visit, ''].join('\n');
}

function attemptLines({ scheme, hash, result, problem, entry, ms: took }: Attempt, sentenceOf: (code: ProblemCode) => string): string[] {
  const recorded = entry === undefined ? '' : ` Entry ${entry} of the log.`;
  const what = `${scheme} with ${hash}`;
  if (result === 'signed') return [`${what}: signed in ${ms(took)}, login included; verified twice.${recorded}`];
  const tries = problem?.triesLeft === undefined ? '' : ` Tries left: ${problem.triesLeft}.`;
  const said = problem === undefined ? '' : `${sentenceOf(problem.code)}${tries}`;
  const detail =
    problem === undefined
      ? []
      : [`  ${problem.message}${problem.origin === undefined ? '' : ` (${problem.origin.kind} ${problem.origin.value})`}`];
  const outcome = result === 'outcome-unknown' ? 'nobody can tell whether the token signed' : 'nothing was signed';
  return [`${what}: ${outcome} after ${ms(took)}. ${said}${recorded}`, ...detail];
}

/** The same for a program. */
export function verdictForProgram(trial: Trial, { judged, token, key }: Candidate, text: string): object {
  return {
    format: 'countersign-token-test/1',
    verdict: works(trial) ? 'works' : trial.gaveUp ? 'given-up' : 'does-not-work',
    token,
    certificate_sha256: key.certificateSha256,
    text,
    read_ms: Math.round(trial.readMs),
    attempts: trial.attempts.map(({ scheme, hash, result, ms: took, signature, problem, entry }) => ({
      scheme,
      hash,
      result,
      ms: Math.round(took),
      ...(signature === undefined
        ? {}
        : { signature: Buffer.from(signature).toString('hex'), signature_sha256: createHash('sha256').update(signature).digest('hex') }),
      ...(problem === undefined
        ? {}
        : {
            problem: problem.code,
            ...(problem.triesLeft === undefined ? {} : { tries_left: problem.triesLeft }),
            ...(problem.origin === undefined ? {} : { origin: problem.origin }),
          }),
      ...(entry === undefined ? {} : { entry }),
    })),
    in_a_visit: { accepted: judged.maySign, reasons: judged.reasons },
  };
}

function ms(milliseconds: number): string {
  return `${Math.round(milliseconds)} ms`;
}
