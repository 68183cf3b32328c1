/** The diagnostic signatures themselves: each is entered in the log before the token is asked, verified twice, and never tried again. */
import { createHash, X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeviceError, isDeviceError } from '../../../drivers/errors.ts';
import { createTokenSource, type Pkcs11Source } from '../../../drivers/pkcs11/source.ts';
import type { Secret } from '../../../drivers/secret.ts';
import type { Hash, PadMoment, SignatureScheme, TokenInfo } from '../../../drivers/token.ts';
import { problems } from '../../contract/problems.ts';
import { ecdsaToDer, signatureHolds } from '../../documents/algorithms.ts';
import { readCertificate } from '../../documents/certificate.ts';
import { chooseHash } from '../../documents/pades.ts';
import type { AppendableEvent } from '../../log/events.ts';
import type { LogStore } from '../../log/store.ts';
import type { Candidate } from './candidate.ts';

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

/** The driver needs a moment to see what was seen before. */
const seeMs = 15_000;
const actor = { id: 'terminal', role: 'clerk' } as const;

/** Makes one signature for each scheme, and stops at the first that fails. Throws DeviceError when the token is not there any more or cannot be read. */
export async function runTrial(order: TrialOrder): Promise<Trial> {
  const { candidate, env, schemes } = order;
  const source = createTokenSource({ modules: [candidate.module], env, pollMs: 200 });
  try {
    const { id } = await sameToken(source, candidate);
    const begin = performance.now();
    const { keys, pin } = await source.read(id);
    const readMs = performance.now() - begin;
    if (!keys.some(({ certificateSha256 }) => certificateSha256 === candidate.key.certificateSha256))
      throw new DeviceError('token-changed', 'another token is in the reader now');
    // Consent was given to the state that was shown.
    if (pin.state !== candidate.pin.state && (pin.state === 'last-try' || pin.state === 'locked'))
      throw new DeviceError('token-changed', 'the state of its PIN has changed meanwhile');
    const attempts: Attempt[] = [];
    for (const scheme of schemes) {
      const secret = pin.protectedPath ? undefined : await order.pin(scheme);
      if (secret === undefined && !pin.protectedPath) return { readMs, attempts, gaveUp: true };
      const attempt = await attemptOnce(order, source, id, scheme, secret);
      attempts.push(attempt);
      if (attempt.result !== 'signed') break;
    }
    return { readMs, attempts, gaveUp: false };
  } finally {
    await source.close();
  }
}

async function sameToken(source: Pkcs11Source, { token }: Candidate): Promise<TokenInfo> {
  for (const end = Date.now() + seeMs; Date.now() < end;) {
    const found = source
      .tokens()
      .find(({ slot, serial, label }) => slot === token.slot && serial === token.serial && label === token.label);
    if (found !== undefined) return found;
    await sleep(50);
  }
  throw new DeviceError('token-removed', 'the token is not there any more');
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
  const tellPad = (moment: PadMoment): void => {
    if (moment.doing === 'signing') tell('The PIN was taken; the token signs ...');
    else tell(`Type the PIN on the reader${moment.time === 1 ? '' : ' once more'} (within ${Math.round(moment.forMs / 1000)} s).`);
  };
  const attempt = await source.sign({ tokenId, certificateSha256, scheme, hash, message }, pin, tellPad).then(
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

/** The driver verified it already; this is the second opinion, by the code that judges signatures in documents. */
function judge(attempt: Attempt & { readonly signature: Uint8Array }, certificate: Uint8Array, message: Uint8Array): Attempt {
  const { key } = readCertificate(certificate);
  // A kind of key that no document is signed with here has no second opinion.
  if (key === undefined) return attempt;
  const encoded = key.kind === 'ec' ? ecdsaToDer(attempt.signature, key.fieldBytes) : attempt.signature;
  const holds = signatureHolds(new X509Certificate(certificate).publicKey, attempt.scheme, attempt.hash, message, encoded);
  if (holds) return attempt;
  const problem = new DeviceError('device-error', 'the signature does not hold when it is verified a second time');
  return { ...attempt, result: 'nothing-signed', problem };
}

/** The entries that an attempt leaves: a refused PIN has one of its own, as in a visit. */
function endOf({ result, problem, signature }: Attempt, test: number): AppendableEvent[] {
  const tries = problem?.triesLeft === undefined ? {} : { tries_left: problem.triesLeft };
  return [
    ...refusedPin(problem, tries),
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

function refusedPin(problem: DeviceError | undefined, tries: { readonly tries_left?: number }): AppendableEvent[] {
  if (problem === undefined) return [];
  const { event } = problems[problem.code];
  if (event === 'pin-wrong') return [{ op: 'pin-wrong', actor, problem: problem.code, ...tries }];
  return event === 'pin-locked' ? [{ op: 'pin-locked', actor, problem: problem.code }] : [];
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
