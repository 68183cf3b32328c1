/** Which keys of a token its holder may sign with here: usable for signing, trusted and valid now, and with an enrolled finger. */
import { judgeUsage, preferredKeys } from '../../drivers/pkcs11/key-choice.ts';
import type { SigningKey } from '../../drivers/token.ts';
import type { ProblemCode } from '../contract/problems.ts';
import { issuerKey, type Standing } from '../documents/crl.ts';
import { chooseHash } from '../documents/pades.ts';
import { judgeCertificate, type Holder, type Trust } from '../documents/trust.ts';
import type { RevocationListFields } from '../log/catalogue.ts';
import type { Enrolments } from '../people/enrolment.ts';
import type { HolderKey } from './model.ts';

/** When no key is left, the reason that helps the holder most comes first. */
const mostTelling: readonly ProblemCode[] = [
  'certificate-revoked',
  'revocation-unknown',
  'not-enrolled',
  'certificate-expired',
  'certificate-not-yet-valid',
  'certificate-untrusted',
  'certificate-unusable',
  'mechanism-unsupported',
];

/** Time to get another card, milliseconds: the holder is told from then on. */
const soonMs = 30 * 86_400_000;

/** `lists`: the revocation lists that were asked, as the log names them. */
export type Judged = { readonly lists: readonly RevocationListFields[] } & (
  { readonly keys: readonly HolderKey[] } | { readonly problem: ProblemCode }
);

/** Judges every key at the moment `at`. Gives at least one key, or the one problem to show. */
export function judgeKeys(keys: readonly SigningKey[], trust: Trust, enrolments: Enrolments, at: Date): Judged {
  const found = new Set<ProblemCode>();
  const lists = new Map<string, RevocationListFields>();
  if (keys.length > 0 && !keys.some(({ certificate }) => judgeUsage(certificate).usable)) found.add('certificate-unusable');
  const usable: HolderKey[] = [];
  for (const key of preferredKeys(keys)) {
    const judged = judgeKey(key, trust, enrolments, at, (standing) => {
      if (standing.kind !== 'no-list') lists.set(standing.list.sha256, fieldsOfList(standing));
    });
    if (typeof judged === 'string') found.add(judged);
    else usable.push(judged);
  }
  const asked = { lists: [...lists.values()] };
  if (usable.length > 0) return { ...asked, keys: usable };
  return { ...asked, problem: mostTelling.find((code) => found.has(code)) ?? 'no-usable-key' };
}

function judgeKey(
  key: SigningKey,
  trust: Trust,
  enrolments: Enrolments,
  at: Date,
  consulted: (standing: Standing) => void,
): HolderKey | ProblemCode {
  const judged = judgeCertificate(key.certificate, trust, at);
  judged.standings?.forEach(consulted);
  if (!judged.ok) return judged.problem;
  const [scheme] = key.schemes;
  if (scheme === undefined) return 'mechanism-unsupported';
  const enrolled = enrolments.of(key.certificateSha256);
  if (enrolled === undefined) return 'not-enrolled';
  const { certificate, certificateSha256 } = key;
  const holder = expiresSoon(judged.holder, at) ? { ...judged.holder, expiresSoon: true as const } : judged.holder;
  return { certificate, certificateSha256, chain: judged.chain, holder, scheme, hash: chooseHash(certificate), enrolled };
}

function expiresSoon({ validTo }: Holder, at: Date): boolean {
  return Date.parse(validTo) - at.getTime() < soonMs;
}

function fieldsOfList({ kind, list }: Exclude<Standing, { kind: 'no-list' }>): RevocationListFields {
  const { sha256, issuerElement, number, thisUpdate } = list;
  return {
    list_sha256: sha256,
    issuer_sha256: issuerKey(issuerElement),
    this_update: thisUpdate.toISOString(),
    ...(kind === 'stale' ? { stale: true as const } : {}),
    ...(number === undefined ? {} : { number: String(number) }),
  };
}
