/** Entries of enrolments that no reader made: for what only looks at the log. */
import type { EventOf } from '../../../agent/log/events.ts';

/** The enrolment of a holder; `byte` (two hex digits) tells holders apart. */
export function enrolled(byte: string, signCount: number): EventOf<'enrol'> {
  return {
    op: 'enrol',
    actor: { id: 'terminal', role: 'clerk' },
    subject: byte.repeat(16),
    certificate_sha256: byte.repeat(32),
    credential_id: byte.repeat(16),
    public_key: byte.repeat(16),
    aaguid: '0d'.repeat(16),
    sign_count: signCount,
    assurance: 'signed-by-reader',
    attestation_format: 'none',
    authenticator_data: '0e'.repeat(16),
    attestation_statement: 'a0',
  };
}
