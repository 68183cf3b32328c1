/**
 * Reads a certificate revocation list (RFC 5280 section 5) with the strict DER reader. Only complete lists of one issuer are read: a list that
 * tells a part of the truth (delta, indirect, partitioned, or with a critical extension that is not understood) is refused and never half-read.
 */
import { createHash } from 'node:crypto';
import { ListRefused, RevokedEntries, readExtensions } from './crl-entries.ts';
import { isBareRsa, readSignatureAlgorithm, type Hash, type SignatureScheme } from './algorithms.ts';
import {
  type DerElement,
  DerRefused,
  children,
  expectTag,
  readBitString,
  readDer,
  readInteger,
  readSequence,
  readSmallInteger,
  readTime,
} from './der-reader.ts';
import { tags } from './der.ts';
import { readName } from './names.ts';

export interface RevocationList {
  /** The whole list. */
  readonly der: Uint8Array;
  /** SHA-256 of the DER, hex. */
  readonly sha256: string;
  /** The issuer's Name, whole element, and as a person reads it. */
  readonly issuerElement: Uint8Array;
  readonly issuerName: string;
  readonly thisUpdate: Date;
  /** Undefined in lists that are older than RFC 5280, which wants it. */
  readonly nextUpdate: Date | undefined;
  /** cRLNumber; undefined in lists of version 1. */
  readonly number: bigint | undefined;
  readonly revoked: RevokedEntries;
  readonly signed: {
    readonly bytes: Uint8Array;
    readonly scheme: SignatureScheme;
    readonly hash: Hash;
    readonly signature: Uint8Array;
  };
}

/** Room for half a million entries. */
export const mostBytes = 32_000_000;

const oids = {
  number: '2.5.29.20',
  delta: '2.5.29.27',
  distributionPoint: '2.5.29.28',
} as const;
// Understood or harmless when critical: authorityKeyIdentifier, issuerAltName.
const harmless = new Set(['2.5.29.35', '2.5.29.18']);
/** At most 20 octets (RFC 5280 section 5.2.3). */
const longestNumber = 20;

/** Reads one list in DER. Throws DerRefused when the bytes are no list, and ListRefused when they are one that is not used. */
export function readRevocationList(der: Uint8Array): RevocationList {
  if (der.length > mostBytes) throw new ListRefused(`has more than ${mostBytes / 1_000_000} MB`);
  const [tbs, outer, bits, ...more] = readSequence(readDer(der));
  if (more.length > 0) throw new DerRefused('not a revocation list');
  const parts = [...children(expectTag(tbs, tags.sequence))];
  const take = (...wanted: readonly number[]): DerElement | undefined => (wanted.includes(parts[0]?.tag ?? -1) ? parts.shift() : undefined);
  const version = take(tags.integer);
  if (version !== undefined && readSmallInteger(version) !== 1) throw new DerRefused('unknown version');
  const algorithm = parts.shift();
  const issuer = expectTag(parts.shift(), tags.sequence);
  const thisUpdate = readTime(parts.shift());
  const nextUpdate = take(tags.utcTime, tags.generalizedTime);
  const entries = take(tags.sequence);
  const extensions = take(0xa0);
  if (parts.length > 0 || tbs === undefined) throw new DerRefused('not a revocation list');
  if (version === undefined && extensions !== undefined) throw new DerRefused('extensions in version 1');
  const number = extensions === undefined ? undefined : readListExtensions(readDer(extensions.content));
  const { scheme, hash } = readAlgorithm(algorithm, outer);
  return {
    der,
    sha256: createHash('sha256').update(der).digest('hex'),
    issuerElement: issuer.bytes,
    issuerName: readName(issuer),
    thisUpdate,
    nextUpdate: nextUpdate === undefined ? undefined : readTime(nextUpdate),
    number,
    revoked: new RevokedEntries(entries),
    signed: { bytes: tbs.bytes, scheme, hash, signature: readBitString(bits) },
  };
}

/** The two mentions of the algorithm must be one (RFC 5280 section 5.1.1.2). */
function readAlgorithm(inner: DerElement | undefined, outer: DerElement | undefined): { scheme: SignatureScheme; hash: Hash } {
  if (inner === undefined || outer === undefined || !Buffer.from(inner.bytes).equals(outer.bytes))
    throw new DerRefused('two signature algorithms');
  // Without a hash of its own this identifier belongs into CMS only.
  const found = isBareRsa(outer) ? undefined : readSignatureAlgorithm(outer, 'sha256');
  if (found === undefined) throw new ListRefused('is signed in a way that is not accepted');
  return found;
}

/** Gives the number of the list. Throws ListRefused for a list that is not complete, or not of its issuer alone. */
function readListExtensions(found: DerElement): bigint | undefined {
  let number: bigint | undefined;
  for (const { oid, critical, value } of readExtensions(found)) {
    if (oid === oids.number) {
      const content = readInteger(readDer(value));
      if (content.length > longestNumber || (content[0] ?? 0) >= 0x80) throw new DerRefused('number is out of range');
      number = BigInt(`0x${Buffer.from(content).toString('hex')}`);
    } else if (oid === oids.delta) throw new ListRefused('holds only what changed since another list');
    else if (oid === oids.distributionPoint) throw new ListRefused('holds only a part of what its issuer revoked, or what others revoked');
    else if (critical && !harmless.has(oid)) throw new ListRefused(`has a critical extension that is not understood (${oid})`);
  }
  return number;
}
