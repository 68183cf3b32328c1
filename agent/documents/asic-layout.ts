/** Where things stand in an associated signature container (ETSI EN 319 162-1 clauses 4.3 and 4.4, annexes A.1 and A.4). */
import type { ZipReader } from './zip-reader.ts';

/** What `mimetype` says (clause 4.4.4.2 and 4.3.3.2, and annex A.1). */
export const asicTypes = { 'asic-s': 'application/vnd.etsi.asic-s+zip', 'asic-e': 'application/vnd.etsi.asic-e+zip' } as const;
export type AsicKind = keyof typeof asicTypes;

/** True for files that belong to the container and not to the signer. */
export function isContainersOwn(name: string): boolean {
  return /^(?:mimetype|META-INF)(?:\/|$)/i.test(name);
}

/** A manifest that belongs to a signature, by its name. */
export function isManifestName(name: string): boolean {
  return /^META-INF\/ASiCManifest[^/]*\.xml$/i.test(name);
}

/** A CAdES signature, by its name. */
export function isSignatureName(name: string): boolean {
  return /^META-INF\/[^/]*signature[^/]*\.p7s$/i.test(name);
}

/** Most bytes of a manifest, and of a signature, that are read. */
export const longestOwn = 8 * 1024 * 1024;

/** The kind that `mimetype` says, when it is the first entry, stored, without an extra field (annex A.1); undefined otherwise. */
export function kindOf(reader: ZipReader): AsicKind | undefined {
  const [first] = reader.entries;
  if (first?.name !== 'mimetype' || first.offset !== 0 || first.isDeflated || first.hasExtraField || first.size > 100) return undefined;
  const type = Buffer.from(reader.read(first, 100)).toString('latin1');
  return (['asic-s', 'asic-e'] as const).find((kind) => asicTypes[kind] === type);
}
