/**
 * Visits as a station writes them down, with fields as long as real ones and no two alike: a card comes, a document, a consent, a finger, a
 * signature, the card goes. Every eighth holder shows the wrong finger first, and every twelfth types a wrong PIN.
 */
import { createHash } from 'node:crypto';
import type { AppendableEvent } from '../../../agent/log/events.ts';
import { log } from './built.ts';

/** A digest that nobody else has, hex. */
export function digest(of: string): string {
  return createHash('sha256').update(of).digest('hex');
}

const certificates = 400;

/** The events of visit `visit`, in order; `seq` is the number that the first of them will get. */
export function visitEvents(origin: string, visit: number, seq: number, time: string): readonly AppendableEvent[] {
  const one = (what: string): string => digest(`${what} ${visit}`);
  const holder = { id: digest(`holder ${visit % certificates}`).slice(0, 32), role: 'holder' } as const;
  const base = { operation: one('operation').slice(0, 32), actor: holder } as const;
  const [document, certificate] = [one('document'), digest(`certificate ${visit % certificates}`)];
  const statement = {
    v: 2,
    station: origin,
    operation: base.operation,
    documents: [{ sha256: document, size: 184_320 + visit }],
    certificate_sha256: certificate,
    text_sha256: digest('the sentence above the button'),
    nonce: one('nonce'),
    at: time,
    expires: time,
  };
  const consent_sha256 = log.consentHash(statement);
  const events: AppendableEvent[] = [
    {
      ...base,
      op: 'token-in',
      module: 'opensc',
      token_serial: certificate.slice(0, 16),
      certificates: [certificate, one('other')],
      revocation_lists: [
        { list_sha256: digest('list'), issuer_sha256: digest('issuer'), number: '4711', this_update: '2026-07-28T10:00:00.000Z' },
      ],
    },
    { ...base, op: 'document-in', document_sha256: document, size: 184_320 + visit, pages: 3, signatures: 0 },
    { ...base, op: 'consent', statement, consent_sha256 },
  ];
  const intent = seq + events.length;
  const keys = { document_sha256: document, certificate_sha256: certificate };
  events.push({ ...base, op: 'sign.intent', ...keys, consent_sha256, scheme: 'rsa-pss', hash: 'sha256' });
  if (visit % 8 === 0) events.push({ ...base, op: 'finger-refused', problem: 'not-matched', tries_left: 4 });
  events.push({
    ...base,
    op: 'finger-matched',
    consent_sha256,
    credential_id: digest(`credential ${visit % certificates}`),
    authenticator_data: one('rp') + one('flags').slice(0, 10),
    client_data_hash: consent_sha256,
    signature: one('r') + one('s') + one('der').slice(0, 14),
    sign_count: visit,
    assurance: 'signed-by-reader',
  });
  if (visit % 12 === 0) events.push({ ...base, op: 'pin-wrong', problem: 'pin-wrong', tries_left: 2 });
  events.push(
    { ...base, op: 'sign.done', intent, ...keys, output_sha256: one('output'), output_size: 215_040, signature_sha256: one('signature') },
    { ...base, op: 'token-out' },
  );
  return events;
}
