/** Whether a revocation list is one by an issuer that counts (RFC 5280 section 6.3.3 f and g). Where it came from does not matter. */
import { signatureHolds } from './algorithms.ts';
import { keyUsageBits } from './certificate.ts';
import { ListRefused } from './crl-entries.ts';
import type { RevocationList } from './crl-reader.ts';
import { isStrong } from './strength.ts';
import { type Trust, findPath } from './trust.ts';

/**
 * Throws ListRefused unless the list was signed by an issuer that the trust folder holds, that may sign lists, that leads to a root, and that was
 * valid when it made this one.
 */
export function mustBeIssued(list: RevocationList, trust: Trust): void {
  const { bytes, scheme, hash, signature } = list.signed;
  const named = [...trust.roots, ...trust.intermediates].filter(({ subjectElement }) =>
    Buffer.from(subjectElement).equals(list.issuerElement),
  );
  if (named.length === 0) throw new ListRefused(`was issued by ${list.issuerName}, which is not in the trust folder`);
  const signers = named.filter(({ publicKey }) => signatureHolds(publicKey, scheme, hash, bytes, signature));
  if (signers.length === 0) throw new ListRefused(`bears a signature that is not one by ${list.issuerName}`);
  const may = signers.some((issuer) => {
    const { keyUsage, isCa, unknownCritical, validFrom, validTo } = issuer;
    return (
      isCa &&
      (keyUsage === undefined || keyUsage.has(keyUsageBits.crlSign)) &&
      unknownCritical.length === 0 &&
      isStrong(issuer) &&
      list.thisUpdate >= validFrom &&
      list.thisUpdate <= validTo &&
      (trust.roots.includes(issuer) || findPath(issuer, trust, list.thisUpdate) !== undefined)
    );
  });
  if (!may) throw new ListRefused(`was signed with a certificate of ${list.issuerName} that may not sign revocation lists`);
}
