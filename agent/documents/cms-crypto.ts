/** The mathematics of one CMS signature: it is one by the key of a certificate, over this content, and names that certificate. Who the signer is does not matter here. */
import { type Hash, type KnownHash, type SignatureScheme, digestOf, signatureHolds } from './algorithms.ts';
import type { Certificate } from './certificate.ts';
import type { SignedData } from './cms-reader.ts';
import { fail, unsure } from './verdict.ts';

/** Throws Judged unless the signature is one over this content by the key of its signer. */
function checkHolds(cms: SignedData, signer: Certificate, digest: Uint8Array, scheme: SignatureScheme, hash: KnownHash): void {
  if (!Buffer.from(digest).equals(cms.messageDigest)) fail('HASH_FAILURE', 'The document was changed after it was signed.');
  if (!signatureHolds(signer.publicKey, scheme, hash, cms.attributes, cms.signature)) {
    fail('SIG_CRYPTO_FAILURE', 'The signature was not made with the key of this certificate.');
  }
}

/**
 * Gives the certificate whose key made the signature; `digest` gives the digest of the content and is asked once. With `sha1`, the digest of the content
 * by SHA-1, a signature that was made so and does not hold is told from one that only nobody should rely on. Throws Judged.
 */
export function checkCrypto(cms: SignedData, digest: (hash: Hash) => Uint8Array, sha1?: () => Uint8Array): Certificate {
  const { signer, algorithm } = cms;
  if (signer === undefined) return unsure('NO_SIGNING_CERTIFICATE_FOUND', 'The certificate of the signer is missing.');
  if (cms.sha1 !== undefined) {
    if (sha1 !== undefined) checkHolds(cms, signer, sha1(), cms.sha1, 'sha1');
    // The station knows no time up to which this was strong enough, so no proof of an earlier time would help: not ..._NO_POE.
    return unsure('CRYPTO_CONSTRAINTS_FAILURE', 'The signature was made with SHA-1, which can be forged.');
  }
  if (cms.digest === undefined || algorithm === undefined) {
    return unsure('CRYPTO_CONSTRAINTS_FAILURE', 'The signature was made in a way that is no longer, or not yet, accepted.');
  }
  checkHolds(cms, signer, digest(cms.digest), algorithm.scheme, algorithm.hash);
  return signer;
}

/** The certificate is part of what was signed (RFC 5035 section 3; wanted by ETSI EN 319 142-1). Throws Judged. */
export function checkSigningCertificate(cms: SignedData, signer: Certificate, wanted: boolean): void {
  const { signingCertificate } = cms;
  if (signingCertificate === undefined) {
    if (wanted) unsure('SIG_CONSTRAINTS_FAILURE', 'The signature does not say which certificate it was made with.');
  } else if (signingCertificate.hash === undefined)
    unsure('CRYPTO_CONSTRAINTS_FAILURE', 'The signature names its certificate in a way that is not accepted.');
  else if (!Buffer.from(digestOf(signingCertificate.hash, signer.der)).equals(signingCertificate.value)) {
    fail('FORMAT_FAILURE', 'The signature was made with another certificate than the one it shows.');
  }
}
