/** Judges one detached CAdES signature (ETSI EN 319 122-1): exactly one CMS object, and what every CMS is judged by. */
import type { Hash } from './algorithms.ts';
import { DerRefused, readDer } from './der-reader.ts';
import { type CmsJudgement, judgeCms, tryReadCms } from './judge-cms.ts';
import type { VerifyOptions } from './verify.ts';

function isOneElement(der: Uint8Array): boolean {
  try {
    return readDer(der).bytes.length === der.length;
  } catch (problem) {
    if (problem instanceof DerRefused) return false;
    throw problem;
  }
}

/** The hash whose digest of the content `judgeCades` will ask for; undefined when none will be needed. */
export function hashOfCades(der: Uint8Array): Hash | undefined {
  return isOneElement(der) ? tryReadCms(der)?.digest : undefined;
}

/**
 * Judges a signature over content of which `digest` gives the digest. In a PDF zeros may follow the CMS; here nothing may. Never throws on bad input; what
 * `digest` throws comes through.
 */
export function judgeCades(der: Uint8Array, digest: (hash: Hash) => Uint8Array, options: VerifyOptions): CmsJudgement {
  if (isOneElement(der)) return judgeCms(der, digest, options);
  return {
    verdict: 'TOTAL-FAILED',
    subIndication: 'FORMAT_FAILURE',
    intact: false,
    cms: undefined,
    signer: undefined,
    claimed: undefined,
    timestamps: [],
    provenAt: undefined,
    sentences: ['The signature is malformed.'],
  };
}
