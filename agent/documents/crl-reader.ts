/**
 * Reads a certificate revocation list (RFC 5280 section 5) with the strict DER reader. Only complete lists of one issuer are read: a list that
 * tells a part of the truth (delta, indirect, partitioned, or with a critical extension that is not understood) is refused and never half-read.
 */
import { createHash } from 'node:crypto';
import { readSignatureAlgorithm, type Hash, type SignatureScheme } from './algorithms.ts';
import {
  type DerElement,
  DerRefused,
  children,
  expectTag,
  readBitString,
  readBoolean,
  readDer,
  readInteger,
  readOid,
  readSequence,
  readSmallInteger,
  readTime,
} from './der-reader.ts';
import { tags } from './der.ts';
import { readName } from './names.ts';

/** The list is one, and may not be used here; the message ends the sentence "This list is not used: it ...". */
export class ListRefused extends Error {
  override readonly name = 'ListRefused';
}

/** RFC 5280 section 5.3.1. */
const reasons = {
  0: 'unspecified',
  1: 'key-compromise',
  2: 'ca-compromise',
  3: 'affiliation-changed',
  4: 'superseded',
  5: 'cessation-of-operation',
  6: 'certificate-hold',
  8: 'remove-from-crl',
  9: 'privilege-withdrawn',
  10: 'aa-compromise',
} as const;
export type RevocationReason = (typeof reasons)[keyof typeof reasons];

export interface Revoked {
  readonly revokedAt: Date;
  /** `unspecified` also where the list gives none. */
  readonly reason: RevocationReason;
}

export interface RevocationList {
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
  /** By serial number, lower-case hex as in `Certificate.serial`. What was taken off the list again stands no more in it. */
  readonly revoked: ReadonlyMap<string, Revoked>;
  readonly signed: {
    readonly bytes: Uint8Array;
    readonly scheme: SignatureScheme;
    readonly hash: Hash;
    readonly signature: Uint8Array;
  };
}

/** Far above what an issuer of cards publishes; reading that much takes about a second. */
export const listLimits = { bytes: 32_000_000, entries: 500_000 } as const;

const oids = {
  reasonCode: '2.5.29.21',
  certificateIssuer: '2.5.29.29',
  number: '2.5.29.20',
  delta: '2.5.29.27',
  distributionPoint: '2.5.29.28',
  rsaEncryption: '1.2.840.113549.1.1.1',
} as const;
// Understood or harmless when critical: authorityKeyIdentifier, issuerAltName (of the list); invalidityDate (of an entry).
const harmlessInList = new Set(['2.5.29.35', '2.5.29.18']);
const harmlessInEntry = new Set(['2.5.29.24']);
/** At most 20 octets (RFC 5280 section 5.2.3). */
const longestNumber = 20;

/** Reads one list in DER. Throws DerRefused when the bytes are no list, and ListRefused when they are one that is not used. */
export function readRevocationList(der: Uint8Array): RevocationList {
  if (der.length > listLimits.bytes) throw new ListRefused(`has more than ${listLimits.bytes / 1_000_000} MB`);
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
    sha256: createHash('sha256').update(der).digest('hex'),
    issuerElement: issuer.bytes,
    issuerName: readName(issuer),
    thisUpdate,
    nextUpdate: nextUpdate === undefined ? undefined : readTime(nextUpdate),
    number,
    revoked: entries === undefined ? new Map<string, Revoked>() : readEntries(entries),
    signed: { bytes: tbs.bytes, scheme, hash, signature: readBitString(bits) },
  };
}

/** The two mentions of the algorithm must be one (RFC 5280 section 5.1.1.2). */
function readAlgorithm(inner: DerElement | undefined, outer: DerElement | undefined): { scheme: SignatureScheme; hash: Hash } {
  if (inner === undefined || outer === undefined || !Buffer.from(inner.bytes).equals(outer.bytes))
    throw new DerRefused('two signature algorithms');
  // Without a hash of its own this identifier belongs into CMS only.
  const found = readOid(readSequence(outer)[0]) === oids.rsaEncryption ? undefined : readSignatureAlgorithm(outer, 'sha256');
  if (found === undefined) throw new ListRefused('is signed in a way that is not accepted');
  return found;
}

interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

function readExtensions(found: DerElement): readonly Extension[] {
  const seen = new Set<string>();
  return readSequence(found).map((element) => {
    const parts = readSequence(element);
    const oid = readOid(parts[0]);
    if (seen.has(oid) || parts.length > 3) throw new DerRefused('an extension stands twice');
    seen.add(oid);
    return { oid, critical: parts.length === 3 && readBoolean(parts[1]), value: expectTag(parts.at(-1), tags.octetString).content };
  });
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
    else if (critical && !harmlessInList.has(oid)) throw new ListRefused(`has a critical extension that is not understood (${oid})`);
  }
  return number;
}

function readEntries(found: DerElement): ReadonlyMap<string, Revoked> {
  const entries = children(found);
  if (entries.length > listLimits.entries) throw new ListRefused(`has more than ${listLimits.entries} entries`);
  const revoked = new Map<string, Revoked>();
  for (const entry of entries) {
    const [serial, date, extensions, ...more] = readSequence(entry);
    if (more.length > 0) throw new DerRefused('not an entry of a revocation list');
    const reason = extensions === undefined ? 'unspecified' : readReason(extensions);
    const revokedAt = readTime(date);
    const key = Buffer.from(readInteger(serial)).toString('hex');
    // Taken off the list again: not revoked (RFC 5280 section 6.3.3 k). A certificate that is on hold is revoked as long as it stands here.
    if (reason === 'remove-from-crl') continue;
    const before = revoked.get(key);
    if (before === undefined || revokedAt < before.revokedAt) revoked.set(key, { revokedAt, reason });
  }
  return revoked;
}

function readReason(found: DerElement): RevocationReason {
  let reason: RevocationReason = 'unspecified';
  for (const { oid, critical, value } of readExtensions(found)) {
    if (oid === oids.reasonCode) {
      const [code, ...more] = expectTag(readDer(value), 0x0a).content;
      if (code === undefined || more.length > 0 || !isReason(code)) throw new DerRefused('not a reason');
      reason = reasons[code];
    } else if (oid === oids.certificateIssuer) throw new ListRefused('holds what other issuers revoked');
    else if (critical && !harmlessInEntry.has(oid))
      throw new ListRefused(`has an entry with a critical extension that is not understood (${oid})`);
  }
  return reason;
}

function isReason(code: number): code is keyof typeof reasons {
  return code in reasons;
}
