/**
 * Which certificates of a token may sign a document. Pure: it reads certificates and nothing else. Validity, chain and revocation are judged
 * elsewhere, because they need a clock and a list of issuers.
 *
 * Rules: RFC 5280 sections 4.2.1.3 (KeyUsage), 4.2.1.9 (BasicConstraints), 4.2.1.12 (ExtendedKeyUsage); RFC 9336 (documentSigning).
 */
import { BasicConstraints, Certificate, ExtKeyUsage } from 'pkijs';
import { BitString, fromBER } from 'asn1js';
import type { SigningKey } from '../token.ts';

/** 1: made for declarations of will (nonRepudiation). 2: can sign, and says nothing of that (digitalSignature). */
export type Preference = 1 | 2;

export type UsageJudgement = { readonly usable: true; readonly preference: Preference } | { readonly usable: false; readonly why: string };

const oid = { keyUsage: '2.5.29.15', basicConstraints: '2.5.29.19', extKeyUsage: '2.5.29.37' } as const;

/** Purposes under which a document may be signed. */
const signingPurposes: ReadonlySet<string> = new Set([
  '2.5.29.37.0', // anyExtendedKeyUsage
  '1.3.6.1.5.5.7.3.36', // documentSigning (RFC 9336)
  '1.3.6.1.5.5.7.3.4', // emailProtection, which many issuers give to signing cards
  '1.3.6.1.4.1.311.10.3.12', // Microsoft document signing
  '1.2.840.113583.1.1.5', // Adobe authentic documents trust
]);

interface Usage {
  readonly isCa: boolean;
  readonly nonRepudiation: boolean;
  readonly digitalSignature: boolean;
  /** Bits that are set besides these two. */
  readonly others: boolean;
  readonly hasKeyUsage: boolean;
  readonly purposes: readonly string[] | undefined;
}

/** Judges a certificate (DER) by its extensions alone. Never throws: what cannot be read is not usable. */
export function judgeUsage(certificateDer: Uint8Array): UsageJudgement {
  const usage = readUsage(certificateDer);
  if (usage === undefined) return refuse('the certificate cannot be read');
  if (usage.isCa) return refuse('it is the certificate of an issuer');
  if (!usage.hasKeyUsage) return refuse('it states no key usage');
  if (!usage.nonRepudiation && !usage.digitalSignature) return refuse('its key is not meant for signatures');
  const { purposes } = usage;
  if (purposes !== undefined && !purposes.some((purpose) => signingPurposes.has(purpose))) {
    return refuse('its key is meant for logging in only');
  }
  return { usable: true, preference: usage.nonRepudiation ? 1 : 2 };
}

/**
 * The keys that may sign, best class only: keys for declarations of will, or else those that can sign at all. Within a class a key that does
 * nothing else comes first. More than one left means that a person chooses.
 */
export function preferredKeys(keys: readonly SigningKey[]): readonly SigningKey[] {
  const ranked = keys.flatMap((key) => {
    const judgement = judgeUsage(key.certificate);
    return judgement.usable ? [{ key, preference: judgement.preference, shared: isShared(key.certificate) }] : [];
  });
  const best = ranked.some(({ preference }) => preference === 1) ? 1 : 2;
  return ranked
    .filter(({ preference }) => preference === best)
    .sort((a, b) => Number(a.shared) - Number(b.shared))
    .map(({ key }) => key);
}

function refuse(why: string): UsageJudgement {
  return { usable: false, why };
}

/** True for a key that is used for more than declarations of will. */
function isShared(certificateDer: Uint8Array): boolean {
  const usage = readUsage(certificateDer);
  return usage === undefined || usage.others || (usage.nonRepudiation && usage.digitalSignature);
}

function readUsage(certificateDer: Uint8Array): Usage | undefined {
  let certificate: Certificate;
  try {
    certificate = Certificate.fromBER(certificateDer);
  } catch {
    return undefined;
  }
  const values = new Map<string, ArrayBuffer>();
  for (const { extnID, extnValue } of certificate.extensions ?? []) {
    // RFC 5280 section 4.2: an extension stands at most once. Two of them are two readings.
    if (values.has(extnID)) return undefined;
    values.set(extnID, extnValue.getValue());
  }
  try {
    const bits = keyUsageBits(values.get(oid.keyUsage));
    const purposes = values.get(oid.extKeyUsage);
    const constraints = values.get(oid.basicConstraints);
    return {
      isCa: constraints !== undefined && BasicConstraints.fromBER(constraints).cA,
      hasKeyUsage: bits !== undefined,
      digitalSignature: bits?.has(0) ?? false,
      nonRepudiation: bits?.has(1) ?? false,
      others: [...(bits ?? [])].some((bit) => bit > 1),
      purposes: purposes === undefined ? undefined : ExtKeyUsage.fromBER(purposes).keyPurposes,
    };
  } catch {
    return undefined;
  }
}

/** The numbers of the bits that are set; nothing when there is no extension. Throws when it is no BIT STRING. */
function keyUsageBits(value: ArrayBuffer | undefined): ReadonlySet<number> | undefined {
  if (value === undefined) return undefined;
  const { result } = fromBER(value);
  if (!(result instanceof BitString)) throw new Error('keyUsage is no BIT STRING');
  const bytes = result.valueBlock.valueHexView;
  const set = new Set<number>();
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    if (((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0) set.add(bit);
  }
  return set;
}
