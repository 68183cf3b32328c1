/** The diagnostic signatures themselves: each is entered in the log before the token is asked, verified twice, and never tried again. */
import { createHash } from 'node:crypto';
import { DeviceError, isDeviceError } from '../../../drivers/errors.ts';
import type { Pkcs11Source } from '../../../drivers/pkcs11/source.ts';
import type { Secret } from '../../../drivers/secret.ts';
import type { Hash, SignatureScheme } from '../../../drivers/token.ts';
import { chooseHash } from '../../documents/pades.ts';
import type { AppendableEvent } from '../../log/events.ts';
import type { LogStore } from '../../log/store.ts';
import type { Candidate } from './candidate.ts';
import { reachToken, refusedPin, secondOpinion, tellPad } from './reach.ts';

export interface Attempt {
  readonly scheme: SignatureScheme;
  readonly hash: Hash;
  readonly result: 'signed' | 'nothing-signed' | 'outcome-unknown';
  /** Login, signature and logout, milliseconds. */
  readonly ms: number;
  readonly signature?: Uint8Array;
  readonly problem?: DeviceError;
  /** Entry of the log with which it ended. */
  readonly entry?: number;
}

/** `gave-up`: the person gave no PIN before anything was asked of the token. */
export interface Trial {
  /** Reading certificates and PIN state, milliseconds. */
  readonly readMs: number;
  readonly attempts: readonly Attempt[];
  readonly gaveUp: boolean;
}

export interface TrialOrder {
  readonly candidate: Candidate;
  readonly schemes: readonly SignatureScheme[];
  readonly text: string;
  /** Absent where there is no station. */
  readonly log: LogStore | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** Asks the person; called once for each signature. Undefined gives up. Not called where the PIN is typed on the reader. */
  readonly pin: (scheme: SignatureScheme) => Promise<Secret | undefined>;
  readonly tell: (line: string) => void;
}

const actor = { id: 'terminal', role: 'clerk' } as const;

/** Makes one signature for each scheme, and stops at the first that fails. Throws DeviceError when the token is not there any more or cannot be read. */
export async function runTrial(order: TrialOrder): Promise<Trial> {
  const { candidate, env, schemes } = order;
  return reachToken(candidate, env, async ({ source, tokenId, pin, readMs }) => {
    const attempts: Attempt[] = [];
    for (const scheme of schemes) {
      const secret = pin.protectedPath ? undefined : await order.pin(scheme);
      if (secret === undefined && !pin.protectedPath) return { readMs, attempts, gaveUp: true };
      const attempt = await attemptOnce(order, source, tokenId, scheme, secret);
      attempts.push(attempt);
      if (attempt.result !== 'signed') break;
    }
    return { readMs, attempts, gaveUp: false };
  });
}

async function attemptOnce(
  { candidate, text, log, tell }: TrialOrder,
  source: Pkcs11Source,
  tokenId: string,
  scheme: SignatureScheme,
  pin: Secret | undefined,
): Promise<Attempt> {
  const { certificate, certificateSha256 } = candidate.key;
  const message = Buffer.from(text, 'ascii');
  const hash = chooseHash(certificate);
  const begun = await log
    ?.append({
      op: 'token-test',
      actor,
      module: candidate.module.name,
      token_serial: candidate.token.serial,
      certificate_sha256: certificateSha256,
      text_sha256: sha256(message),
      scheme,
      hash,
    })
    .catch((error: unknown) => {
      pin?.wipe();
      throw error;
    });
  const begin = performance.now();
  const common = { scheme, hash };
  const attempt = await source.sign({ tokenId, certificateSha256, scheme, hash, message }, pin, tellPad(tell)).then(
    (signature): Attempt => judge({ ...common, ms: performance.now() - begin, result: 'signed', signature }, certificate, message),
    (error: unknown): Attempt => {
      if (!isDeviceError(error)) throw error;
      const result = error.code === 'outcome-unknown' ? 'outcome-unknown' : 'nothing-signed';
      return { ...common, ms: performance.now() - begin, result, problem: error };
    },
  );
  if (log === undefined || begun === undefined) return attempt;
  const entries = await log.appendAll(endOf(attempt, begun.seq));
  return { ...attempt, entry: entries.at(-1)?.seq ?? begun.seq };
}

function judge(attempt: Attempt & { readonly signature: Uint8Array }, certificate: Uint8Array, message: Uint8Array): Attempt {
  // A kind of key that no document is signed with here has no second opinion.
  if (secondOpinion(certificate, attempt.scheme, attempt.hash, message, attempt.signature)?.holds !== false) return attempt;
  const problem = new DeviceError('device-error', 'the signature does not hold when it is verified a second time');
  return { ...attempt, result: 'nothing-signed', problem };
}

/** The entries that an attempt leaves: a refused PIN has one of its own, as in a visit. */
function endOf({ result, problem, signature }: Attempt, test: number): AppendableEvent[] {
  const tries = problem?.triesLeft === undefined ? {} : { tries_left: problem.triesLeft };
  return [
    ...refusedPin(problem, actor),
    {
      op: 'token-tested',
      actor,
      test,
      result,
      ...(signature === undefined ? {} : { signature_sha256: sha256(signature) }),
      ...(problem === undefined ? {} : { problem: problem.code, ...tries }),
    },
  ];
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
