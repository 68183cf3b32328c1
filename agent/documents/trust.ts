/** Trust: which issuers count, and whether a certificate leads to one of them (RFC 5280 section 6, without policies and name constraints). */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Certificate, keyUsageBits, readCertificate } from './certificate.ts';
import { type RevocationLists, type Standing, standingOf } from './crl.ts';
import { DerRefused } from './der-reader.ts';
import { isStrong, isStronglySigned } from './strength.ts';

export interface Trust {
  /** Self-signed certificates: where trust begins. */
  readonly roots: readonly Certificate[];
  /** All others: links on the way. */
  readonly intermediates: readonly Certificate[];
  /** What these issuers revoked. Without it nobody asks. */
  readonly revocation?: RevocationLists;
}

/** The person a certificate names, safe to show. `serial` is lower-case hex, `validTo` RFC 3339. */
export interface Holder {
  readonly name: string;
  readonly issuer: string;
  readonly serial: string;
  readonly validTo: string;
}

export type CertificateProblem =
  | 'certificate-expired'
  | 'certificate-not-yet-valid'
  | 'certificate-untrusted'
  | 'certificate-unusable'
  | 'certificate-revoked'
  | 'revocation-unknown';

export type CertificateJudgement =
  /**
   * `chain`: the signer first, then the intermediates in order. The root is left out: whoever relies on it must have it from elsewhere.
   * `standings`: how each of them stands with its issuer, in the same order; empty where the trust holds no revocation lists.
   */
  | { readonly ok: true; readonly chain: readonly Uint8Array[]; readonly holder: Holder; readonly standings: readonly Standing[] }
  | {
      readonly ok: false;
      readonly problem: CertificateProblem;
      readonly holder?: Holder;
      readonly standings?: readonly Standing[];
      /** Set for an untrusted certificate that would be trusted if keys and algorithms on the way up were stronger. */
      readonly tooWeak?: true;
    };

const longestPath = 8;
const longestSearch = 200;

function isSelfSigned(certificate: Certificate): boolean {
  return Buffer.from(certificate.issuerElement).equals(certificate.subjectElement) && certificate.x509.verify(certificate.publicKey);
}

/** DER certificates in a file: one DER, or any number of PEM blocks. */
function certificatesIn(contents: Buffer): readonly Uint8Array[] {
  if (contents[0] === 0x30) return [new Uint8Array(contents)];
  const blocks = contents.toString('latin1').matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g);
  return [...blocks].map(([, base64]) => new Uint8Array(Buffer.from(base64 ?? '', 'base64')));
}

/** Sorts certificates into roots and intermediates. Throws DerRefused for bytes that are no certificate. */
export function makeTrust(certificates: readonly Uint8Array[]): Trust {
  const all = certificates.map(readCertificate);
  return { roots: all.filter(isSelfSigned), intermediates: all.filter((certificate) => !isSelfSigned(certificate)) };
}

/** Reads every .pem, .crt, .cer and .der file of a folder. Throws when the folder cannot be read, or when such a file holds no certificate: configuration is never half-read. */
export async function loadTrust(directory: string): Promise<Trust> {
  const names = (await readdir(directory)).filter((name) => /\.(pem|crt|cer|der)$/i.test(name)).sort();
  const all: Uint8Array[] = [];
  for (const name of names) {
    const found = certificatesIn(await readFile(join(directory, name)));
    if (found.length === 0) throw new Error(`no certificate in ${name}`);
    try {
      found.forEach(readCertificate);
    } catch (cause) {
      throw new Error(`${name} holds something that is no certificate`, { cause });
    }
    all.push(...found);
  }
  return makeTrust(all);
}

function holderOf(certificate: Certificate): Holder {
  const { subjectName, issuerName, serial, validTo } = certificate;
  return { name: subjectName, issuer: issuerName, serial, validTo: validTo.toISOString() };
}

/** A signer's certificate: an end entity whose key may sign documents (digitalSignature or nonRepudiation). */
function mayHold(certificate: Certificate): boolean {
  const { keyUsage } = certificate;
  const allowed = keyUsage === undefined || keyUsage.has(keyUsageBits.digitalSignature) || keyUsage.has(keyUsageBits.nonRepudiation);
  return allowed && !certificate.isCa && certificate.unknownCritical.length === 0 && isStrong(certificate);
}

/**
 * An issuer of `subject`, `below` intermediates above the end entity (section 6.1.4 k to n); the signature on the link is really checked. Keys and
 * signatures that are too weak count only when `weak` says so.
 */
