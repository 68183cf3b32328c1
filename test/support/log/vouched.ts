/** Visits in which a member of staff vouched for the holder instead of a finger, in a log that a test builds entry by entry. */
import { consentHash } from '../../../agent/log/record.ts';
import { makeMember, type Member, type Said, type StatedLog, subject, timeAt } from './staff.ts';
import { sha256, statement } from './station-log.ts';

/** The person who is vouched for: their certificate is that of `statement`, their key is nobody else's. */
export const holderKey = makeMember('nobody', 'holder').publicKey;
export const vouchedHolder = { id: subject, role: 'holder' } as const;

/** Enters that the holder was enrolled, in the same second as what follows. */
export function enrol(log: StatedLog, changed: Readonly<Record<string, unknown>> = {}): void {
  const made = { credential_id: '0b', public_key: '0c', aaguid: '0d'.repeat(16), sign_count: 0, assurance: 'signed-by-reader' };
  const attested = { attestation_format: 'none', authenticator_data: '0e', attestation_statement: 'a0' };
  log.append({
    op: 'enrol',
    actor: { id: 'terminal', role: 'clerk' },
    subject,
    certificate_sha256: sha256('c'),
    ...made,
    ...attested,
    ...changed,
  });
  log.wait(-1);
}

/** What a member of staff says when they vouch, for 30 minutes from the beginning of the log. */
export const vouching: Said<'vouch'> = {
  subject,
  holder_certificate_sha256: sha256('c'),
  identified: 'identity-document',
  reason: 'no-readable-finger',
  until: timeAt(1800),
};

export function vouch(log: StatedLog, member: Member, said: Partial<Said<'vouch'>> = {}, changed = {}): number {
  return log.append(log.state(member, 'vouch', { ...vouching, ...said }, changed));
}

/** What a test changes of a visit. */
export interface Otherwise {
  readonly operation?: string;
  readonly digits?: readonly string[];
  /** What the statement of the consent says of the vouch; `none`: nothing. */
  readonly named?: { readonly entry: number; readonly leaf: string } | 'none';
  readonly vouched?: Readonly<Record<string, unknown>>;
  /** Entries between the consent with its intents and `vouched`. */
  readonly between?: (log: StatedLog) => void;
}

/** A whole visit for which the vouch of entry `number` counts: consent, intents, `vouched`, and an end for each document. */
export function signVouched(log: StatedLog, number: number, otherwise: Otherwise = {}): void {
  const { operation = 'op-1', digits = ['a'], named = { entry: number, leaf: log.leaf(number) } } = otherwise;
  const base = { operation, actor: vouchedHolder } as const;
  const stated = { ...statement(operation, ...digits), ...(named === 'none' ? {} : { vouch: named }) };
  const consent_sha256 = consentHash(stated);
  log.append({ ...base, op: 'consent', statement: stated, consent_sha256 });
  const keys = (digit: string) => ({ document_sha256: sha256(digit), certificate_sha256: sha256('c') });
  const intents = digits.map((digit) =>
    log.append({ ...base, op: 'sign.intent', ...keys(digit), consent_sha256, scheme: 'rsa-pss', hash: 'sha256' }),
  );
  otherwise.between?.(log);
  log.append({
    ...base,
    op: 'vouched',
    consent_sha256,
    vouch: number,
    vouch_leaf: log.leaf(number),
    public_key: holderKey,
    ...otherwise.vouched,
  });
  const made = { output_sha256: sha256('e'), output_size: 4711, signature_sha256: sha256('f') };
  digits.forEach((digit, index) => log.append({ ...base, op: 'sign.done', intent: intents[index], ...keys(digit), ...made }));
}
