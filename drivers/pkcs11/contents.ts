/** From what a host read to what the house is told: PIN state and signing keys. Pure. */
import { createHash, X509Certificate, type KeyObject } from 'node:crypto';
import type { PinInfo, SigningKey, TokenContents, TokenInfo } from '../token.ts';
import { flag } from './cryptoki.ts';
import { schemesFor } from './mechanisms.ts';
import type { HostReply, TokenFacts } from './protocol.ts';

/** The PIN state from the flags. `tells` is false for modules that are known never to set them. */
export function pinInfo(facts: TokenFacts, tells: boolean): PinInfo {
  const { flags, minPinLength: minLength, maxPinLength: maxLength } = facts;
  const rest = { minLength, maxLength, protectedPath: (flags & flag.protectedAuthenticationPath) !== 0 };
  if ((flags & flag.userPinLocked) !== 0) return { state: 'locked', triesLeft: 0, ...rest };
  if ((flags & flag.userPinFinalTry) !== 0) return { state: 'last-try', triesLeft: 1, ...rest };
  if ((flags & flag.userPinCountLow) !== 0) return { state: 'low', ...rest };
  return { state: tells ? 'ok' : 'unknown', ...rest };
}

/**
 * The contents of a token. A certificate counts as having a private key when one that signs is visible, or when the token shows no private key at all before
 * login (most hide them); whether it is really there is found out when signing.
 */
export function tokenContents(token: TokenInfo, read: Extract<HostReply, { type: 'contents' }>, tellsPinState: boolean): TokenContents {
  const visible = new Set(read.privateKeys.filter(({ signs }) => signs).map(({ ckaId }) => hex(ckaId)));
  const hidden = read.privateKeys.length === 0 && (read.token.flags & flag.loginRequired) !== 0;
  const keys = new Map<string, SigningKey>();
  for (const { value, ckaId, label } of read.certificates) {
    if (!hidden && !visible.has(hex(ckaId))) continue;
    const publicKey = publicKeyOf(value);
    const schemes = publicKey === undefined ? [] : schemesFor(publicKey, read.mechanisms);
    if (schemes.length === 0) continue;
    const certificateSha256 = createHash('sha256').update(value).digest('hex');
    keys.set(certificateSha256, { certificate: value, certificateSha256, ckaId: hex(ckaId), label, schemes });
  }
  return { token, pin: pinInfo(read.token, tellsPinState), keys: [...keys.values()] };
}

/** Certificates that Node cannot read (CVC, damaged imports) have no key that could be used. */
function publicKeyOf(certificate: Uint8Array): KeyObject | undefined {
  try {
    return new X509Certificate(certificate).publicKey;
  } catch {
    return undefined;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
