/** Which private key on a token belongs to a certificate. Host side only. */
import type { KeyObject } from 'node:crypto';
import { attribute, keyType } from './cryptoki.ts';
import { CallError, type Handle, type VendorModule } from './module.ts';
import type { StoredCertificate } from './protocol.ts';

/**
 * The private key of a certificate: same CKA_ID and key type, and the same public key wherever the token shows it. Throws CallError `no-usable-key` when there is
 * none or more than one.
 */
export function findKey(module: VendorModule, session: Handle, certificate: StoredCertificate, publicKey: KeyObject): Handle {
  const wantedType = publicKey.asymmetricKeyType === 'ec' ? keyType.ec : keyType.rsa;
  const candidates = module.objects(session, 'privateKey').filter((key) => {
    const id = module.attribute(session, key, attribute.id);
    if (certificate.ckaId.length > 0 && id?.equals(certificate.ckaId) !== true) return false;
    const type = module.attribute(session, key, attribute.keyType);
    if (type !== undefined && type[0] !== wantedType) return false;
    if (module.attribute(session, key, attribute.sign)?.[0] === 0) return false;
    return publicPartMatches(module, session, key, publicKey) ?? certificate.ckaId.length > 0;
  });
  const [key, second] = candidates;
  if (key === undefined)
    throw new CallError('finding the key', 'the token has no private key for this certificate', { code: 'no-usable-key' });
  if (second !== undefined)
    throw new CallError('finding the key', 'more than one private key fits this certificate', { code: 'no-usable-key' });
  return key;
}

/** Whether a private key shows the public key of the certificate; nothing when it shows none. */
function publicPartMatches(module: VendorModule, session: Handle, key: Handle, publicKey: KeyObject): boolean | undefined {
  const jwk = publicKey.asymmetricKeyType === 'rsa-pss' ? {} : publicKey.export({ format: 'jwk' });
  if (jwk.n !== undefined) {
    const modulus = module.attribute(session, key, attribute.modulus);
    return modulus === undefined || modulus.length === 0
      ? undefined
      : withoutZeros(modulus).equals(withoutZeros(Buffer.from(jwk.n, 'base64url')));
  }
  if (jwk.x !== undefined && jwk.y !== undefined) {
    const point = module.attribute(session, key, attribute.ecPoint);
    const wanted = Buffer.concat([Buffer.of(4), Buffer.from(jwk.x, 'base64url'), Buffer.from(jwk.y, 'base64url')]);
    // Bare, or inside an OCTET STRING: tokens do both.
    return point === undefined || point.length === 0 ? undefined : point.subarray(-wanted.length).equals(wanted);
  }
  return undefined;
}

function withoutZeros(number: Buffer): Buffer {
  const first = number.findIndex((byte) => byte !== 0);
  return first < 0 ? number.subarray(number.length) : number.subarray(first);
}
