/** The timestamp on a signature: id-aa-signatureTimeStampToken among the unsigned attributes of its CMS (ETSI EN 319 122-1 section 5.3, RFC 3161 appendix A). */
import { digestOf } from './algorithms.ts';
import type { SignedData } from './cms-reader.ts';
import { context, element, oid, sequence, setOf, tags } from './der.ts';
import { type DerElement, DerRefused, expectTag, readDer, readOid, readSequence, readSetOf } from './der-reader.ts';
import { type TimestampJudgement, type TimestampOptions, judgeTimestamp } from './judge-timestamp.ts';

const signatureTimeStampToken = '1.2.840.113549.1.9.16.2.14';
const unsignedTag = 0xa1;

/** The tokens on a signature, ContentInfo in DER each. Throws DerRefused. */
export function signatureTimestamps({ unsigned }: Pick<SignedData, 'unsigned'>): readonly Uint8Array[] {
  if (unsigned === undefined) return [];
  return readSetOf(unsigned, unsignedTag).flatMap((attribute) => {
    const [type, values] = readSequence(attribute);
    return readOid(type) === signatureTimeStampToken ? readSetOf(values).map(({ bytes }) => bytes) : [];
  });
}

function whole(parts: readonly DerElement[]): readonly Uint8Array[] {
  return parts.map(({ bytes }) => bytes);
}

/** The CMS (ContentInfo, DER) with this token added; every other element is taken over as it stands. Throws DerRefused. */
export function withTimestamp(der: Uint8Array, token: Uint8Array): Uint8Array {
  const [type, wrapped] = readSequence(readDer(der));
  const parts = readSequence(readDer(expectTag(wrapped, 0xa0).content));
  const [signer, ...others] = readSetOf(parts.at(-1));
  if (others.length > 0) throw new DerRefused('more than one signer');
  const signerParts = readSequence(signer);
  const last = signerParts.at(-1);
  const unsigned = last?.tag === unsignedTag ? last : undefined;
  const attribute = sequence(oid(signatureTimeStampToken), setOf([token]));
  const attributes = setOf([...(unsigned === undefined ? [] : whole(readSetOf(unsigned, unsignedTag))), attribute], unsignedTag);
  const signed = whole(unsigned === undefined ? signerParts : signerParts.slice(0, -1));
  const signerInfos = element(tags.set, sequence(...signed, attributes));
  const signedData = sequence(...whole(parts.slice(0, -1)), signerInfos);
  return sequence(...whole([expectTag(type, tags.oid)]), context(0, true, signedData));
}

/** Judges the timestamps on a signature. What nobody signed may be broken by anybody: unsigned attributes that are malformed are no timestamps. Never throws on bad input. */
export function judgeSignatureTimestamps(cms: SignedData, options: TimestampOptions): readonly TimestampJudgement[] {
  try {
    return signatureTimestamps(cms).map((token) => judgeTimestamp(token, (hash) => digestOf(hash, cms.signature), options));
  } catch (problem) {
    if (problem instanceof DerRefused) return [];
    throw problem;
  }
}
