/**
 * What the revocation lists of a station say about a certificate (RFC 5280 section 6.3, for complete lists). Pure: which lists there are, and
 * whether their signatures hold, was settled before (`crl-folder.ts`).
 */
import { createHash } from 'node:crypto';
import type { Certificate } from './certificate.ts';
import type { RevocationReason } from './crl-entries.ts';
import type { RevocationList } from './crl-reader.ts';

/** What holds where nobody can tell, because there is no list of the issuer or the one there is counts no longer. */
export interface RevocationPolicy {
  /** `warn`: signed with, and said so. `refuse`: a certificate counts only while a list of its issuer that is not stale was read. */
  readonly stale: 'warn' | 'refuse';
  /** A list that is older counts as stale, whatever its issuer promised. Days. */
  readonly maxAgeDays?: number;
}

export interface RevocationLists {
  /** One list per issuer, the newest that counts, by `issuerKey`. */
  readonly lists: ReadonlyMap<string, RevocationList>;
  /** Lists that came with a document, by `issuerKey`: as good as their issuer, but chosen by whoever made the document. */
  readonly carried?: ReadonlyMap<string, readonly RevocationList[]>;
  readonly policy: RevocationPolicy;
}

/** How one certificate stands with its issuer. */
export type Standing =
  | { readonly kind: 'good' | 'stale'; readonly list: RevocationList }
  | { readonly kind: 'no-list' }
  | { readonly kind: 'revoked'; readonly list: RevocationList; readonly revokedAt: Date; readonly reason: RevocationReason };

const dayMs = 86_400_000;

export function issuerKey(nameElement: Uint8Array): string {
  return createHash('sha256').update(nameElement).digest('hex');
}

/** True when `list` replaces `other`, which is of the same issuer: numbers only rise, and a list without one never replaces a list that has one. */
export function replaces(list: RevocationList, other: RevocationList): boolean {
  const [number, before] = [list.number ?? -1n, other.number ?? -1n];
  return number === before ? list.thisUpdate > other.thisUpdate : number > before;
}

/** True when the issuer promised a newer list by `at`, or promised none, or the policy wants a younger one. */
export function isStale(list: RevocationList, { maxAgeDays }: RevocationPolicy, at: Date): boolean {
  if (list.nextUpdate === undefined || at > list.nextUpdate) return true;
  return maxAgeDays !== undefined && at.getTime() - list.thisUpdate.getTime() > maxAgeDays * dayMs;
}

/**
 * How a certificate stands at a moment. A list that names it has the last word, however old it is; else the list that says most. One that was made after the certificate had
 * ended says nothing by being silent: issuers take ended certificates off their lists.
 */
export function standingOf(certificate: Certificate, { lists, carried, policy }: RevocationLists, at: Date): Standing {
  const key = issuerKey(certificate.issuerElement);
  const own = lists.get(key);
  const standings = [...(own === undefined ? [] : [own]), ...(carried?.get(key) ?? [])].map((list): Standing => {
    const found = list.revoked.get(certificate.serial);
    if (found !== undefined) return { kind: 'revoked', list, ...found };
    if (certificate.validTo < list.thisUpdate) return { kind: 'no-list' };
    return { kind: isStale(list, policy, at) ? 'stale' : 'good', list };
  });
  for (const kind of ['revoked', 'good', 'stale'] as const) {
    const found = standings.find((standing) => standing.kind === kind);
    if (found !== undefined) return found;
  }
  return { kind: 'no-list' };
}
