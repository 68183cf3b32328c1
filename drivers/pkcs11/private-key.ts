/** Which private key on a token belongs to a certificate. Host side only. */
import type { KeyObject } from 'node:crypto';
import { attribute, keyType } from './cryptoki.ts';
import { CallError, type Handle, type VendorModule } from './module.ts';

/** What a private key shows of its public one: CKA_KEY_TYPE, and modulus (without zeros in front) or uncompressed point; neither for a key that is for PSS alone. */
export interface PublicPart {
  readonly type: number;
  readonly modulus?: Buffer;
  readonly point?: Buffer;
}

/** The public part of a key, to be compared with those on a token. */
export function publicPart(publicKey: KeyObject): PublicPart {
  const type = publicKey.asymmetricKeyType === 'ec' ? keyType.ec : keyType.rsa;
  const jwk = publicKey.asymmetricKeyType === 'rsa-pss' ? {} : publicKey.export({ format: 'jwk' });
  if (jwk.n !== undefined) return { type, modulus: withoutZeros(Buffer.from(jwk.n, 'base64url')) };
  if (jwk.x === undefined || jwk.y === undefined) return { type };
  return { type, point: Buffer.concat([Buffer.of(4), Buffer.from(jwk.x, 'base64url'), Buffer.from(jwk.y, 'base64url')]) };
}

/**
 * The private key of a certificate: same CKA_ID and key type, and the same public key wherever the token shows it. Throws CallError `no-usable-key` when there is
 * none or more than one.
 */
export function findKey(
  module: VendorModule,
  session: Handle,
  certificate: { readonly ckaId: Uint8Array; readonly publicPart: PublicPart },
): Handle {
  const { ckaId, publicPart: wanted } = certificate;
  const candidates = module.objects(session, 'privateKey', ckaId).filter((key) => {
    const type = module.attribute(session, key, attribute.keyType);
    if (type !== undefined && type[0] !== wanted.type) return false;
    if (module.attribute(session, key, attribute.sign)?.[0] === 0) return false;
    // A module may give others than those with the wanted CKA_ID; where it shows no public key, only that tells.
    return (
      publicPartMatches(module, session, key, wanted) ??
      (ckaId.length > 0 && module.attribute(session, key, attribute.id)?.equals(ckaId) === true)
    );
  });
  const [key, second] = candidates;
  if (key === undefined)
    throw new CallError('finding the key', 'the token has no private key for this certificate', { code: 'no-usable-key' });
  if (second !== undefined)
    throw new CallError('finding the key', 'more than one private key fits this certificate', { code: 'no-usable-key' });
  return key;
}

/** Whether a private key shows the public key of the certificate; nothing when it shows none. */
function publicPartMatches(module: VendorModule, session: Handle, key: Handle, wanted: PublicPart): boolean | undefined {
  if (wanted.modulus !== undefined) {
    const modulus = module.attribute(session, key, attribute.modulus);
    return modulus === undefined || modulus.length === 0 ? undefined : withoutZeros(modulus).equals(wanted.modulus);
  }
  if (wanted.point !== undefined) {
    const point = module.attribute(session, key, attribute.ecPoint);
    // Bare, or inside an OCTET STRING: tokens do both.
    return point === undefined || point.length === 0 ? undefined : point.subarray(-wanted.point.length).equals(wanted.point);
  }
  return undefined;
}

function withoutZeros(number: Buffer): Buffer {
  const first = number.findIndex((byte) => byte !== 0);
  return first < 0 ? number.subarray(number.length) : number.subarray(first);
}
