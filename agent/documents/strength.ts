/** Which keys and algorithms are strong enough to be relied on (ETSI TS 119 312), and what is said of those that are not. */
import type { Certificate } from './certificate.ts';

const smallestRsa = 2048;

/** What is too weak about the key of a certificate, as the end of a sentence; undefined for RSA of 2048 bits and more, and for P-256, P-384 and P-521. */
export function weaknessOfKey({ key, publicKey }: Certificate): string | undefined {
  if (key?.kind === 'ec' || (key?.kind === 'rsa' && key.bits >= smallestRsa)) return undefined;
  if (key?.kind === 'rsa') return `an RSA key of ${key.bits} bits`;
  const curve = publicKey.asymmetricKeyDetails?.namedCurve;
  return curve === undefined ? `a key of the kind ${publicKey.asymmetricKeyType ?? 'unknown'}` : `a key on the curve ${curve}`;
}

/** A key that is accepted at all. */
export function isStrong(certificate: Certificate): boolean {
  return weaknessOfKey(certificate) === undefined;
}

/** The issuer signed the certificate with SHA-256 or better, in a way that is accepted. */
export function isStronglySigned({ signature }: Certificate): boolean {
  return signature !== undefined;
}
