/** The consent: its digest binds the finger to one document, one certificate, one station and one moment. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { consentHash } from '../../../agent/log/record.ts';
import {
  consentDigest,
  type ConsentFacts,
  consentLifeMs,
  type ConsentStatement,
  consentText,
  makeConsent,
} from '../../../agent/signing/consent.ts';

const facts: ConsentFacts = {
  station: 'branch-12.example.org/e1',
  operation: 'op-1',
  documentDigest: 'd'.repeat(64),
  documentSize: 48_210,
  certificateSha256: 'c'.repeat(64),
  nonce: new Uint8Array(32).fill(7),
  at: new Date('2026-11-22T18:31:07.412Z'),
};
const statement = makeConsent(facts);
const hex = (digest: Uint8Array): string => Buffer.from(digest).toString('hex');

it('says what was agreed to, and until when it holds', () => {
  expect(statement).toEqual({
    v: 1,
    station: 'branch-12.example.org/e1',
    operation: 'op-1',
    document_sha256: 'd'.repeat(64),
    document_size: 48_210,
    certificate_sha256: 'c'.repeat(64),
    text_sha256: createHash('sha256').update(consentText).digest('hex'),
    nonce: '07'.repeat(32),
    at: '2026-11-22T18:31:07.412Z',
    expires: '2026-11-22T18:41:07.412Z',
  });
  expect(Date.parse(statement.expires) - Date.parse(statement.at)).toBe(consentLifeMs);
});

it('its digest can be made with public tools: a fixed line, then the statement with sorted keys and no spaces', () => {
  const sorted = JSON.stringify(statement, Object.keys(statement).sort());
  expect(hex(consentDigest(statement))).toBe(createHash('sha256').update(`countersign/v1/consent\n${sorted}`).digest('hex'));
  expect(hex(consentDigest(statement))).toBe(consentHash({ ...statement }));
});

describe('another digest follows from', () => {
  it.each(Object.keys(statement) as (keyof ConsentStatement)[])('another %s in the statement', (field) => {
    const value = statement[field];
    const changed = { ...statement, [field]: typeof value === 'number' ? value + 1 : `${value.slice(0, -1)}z` };
    expect(hex(consentDigest(changed))).not.toBe(hex(consentDigest(statement)));
  });

  it.each<[string, Partial<ConsentFacts>]>([
    ['another station', { station: 'branch-13.example.org/e1' }],
    ['another operation', { operation: 'op-2' }],
    ['another document', { documentDigest: 'e'.repeat(64) }],
    ['another size', { documentSize: 48_211 }],
    ['another certificate', { certificateSha256: 'b'.repeat(64) }],
    ['another nonce', { nonce: new Uint8Array(32).fill(8) }],
    ['another millisecond', { at: new Date('2026-11-22T18:31:07.413Z') }],
  ])('%s', (_name, change) => {
    expect(hex(consentDigest(makeConsent({ ...facts, ...change })))).not.toBe(hex(consentDigest(statement)));
  });

  it('the same facts: the same digest', () => {
    expect(consentDigest(makeConsent({ ...facts }))).toEqual(consentDigest(statement));
  });
});
