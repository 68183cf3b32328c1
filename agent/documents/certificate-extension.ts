/** One extension of a certificate (RFC 5280 section 4.1), for whoever needs one that signing and trust do not. */
import { expectTag, readBoolean, readDer, readOid, readSequence } from './der-reader.ts';
import { tags } from './der.ts';

export interface Extension {
  readonly critical: boolean;
  /** What stands in its OCTET STRING. */
  readonly value: Uint8Array;
}

/** The extension with this dotted number; undefined where there is none. Throws DerRefused when the bytes are no certificate in DER. */
export function extensionOf(der: Uint8Array, name: string): Extension | undefined {
  const [tbs] = readSequence(readDer(der));
  const wrapper = readSequence(tbs).find(({ tag }) => tag === 0xa3);
  if (wrapper === undefined) return undefined;
  for (const one of readSequence(readDer(wrapper.content))) {
    const parts = readSequence(one);
    if (readOid(parts[0]) !== name) continue;
    return { critical: parts.length === 3 && readBoolean(parts[1]), value: expectTag(parts.at(-1), tags.octetString).content };
  }
  return undefined;
}
