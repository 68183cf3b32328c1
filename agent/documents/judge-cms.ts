/**
 * Judges one CMS signature over some content, whatever carries it: a PDF, a file beside the document, an ASiC container, a timestamp. The content
 * itself is never seen here, only its digest, so that it may be as large as it likes.
 */
import { type Hash, digestOf, signatureHolds } from './algorithms.ts';
import type { Certificate } from './certificate.ts';
import { type SignedData, readSignedData } from './cms-reader.ts';
import { DerRefused } from './der-reader.ts';
import { judgeChain } from './judge-chain.ts';
import type { Trust } from './trust.ts';
import { Judged, type SubIndication, type Verdict, fail, unsure } from './verdict.ts';

export interface CmsOptions {
  readonly trust?: Trust | undefined;
  /** The moment to judge certificates at; otherwise the time that is claimed. */
  readonly at?: Date | undefined;
  /** The time that the signature's surroundings claim for it; otherwise its own signing-time attribute counts. */
  readonly claimed?: Date | undefined;
  /** The type of the content, dotted; data where it is left out. */
  readonly contentType?: string;
  /** False for old kinds of signatures, which need not say which certificate they were made with. */
  readonly needsSigningCertificate?: boolean;
}

export interface CmsJudgement {
  readonly verdict: Verdict;
  readonly subIndication?: SubIndication;
  /** The content is unchanged and the signature is one by the certificate's key, whoever that is. */
  readonly intact: boolean;
  /** Undefined when the CMS could not be read. */
  readonly cms: SignedData | undefined;
  readonly signer: Certificate | undefined;
  /** The time that was claimed. */
  readonly claimed: Date | undefined;
  /** For a person: what ended the judging, or what was found out about revocation. */
  readonly sentences: readonly string[];
}

function checkCrypto(cms: SignedData, digest: (hash: Hash) => Uint8Array): Certificate {
  const { signer, algorithm } = cms;
  if (signer === undefined) return unsure('NO_SIGNING_CERTIFICATE_FOUND', 'The certificate of the signer is missing.');
  if (cms.digest === undefined || algorithm === undefined) {
    return unsure('CRYPTO_CONSTRAINTS_FAILURE', 'The signature was made in a way that is no longer, or not yet, accepted.');
  }
  if (!Buffer.from(digest(cms.digest)).equals(cms.messageDigest))
    return fail('HASH_FAILURE', 'The document was changed after it was signed.');
  if (!signatureHolds(signer.publicKey, algorithm.scheme, algorithm.hash, cms.attributes, cms.signature)) {
    return fail('SIG_CRYPTO_FAILURE', 'The signature was not made with the key of this certificate.');
  }
  return signer;
}

/** The certificate is part of what was signed (RFC 5035 section 3; wanted by ETSI EN 319 142-1). */
function checkSigningCertificate(cms: SignedData, signer: Certificate, wanted: boolean): void {
  const { signingCertificate } = cms;
  if (signingCertificate === undefined) {
    if (wanted) unsure('SIG_CONSTRAINTS_FAILURE', 'The signature does not say which certificate it was made with.');
  } else if (signingCertificate.hash === undefined)
    unsure('CRYPTO_CONSTRAINTS_FAILURE', 'The signature names its certificate in a way that is not accepted.');
  else if (!Buffer.from(digestOf(signingCertificate.hash, signer.der)).equals(signingCertificate.value)) {
    fail('FORMAT_FAILURE', 'The signature was made with another certificate than the one it shows.');
  }
}

/** Reads a CMS without judging it; undefined when it is malformed. Whoever streams the content learns from it which hash to compute. */
export function tryReadCms(der: Uint8Array, contentType?: string): SignedData | undefined {
  try {
    return readSignedData(der, contentType);
  } catch (problem) {
    if (problem instanceof DerRefused) return undefined;
    throw problem;
  }
}

/**
 * Judges a signature, DER of its ContentInfo. `digest` gives the digest of the signed content by the name of the hash; it is asked at most once, for the hash that
 * `tryReadCms` tells. Never throws on bad input; what `digest` throws comes through.
 */
export function judgeCms(der: Uint8Array, digest: (hash: Hash) => Uint8Array, options: CmsOptions = {}): CmsJudgement {
  const cms = tryReadCms(der, options.contentType);
  let intact = false;
  let signer = cms?.signer;
  const claimed = options.claimed ?? cms?.signingTime;
  const end = (verdict: Verdict, sentence: string, sub?: SubIndication): CmsJudgement => {
    return { verdict, ...(sub === undefined ? {} : { subIndication: sub }), intact, cms, signer, claimed, sentences: [sentence] };
  };
  if (cms === undefined) return end('TOTAL-FAILED', 'The signature is malformed.', 'FORMAT_FAILURE');
  try {
    signer = checkCrypto(cms, digest);
    checkSigningCertificate(cms, signer, options.needsSigningCertificate ?? true);
    intact = true;
    return end('TOTAL-PASSED', judgeChain(signer, cms.certificates, options.at ?? claimed, options.trust));
  } catch (problem) {
    if (problem instanceof Judged) return end(problem.verdict, problem.message, problem.sub);
    throw problem;
  }
}
