/**
 * Judges one CMS signature over some content, whatever carries it: a PDF, a file beside the document, an ASiC container, a timestamp. The content
 * itself is never seen here, only its digest, so that it may be as large as it likes.
 */
import type { Hash } from './algorithms.ts';
import type { Certificate } from './certificate.ts';
import { checkCrypto, checkSigningCertificate } from './cms-crypto.ts';
import { type SignedData, readSignedData } from './cms-reader.ts';
import { DerRefused } from './der-reader.ts';
import { judgeChain } from './judge-chain.ts';
import type { TimestampJudgement } from './judge-timestamp.ts';
import { judgeSignatureTimestamps } from './signature-timestamp.ts';
import type { Trust } from './trust.ts';
import { Judged, type SubIndication, type Verdict } from './verdict.ts';

export interface CmsOptions {
  readonly trust?: Trust | undefined;
  /** The moment to judge certificates at; otherwise the earliest that is proven, and where nothing is, the time that is claimed. */
  readonly at?: Date | undefined;
  /** A moment at which the signature is known to have been there: what timestamps over its surroundings prove. */
  readonly provenAt?: Date | undefined;
  /** The trust for a moment that is proven, helped by what came with the signature; otherwise the same. */
  readonly provenTrust?: Trust | undefined;
  /** The clock, for timestamps that nothing later vouches for. */
  readonly now?: Date | undefined;
  /** The time that the signature's surroundings claim for it; otherwise its own signing-time attribute counts. */
  readonly claimed?: Date | undefined;
  /** Gives the digest of the content by SHA-1, where whoever calls can tell it. */
  readonly sha1?: () => Uint8Array;
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
  /** Timestamps on the signature, as they are carried in it. */
  readonly timestamps: readonly TimestampJudgement[];
  /** The earliest moment at which the signature is proven to have been there; undefined when nothing proves it. */
  readonly provenAt: Date | undefined;
  /** For a person: what ended the judging, or what was found out about revocation. */
  readonly sentences: readonly string[];
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

/** The earliest of the moments that are known. */
export function earliest(moments: readonly (Date | undefined)[]): Date | undefined {
  return moments.filter((moment) => moment !== undefined).sort((left, right) => left.getTime() - right.getTime())[0];
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
  let timestamps: readonly TimestampJudgement[] = [];
  let { provenAt } = options;
  const end = (verdict: Verdict, sentence: string, sub?: SubIndication): CmsJudgement => {
    const subIndication = sub === undefined ? {} : { subIndication: sub };
    return { verdict, ...subIndication, intact, cms, signer, claimed, timestamps, provenAt, sentences: [sentence] };
  };
  if (cms === undefined) return end('TOTAL-FAILED', 'The signature is malformed.', 'FORMAT_FAILURE');
  try {
    signer = checkCrypto(cms, digest, options.sha1);
    checkSigningCertificate(cms, signer, options.needsSigningCertificate ?? true);
    intact = true;
    timestamps = judgeSignatureTimestamps(cms, { trust: options.provenTrust ?? options.trust, at: provenAt ?? options.now ?? new Date() });
    provenAt = earliest([provenAt, ...timestamps.map((timestamp) => timestamp.provenAt)]);
    const { at, now } = options;
    const trust = (provenAt === undefined ? undefined : options.provenTrust) ?? options.trust;
    return end('TOTAL-PASSED', judgeChain(signer, cms.certificates, { trust, at, provenAt, claimed, now }));
  } catch (problem) {
    if (problem instanceof Judged) return end(problem.verdict, problem.message, problem.sub);
    throw problem;
  }
}