function mayIssue(issuer: Certificate, subject: Certificate, below: number, at: Date, weak: boolean): boolean {
  const { keyUsage, pathLength } = issuer;
  return (
    Buffer.from(subject.issuerElement).equals(issuer.subjectElement) &&
    issuer.isCa &&
    (keyUsage === undefined || keyUsage.has(keyUsageBits.keyCertSign)) &&
    (pathLength === undefined || below <= pathLength) &&
    issuer.unknownCritical.length === 0 &&
    (weak || (isStrong(issuer) && isStronglySigned(subject))) &&
    at >= issuer.validFrom &&
    at <= issuer.validTo &&
    subject.x509.checkIssued(issuer.x509) &&
    subject.x509.verify(issuer.publicKey)
  );
}

/** The way up to a root, without the root; undefined when there is none. `passable` may close the way through an intermediate, `weak` opens ways that are too weak. */
export function findPath(
  signer: Certificate,
  trust: Trust,
  at: Date,
  passable: (issuer: Certificate) => boolean = () => true,
  weak = false,
): readonly Certificate[] | undefined {
  let tried = 0;
  const climb = (path: readonly Certificate[]): readonly Certificate[] | undefined => {
    const last = path.at(-1);
    tried += 1;
    if (last === undefined || path.length > longestPath || tried > longestSearch) return undefined;
    const below = path.length - 1;
    if (trust.roots.some((root) => mayIssue(root, last, below, at, weak))) return path;
    for (const issuer of trust.intermediates) {
      if (path.includes(issuer) || !mayIssue(issuer, last, below, at, weak) || !passable(issuer)) continue;
      const found = climb([...path, issuer]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return climb([signer]);
}

/**
 * Judges a signer's certificate at a moment. `carried` are further links, for instance those inside a signature; they are never roots. `excuses` says
 * that a revocation does not count against what was signed, because it came later; `place` counts the links from the signer, who is 0.
 * Never throws on a bad certificate.
 */
export function judgeCertificate(
  der: Uint8Array,
  trust: Trust,
  at: Date,
  carried: readonly Uint8Array[] = [],
  excuses: (revoked: Standing, place: number) => boolean = () => false,
): CertificateJudgement {
  let certificate: Certificate;
  try {
    certificate = readCertificate(der);
  } catch (problem) {
    if (problem instanceof DerRefused) return { ok: false, problem: 'certificate-unusable' };
    throw problem;
  }
  const holder = holderOf(certificate);
  if (!mayHold(certificate)) return { ok: false, problem: 'certificate-unusable', holder };
  if (at < certificate.validFrom) return { ok: false, problem: 'certificate-not-yet-valid', holder };
  if (at > certificate.validTo) return { ok: false, problem: 'certificate-expired', holder };
  const known = { roots: trust.roots, intermediates: [...trust.intermediates, ...readable(carried)] };
  const { revocation } = trust;
  const standing = (link: Certificate): readonly Standing[] => (revocation === undefined ? [] : [standingOf(link, revocation, at)]);
  const isRevoked = (link: Certificate): boolean => standing(link).some(({ kind }) => kind === 'revoked');
  // A revoked issuer ends only the ways that lead through it.
  const path = findPath(certificate, known, at, (link) => !isRevoked(link)) ?? findPath(certificate, known, at);
  if (path === undefined) {
    const tooWeak = findPath(certificate, known, at, () => true, true) !== undefined;
    return { ok: false, problem: 'certificate-untrusted', holder, ...(tooWeak ? { tooWeak } : {}) };
  }
  const standings = path.flatMap(standing);
  const counting = standings.filter((found, place) => found.kind !== 'revoked' || !excuses(found, place));
  if (counting.some(({ kind }) => kind === 'revoked')) return { ok: false, problem: 'certificate-revoked', holder, standings };
  if (revocation?.policy.stale === 'refuse' && counting.some(({ kind }) => kind !== 'good'))
    return { ok: false, problem: 'revocation-unknown', holder, standings };
  return { ok: true, chain: path.map((link) => link.der), holder, standings };
}

function readable(ders: readonly Uint8Array[]): readonly Certificate[] {
  return ders.flatMap((der) => {
    try {
      return [readCertificate(der)];
    } catch (problem) {
      if (problem instanceof DerRefused) return [];
      throw problem;
    }
  });
}
