/** The consent: its digest binds the finger to one document, one certificate, one station and one moment. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { consentHash } from '../../../agent/log/record.ts';
import {
  asJson,
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
  documents: [{ sha256: 'd'.repeat(64), size: 48_210 }],
  certificateSha256: 'c'.repeat(64),
  nonce: new Uint8Array(32).fill(7),
  at: new Date('2026-11-22T18:31:07.412Z'),
};
const statement = makeConsent(facts);
const hex = (digest: Uint8Array): string => Buffer.from(digest).toString('hex');

it('says what was agreed to, and until when it holds', () => {
  expect(statement).toEqual({
    v: 2,
    station: 'branch-12.example.org/e1',
    operation: 'op-1',
    documents: [{ sha256: 'd'.repeat(64), size: 48_210 }],
    certificate_sha256: 'c'.repeat(64),
    text_sha256: createHash('sha256').update(consentText(1)).digest('hex'),
    nonce: '07'.repeat(32),
    at: '2026-11-22T18:31:07.412Z',
    expires: '2026-11-22T18:41:07.412Z',
  });
  expect(Date.parse(statement.expires) - Date.parse(statement.at)).toBe(consentLifeMs);
});

it('its digest can be made with public tools: a fixed line, then the statement with sorted keys and no spaces', () => {
  const sorted = JSON.stringify(statement, [...Object.keys(statement), 'sha256', 'size'].sort());
  expect(hex(consentDigest(statement))).toBe(createHash('sha256').update(`countersign/v1/consent\n${sorted}`).digest('hex'));
  expect(hex(consentDigest(statement))).toBe(consentHash(asJson(statement)));
});

describe('another digest follows from', () => {
  it.each(Object.keys(statement) as (keyof ConsentStatement)[])('another %s in the statement', (field) => {
    const value = statement[field];
    const changed = {
      ...statement,
      [field]: typeof value === 'number' ? value + 1 : typeof value === 'string' ? `${value.slice(0, -1)}z` : [],
    };
    expect(hex(consentDigest(changed))).not.toBe(hex(consentDigest(statement)));
  });

  it.each<[string, Partial<ConsentFacts>]>([
    ['another station', { station: 'branch-13.example.org/e1' }],
    ['another operation', { operation: 'op-2' }],
    ['another document', { documents: [{ sha256: 'e'.repeat(64), size: 48_210 }] }],
    ['another size', { documents: [{ sha256: 'd'.repeat(64), size: 48_211 }] }],
    ['one document more', { documents: [...facts.documents, { sha256: 'e'.repeat(64), size: 48_210 }] }],
    ['the same document twice', { documents: [...facts.documents, ...facts.documents] }],
    ['a document that is certified', { documents: facts.documents.map((document) => ({ ...document, terms: { certifies: true } })) }],
    ['a reason', { documents: facts.documents.map((document) => ({ ...document, terms: { reason: 'I agree' } })) }],
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

it('several documents are named in the order in which they are signed, and the sentence says that there are several', () => {
  const [a, b] = [
    { sha256: 'a'.repeat(64), size: 1 },
    { sha256: 'b'.repeat(64), size: 2 },
  ];
  const several = makeConsent({ ...facts, documents: [b, a] });
  expect(several.documents).toEqual([b, a]);
  expect(several.text_sha256).toBe(createHash('sha256').update(consentText(2)).digest('hex'));
  expect(several.text_sha256).not.toBe(statement.text_sha256);
  expect(consentDigest(several)).not.toEqual(consentDigest(makeConsent({ ...facts, documents: [a, b] })));
});

it('where somebody vouches for the holder, the statement names their entry, and the sentence speaks of no finger', () => {
  const vouch = { entry: 12, leaf: '1'.repeat(64) };
  const vouched = makeConsent({ ...facts, vouch });
  expect(vouched.vouch).toEqual(vouch);
  expect(vouched.text_sha256).toBe(
    createHash('sha256')
      .update(consentText(1, 0, true))
      .digest('hex'),
  );
  for (const [documents, unseen] of [
    [1, 0],
    [1, 1],
    [2, 0],
    [2, 1],
  ] as const) {
    expect(consentText(documents, unseen)).toContain('my finger and my PIN');
    expect(consentText(documents, unseen, true)).toMatch(
      /with my card and my PIN; a member of staff vouches for me instead of my finger\.$/,
    );
  }
  const digests = [vouch, { ...vouch, entry: 13 }, { ...vouch, leaf: '2'.repeat(64) }].map((one) =>
    hex(consentDigest(makeConsent({ ...facts, vouch: one }))),
  );
  expect(new Set([...digests, hex(consentDigest(statement))]).size).toBe(4);
  expect(hex(consentDigest(vouched))).toBe(consentHash(asJson(vouched)));
});
