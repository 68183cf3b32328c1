/**
 * Who may sign here: which fingerprint credential, or which prints, belong to which certificate. It is read from the log's own entries, so there is no
 * second record that could disagree with it.
 */
import { fingerNames, type FingerName } from '../../drivers/fingerprint.ts';

import { type FingerFailures, isFingerFailure } from './finger-limits.ts';

/** A credential that was enrolled for a certificate: the reader signs for it. */
export interface EnrolledCredential {
  readonly assurance: 'signed-by-reader';
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

/** Prints that this computer keeps for a certificate: a reader compares, and nobody but the station says what came of it. */
export interface EnrolledPrints {
  readonly assurance: 'station-asserted';
  readonly certificateSha256: string;
  /** The holder's pseudonym, under which the prints are kept. */
  readonly subject: string;
  /** At least two, in the order in which they are asked for. */
  readonly fingers: readonly [FingerName, FingerName, ...FingerName[]];
}

export type Enrolled = EnrolledCredential | EnrolledPrints;

/** The fields of the entries that this projection reads. */
export interface EnrolmentEntry {
  readonly op: string;
  readonly actor?: { readonly id: string };
  readonly problem?: unknown;
  readonly assurance?: unknown;
  readonly subject?: unknown;
  readonly certificate_sha256?: unknown;
  readonly credential_id?: unknown;
  readonly public_key?: unknown;
  readonly aaguid?: unknown;
  readonly sign_count?: unknown;
  readonly fingers?: unknown;
}

/** The enrolments of one station, kept up to date as entries are appended. */
export class Enrolments {
  readonly #byCertificate = new Map<string, Enrolled>();
  /** Of those whose finger did not match since it matched last, by pseudonym. */
  readonly #failures = new Map<string, FingerFailures>();
  readonly #takesStationsWord: boolean;
  readonly #monotonic: () => number;

  /**
   * `takesStationsWord`: whether enrolments count for which no reader signs; only where the configuration says so. `monotonic`: milliseconds of a clock
   * that nobody can set.
   */
  constructor(options: { readonly takesStationsWord?: boolean; readonly monotonic?: () => number } = {}) {
    this.#takesStationsWord = options.takesStationsWord ?? false;
    this.#monotonic = options.monotonic ?? (() => performance.now());
  }

  /** Takes one entry in log order; entries of other ops are passed over. The newest enrolment of a certificate counts. */
  take(entry: EnrolmentEntry): void {
    if (entry.op === 'enrol') this.#enrol(entry);
    if (entry.op === 'finger-matched') this.#count(entry);
    this.#judgeFinger(entry);
  }

  /** What is enrolled for a certificate, by its SHA-256 (hex), if it counts here. */
  of(certificateSha256: string): Enrolled | undefined {
    const enrolled = this.#byCertificate.get(certificateSha256);
    return enrolled?.assurance === 'station-asserted' && !this.#takesStationsWord ? undefined : enrolled;
  }

  /** How often the finger of a person, by pseudonym, did not match since it matched last; undefined for never. A new enrolment has a new pseudonym. */
  failuresOf(subject: string): FingerFailures | undefined {
    return this.#failures.get(subject);
  }

  get size(): number {
    return this.#byCertificate.size;
  }

  #enrol(entry: EnrolmentEntry): void {
    const { subject, certificate_sha256: certificate } = entry;
    if (typeof subject !== 'string' || typeof certificate !== 'string') return;
    const enrolled =
      entry.assurance === 'station-asserted' ? printsOf(entry, subject, certificate) : credentialOf(entry, subject, certificate);
    if (enrolled !== undefined) this.#byCertificate.set(certificate, enrolled);
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
    for (const [certificate, enrolled] of this.#byCertificate) {
      if (enrolled.assurance !== 'signed-by-reader' || Buffer.from(enrolled.credentialId).toString('hex') !== id) continue;
      this.#byCertificate.set(certificate, { ...enrolled, signCount: Math.max(enrolled.signCount, count) });
    }
  }
}

function credentialOf(entry: EnrolmentEntry, subject: string, certificateSha256: string): EnrolledCredential | undefined {
  const { credential_id: id, public_key: key, aaguid, sign_count: count } = entry;
  if (typeof id !== 'string' || typeof key !== 'string') return undefined;
  return {
    assurance: 'signed-by-reader',
    certificateSha256,
    subject,
    credentialId: Buffer.from(id, 'hex'),
    publicKey: Buffer.from(key, 'hex'),
    aaguid: typeof aaguid === 'string' ? aaguid : '',
    signCount: typeof count === 'number' ? count : 0,
  };
}

function printsOf({ fingers }: EnrolmentEntry, subject: string, certificateSha256: string): EnrolledPrints | undefined {
  if (!Array.isArray(fingers)) return undefined;
  const known = fingers.filter((one): one is FingerName => (fingerNames as readonly unknown[]).includes(one));
  const [first, second, ...others] = known;
  if (first === undefined || second === undefined || known.length !== fingers.length) return undefined;
  return { assurance: 'station-asserted', certificateSha256, subject, fingers: [first, second, ...others] };
}
