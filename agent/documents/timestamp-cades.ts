/** A timestamp on a .p7s (CAdES B-T, ETSI EN 319 122-1 section 5.3). What it signs need not be there: the timestamp is over the signature. */
import { checkCrypto } from './cms-crypto.ts';
import { readSignedData } from './cms-reader.ts';
import { DerRefused } from './der-reader.ts';
import { signatureTimestamps, withTimestamp } from './signature-timestamp.ts';
import { TimestampRefused } from './timestamp-answer.ts';
import type { Stampable } from './timestamp-apply.ts';
import { Judged } from './verdict.ts';

/** Takes a .p7s, DER. Throws TimestampRefused when its signature cannot take a timestamp. */
export function stampableDetached(p7s: Uint8Array): Stampable {
  try {
    const cms = readSignedData(p7s);
    // The content is not asked for: whether it is the one that was signed does not change what the timestamp proves.
    checkCrypto(cms, () => cms.messageDigest);
    if (signatureTimestamps(cms).length > 0) throw new TimestampRefused('The signature bears a timestamp already.');
    return {
      field: 'The signature',
      hash: cms.algorithm?.hash ?? 'sha256',
      parts: [cms.signature],
      stamp(token) {
        const stamped = withTimestamp(p7s, token);
        const after = readSignedData(stamped);
        const [added, ...more] = signatureTimestamps(after);
        const same = (left: Uint8Array, right: Uint8Array): boolean => Buffer.from(left).equals(right);
        const holds = more.length === 0 && added !== undefined && same(added, token);
        if (!holds || !same(after.signature, cms.signature) || !same(after.attributes, cms.attributes))
          throw new TimestampRefused('With this timestamp the signature would no longer hold.');
        return stamped;
      },
    };
  } catch (problem) {
    if (problem instanceof DerRefused) throw new TimestampRefused('The signature is malformed.', { cause: problem });
    if (problem instanceof Judged) throw new TimestampRefused(`A timestamp would prove nothing. ${problem.message}`, { cause: problem });
    throw problem;
  }
}
