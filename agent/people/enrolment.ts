/**
 * Who may sign here: which fingerprint credential belongs to which certificate. It is read from the log's own entries, so there is no second
 * record that could disagree with it.
 */

import { type FingerFailures, isFingerFailure } from './finger-limits.ts';

/** A credential that was enrolled for a certificate. */
export interface EnrolledCredential {
  readonly certificateSha256: string;
  /** The holder's pseudonym: random, hex. It stands in the log where a name must not. */
  readonly subject: string;
  readonly credentialId: Uint8Array;
  /** SPKI, DER. */
  readonly publicKey: Uint8Array;
  readonly aaguid: string;
  /** The highest counter seen in an accepted assertion. */
  readonly signCount: number;
}

/** The fields of the entries that this projection reads. */
export interface EnrolmentEntry {
  readonly op: string;
  readonly actor?: { readonly id: string };
  readonly problem?: unknown;
  readonly subject?: unknown;
  readonly certificate_sha256?: unknown;
  readonly credential_id?: unknown;
  readonly public_key?: unknown;
  readonly aaguid?: unknown;
  readonly sign_count?: unknown;
}

/** The enrolments of one station, kept up to date as entries are appended. */
export class Enrolments {
  readonly #byCertificate = new Map<string, EnrolledCredential>();
  /** Of those whose finger did not match since it matched last, by pseudonym. */
  readonly #failures = new Map<string, FingerFailures>();
  readonly #monotonic: () => number;

  /** `monotonic`: milliseconds of a clock that nobody can set. */
  constructor(monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic;
  }

  /** Takes one entry in log order; entries of other ops are passed over. The newest enrolment of a certificate counts. */
  take(entry: EnrolmentEntry): void {
    if (entry.op === 'enrol') this.#enrol(entry);
    if (entry.op === 'finger-matched') this.#count(entry);
    this.#judgeFinger(entry);
  }

  /** The credential of a certificate, by its SHA-256 (hex). */
  of(certificateSha256: string): EnrolledCredential | undefined {
    return this.#byCertificate.get(certificateSha256);
  }

  /** How often the finger of a person, by pseudonym, did not match since it matched last; undefined for never. A new enrolment has a new pseudonym. */
  failuresOf(subject: string): FingerFailures | undefined {
    return this.#failures.get(subject);
  }

  get size(): number {
    return this.#byCertificate.size;
  }

  #enrol(entry: EnrolmentEntry): void {
    const { subject, certificate_sha256: certificate, credential_id: id, public_key: key, aaguid, sign_count: count } = entry;
    if (typeof subject !== 'string' || typeof certificate !== 'string' || typeof id !== 'string' || typeof key !== 'string') return;
    this.#byCertificate.set(certificate, {
      certificateSha256: certificate,
      subject,
      credentialId: Buffer.from(id, 'hex'),
      publicKey: Buffer.from(key, 'hex'),
      aaguid: typeof aaguid === 'string' ? aaguid : '',
      signCount: typeof count === 'number' ? count : 0,
    });
  }

  #judgeFinger({ op, actor, problem }: EnrolmentEntry): void {
    if (actor === undefined) return;
    if (op === 'finger-matched') this.#failures.delete(actor.id);
    if (op !== 'finger-refused' || !isFingerFailure(problem)) return;
    this.#failures.set(actor.id, { count: (this.#failures.get(actor.id)?.count ?? 0) + 1, lastAt: this.#monotonic() });
  }

  #count(entry: EnrolmentEntry): void {
    const { credential_id: id, sign_count: count } = entry;
    if (typeof id !== 'string' || typeof count !== 'number') return;
    for (const [certificate, credential] of this.#byCertificate) {
      if (Buffer.from(credential.credentialId).toString('hex') !== id) continue;
      this.#byCertificate.set(certificate, { ...credential, signCount: Math.max(credential.signCount, count) });
    }
  }
}
