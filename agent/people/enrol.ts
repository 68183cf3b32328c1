/**
 * Enrolment: ties a fingerprint credential to a holder's certificate. The reader makes the credential after it has verified the finger itself; what
 * comes out is an `enrol` entry, and that entry is the enrolment.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { FingerprintReader, ReaderCall } from '../../drivers/fingerprint.ts';
import { demoAaguid } from '../../drivers/virtual/bio-key-identity.ts';
import type { Actor } from '../log/catalogue.ts';
import type { EventOf } from '../log/events.ts';
import { serialise } from '../log/record.ts';

export interface EnrolmentOrder {
  readonly reader: FingerprintReader;
  readonly rpId: string;
  /** SHA-256 of the holder's certificate, hex. */
  readonly certificateSha256: string;
  readonly origin: string;
  readonly actor: Actor;
  /** Whether this station was initialised as a demo: only there is a virtual reader accepted. */
  readonly demo: boolean;
}

/** A reader that this station may not enrol on. */
export class ReaderNotAllowed extends Error {
  override readonly name = 'ReaderNotAllowed';
}

/** Makes the credential and gives the entry to append. Throws DeviceError, and ReaderNotAllowed for a virtual reader at a real station. */
export async function enrolFinger(order: EnrolmentOrder, call: ReaderCall = {}): Promise<EventOf<'enrol'>> {
  const subject = randomBytes(16);
  const statement = serialise({ certificate_sha256: order.certificateSha256, station: order.origin, subject: subject.toString('hex') });
  const clientDataHash = createHash('sha256').update('countersign/v1/enrol\n').update(statement).digest();
  const made = await order.reader.enrol({ rpId: order.rpId, userId: subject, clientDataHash }, call);
  if (made.aaguid === demoAaguid && !order.demo) throw new ReaderNotAllowed('a virtual fingerprint reader is for demo stations only');
  return {
    op: 'enrol',
    actor: order.actor,
    subject: subject.toString('hex'),
    certificate_sha256: order.certificateSha256,
    credential_id: hex(made.credentialId),
    public_key: hex(made.publicKey),
    aaguid: made.aaguid,
    sign_count: made.signCount,
    assurance: order.reader.info.assurance,
    attestation_format: made.attestationFormat,
    authenticator_data: hex(made.authenticatorData),
    attestation_statement: hex(made.attestationStatement),
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
