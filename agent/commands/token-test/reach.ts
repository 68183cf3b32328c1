/** A token that was chosen at the terminal, reached through its driver for a signature: it must still be the one that was shown, in the state that was shown. */
import { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeviceError } from '../../../drivers/errors.ts';
import { createTokenSource, type Pkcs11Source } from '../../../drivers/pkcs11/source.ts';
import type { Hash, PadMoment, PinInfo, SignatureScheme, TokenInfo } from '../../../drivers/token.ts';
import { problems } from '../../contract/problems.ts';
import { ecdsaToDer, signatureHolds } from '../../documents/algorithms.ts';
import { readCertificate } from '../../documents/certificate.ts';
import type { Actor } from '../../log/catalogue.ts';
import type { AppendableEvent } from '../../log/events.ts';
import type { Candidate } from './candidate.ts';

/** The driver needs a moment to see what was seen before. */
const seeMs = 15_000;

export interface ReachedToken {
  readonly source: Pkcs11Source;
  readonly tokenId: string;
  readonly pin: PinInfo;
  /** Reading certificates and PIN state, milliseconds. */
  readonly readMs: number;
}

/** Lends the token for as long as `use` runs. Throws DeviceError when it is not there any more, is another one now, or cannot be read. */
export async function reachToken<T>(
  candidate: Candidate,
  env: Readonly<Record<string, string>>,
  use: (token: ReachedToken) => Promise<T>,
): Promise<T> {
  const source = createTokenSource({ modules: [candidate.module], env, pollMs: 200 });
  try {
    const { id: tokenId } = await sameToken(source, candidate);
    const begin = performance.now();
    const { keys, pin } = await source.read(tokenId);
    const readMs = performance.now() - begin;
    if (!keys.some(({ certificateSha256 }) => certificateSha256 === candidate.key.certificateSha256))
      throw new DeviceError('token-changed', 'another token is in the reader now');
    // Consent was given to the state that was shown.
    if (pin.state !== candidate.pin.state && (pin.state === 'last-try' || pin.state === 'locked'))
      throw new DeviceError('token-changed', 'the state of its PIN has changed meanwhile');
    return await use({ source, tokenId, pin, readMs });
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

/** Says what the person at a reader with a pad has to do. */
export function tellPad(tell: (line: string) => void): (moment: PadMoment) => void {
  return (moment) => {
    if (moment.doing === 'signing') tell('The PIN was taken; the token signs ...');
    else tell(`Type the PIN on the reader${moment.time === 1 ? '' : ' once more'} (within ${Math.round(moment.forMs / 1000)} s).`);
  };
}

/**
 * The driver has verified a signature already; this is the second opinion, by the code that judges signatures in documents, and the form in which those
 * have it (ECDSA as DER). Undefined for a kind of key that no document is signed with here.
 */
export function secondOpinion(
  certificate: Uint8Array,
  scheme: SignatureScheme,
  hash: Hash,
  message: Uint8Array,
  signature: Uint8Array,
): { readonly holds: boolean; readonly encoded: Uint8Array } | undefined {
  const { key } = readCertificate(certificate);
  if (key === undefined) return undefined;
  const encoded = key.kind === 'ec' ? ecdsaToDer(signature, key.fieldBytes) : signature;
  return { holds: signatureHolds(new X509Certificate(certificate).publicKey, scheme, hash, message, encoded), encoded };
}

/** The entry that a refused PIN has of its own, as in a visit. */
export function refusedPin(problem: DeviceError | undefined, actor: Actor): AppendableEvent[] {
  if (problem === undefined) return [];
  const { event } = problems[problem.code];
  const tries = problem.triesLeft === undefined ? {} : { tries_left: problem.triesLeft };
  if (event === 'pin-wrong') return [{ op: 'pin-wrong', actor, problem: problem.code, ...tries }];
  return event === 'pin-locked' ? [{ op: 'pin-locked', actor, problem: problem.code }] : [];
}
