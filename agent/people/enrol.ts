/**
 * Enrolment: ties a fingerprint credential to a holder's certificate. The reader makes the credential after it has verified the finger itself; what
 * comes out is an `enrol` entry, and that entry is the enrolment.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { FingerprintReader, ReaderCall } from '../../drivers/fingerprint.ts';
import type { Actor } from '../log/catalogue.ts';
import type { EventOf } from '../log/events.ts';
import { serialise } from '../log/record.ts';
import { type AttestationFault, type AttestationPolicy, judgeAttestation } from './attestation.ts';

export interface EnrolmentOrder {
  readonly reader: FingerprintReader;
  readonly rpId: string;
  /** SHA-256 of the holder's certificate, hex. */
  readonly certificateSha256: string;
  readonly origin: string;
  readonly actor: Actor;
  /** Pseudonym of the holder, 32 hex digits, where the key was made ready under one; otherwise it is made here. */
  readonly subject?: string;
  /** Which readers are accepted here. */
  readonly accepted: AttestationPolicy;
  /** When: certificates of makers end. */
  readonly at: Date;
}

const sentences: Readonly<Record<AttestationFault, string>> = {
  virtual: 'a virtual fingerprint reader is for demo stations only',
  'not-attested': 'the maker of this reader does not vouch for it (no attestation)',
  'not-attested-by-maker': 'the maker of this reader does not vouch for it (the attestation is its own)',
  malformed: 'the attestation of this reader cannot be read',
  'bad-signature': 'the attestation of this reader is not signed by the key in its certificate',
  'wrong-certificate': 'the attestation certificate of this reader is not one, or is for another model',
  'not-valid-now': 'the attestation certificate of this reader is not valid today',
  'unknown-maker':
    'the attestation of this reader does not lead to a root of "fingerprint": {"roots"} in station.json, whose certificates are in the folder readers',
  'model-not-allowed': 'this model of reader is not on the list of those that are allowed here',
};

/** Why, in a sentence without an end. */
export function faultWords(fault: AttestationFault): string {
  return sentences[fault];
}

/** A reader that this station may not enrol on; the entry that says so is for the caller to append. */
export class ReaderNotAllowed extends Error {
  override readonly name = 'ReaderNotAllowed';
  readonly entry: EventOf<'enrol-refused'>;

  constructor(entry: EventOf<'enrol-refused'>, why: AttestationFault) {
    super(sentences[why]);
    this.entry = entry;
  }
}

/** What to throw for a reader that was looked at and is not accepted. */
export function readerNotAllowed(
  { certificateSha256: certificate_sha256, actor }: Pick<EnrolmentOrder, 'certificateSha256' | 'actor'>,
  aaguid: string,
  problem: AttestationFault,
): ReaderNotAllowed {
  return new ReaderNotAllowed({ op: 'enrol-refused', actor, certificate_sha256, aaguid, problem }, problem);
}

/** A pseudonym for a holder: random, 32 hex digits. */
export function newSubject(): string {
  return randomBytes(16).toString('hex');
}

/** Makes the credential and gives the entry to append. Throws DeviceError, and ReaderNotAllowed for a reader whose attestation is not accepted. */
export async function enrolFinger(order: EnrolmentOrder, call: ReaderCall = {}): Promise<EventOf<'enrol'>> {
  const { subject = newSubject() } = order;
  const statement = serialise({ certificate_sha256: order.certificateSha256, station: order.origin, subject });
  const clientDataHash = createHash('sha256').update('countersign/v1/enrol\n').update(statement).digest();
  const made = await order.reader.enrol({ rpId: order.rpId, userId: Buffer.from(subject, 'hex'), clientDataHash }, call);
  const verdict = judgeAttestation({ ...made, clientDataHash }, order.accepted, order.at);
  if (!verdict.ok) {
    throw readerNotAllowed(order, made.aaguid, verdict.why);
  }
  return {
    op: 'enrol',
    actor: order.actor,
    subject,
    certificate_sha256: order.certificateSha256,
    credential_id: hex(made.credentialId),
    public_key: hex(made.publicKey),
    aaguid: made.aaguid,
    sign_count: made.signCount,
    assurance: 'signed-by-reader',
    attestation_format: made.attestationFormat,
    authenticator_data: hex(made.authenticatorData),
    attestation_statement: hex(made.attestationStatement),
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
