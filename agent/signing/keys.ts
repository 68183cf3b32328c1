/** Which keys of a token its holder may sign with here: usable for signing, trusted and valid now, and with an enrolled finger. */
import { judgeUsage, preferredKeys } from '../../drivers/pkcs11/key-choice.ts';
import type { SigningKey } from '../../drivers/token.ts';
import type { ProblemCode } from '../contract/problems.ts';
import { chooseHash } from '../documents/pades.ts';
import { judgeCertificate, type Trust } from '../documents/trust.ts';
import type { Enrolments } from '../people/enrolment.ts';
import type { HolderKey } from './model.ts';

/** When no key is left, the reason that helps the holder most comes first. */
const mostTelling: readonly ProblemCode[] = [
  'not-enrolled',
  'certificate-expired',
  'certificate-not-yet-valid',
  'certificate-untrusted',
  'certificate-unusable',
  'mechanism-unsupported',
];

/** Judges every key at the moment `at`. Gives at least one key, or the one problem to show. */
export function judgeKeys(
  keys: readonly SigningKey[],
  trust: Trust,
  enrolments: Enrolments,
  at: Date,
): { readonly keys: readonly HolderKey[] } | { readonly problem: ProblemCode } {
  const found = new Set<ProblemCode>();
  if (keys.length > 0 && !keys.some(({ certificate }) => judgeUsage(certificate).usable)) found.add('certificate-unusable');
  const usable: HolderKey[] = [];
  for (const key of preferredKeys(keys)) {
    const judged = judgeKey(key, trust, enrolments, at);
    if (typeof judged === 'string') found.add(judged);
    else usable.push(judged);
  }
  if (usable.length > 0) return { keys: usable };
  return { problem: mostTelling.find((code) => found.has(code)) ?? 'no-usable-key' };
}

function judgeKey(key: SigningKey, trust: Trust, enrolments: Enrolments, at: Date): HolderKey | ProblemCode {
  const judged = judgeCertificate(key.certificate, trust, at);
  if (!judged.ok) return judged.problem;
  const [scheme] = key.schemes;
  if (scheme === undefined) return 'mechanism-unsupported';
  const credential = enrolments.of(key.certificateSha256);
  if (credential === undefined) return 'not-enrolled';
  const { certificate, certificateSha256 } = key;
  return { certificate, certificateSha256, chain: judged.chain, holder: judged.holder, scheme, hash: chooseHash(certificate), credential };
}
