/** A finger agrees to one consent: whoever changes any field of it afterwards has an assertion that proves nothing for what stands there now. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AssertionCheck, verifyAssertion } from '../../../agent/people/assertion.ts';
import { consentDigest, type ConsentStatement, makeConsent } from '../../../agent/signing/consent.ts';
import type { FingerprintReader } from '../../../drivers/fingerprint.ts';
import { FidoReader } from '../../../drivers/fido/reader.ts';
import { VirtualBioKey } from '../../../drivers/virtual/bio-key.ts';

const rpId = 'branch-12.example.org';
const hash = (digit: string): string => digit.repeat(64);

const statement = makeConsent({
  station: 'branch-12.example.org/e1',
  operation: 'op-1',
  documents: [
    { sha256: hash('1'), size: 51_243 },
    { sha256: hash('2'), size: 7, shown: false },
  ],
  certificateSha256: hash('3'),
  nonce: randomBytes(32),
  at: new Date('2026-11-30T10:00:00.000Z'),
});

let reader: FingerprintReader;
let good: AssertionCheck;

beforeAll(async () => {
  const key = VirtualBioKey.create({ fingers: ['right index'], keepaliveMs: 10 });
  key.autoTouch('right index');
  const [hid] = await key.transport.list();
  if (hid === undefined) throw new Error('the key is not plugged in');
  reader = await FidoReader.open(key.transport, hid);
  const credential = await reader.enrol({ rpId, userId: randomBytes(16), clientDataHash: randomBytes(32) });
  const clientDataHash = consentDigest(statement);
  const assertion = await reader.verify({ rpId, credentialId: credential.credentialId, clientDataHash });
  good = { assertion, credential, rpId, clientDataHash };
});
afterAll(() => reader.close());

it('the consent that the finger was for is accepted', () => {
  expect(verifyAssertion(good)).toMatchObject({ ok: true });
});

const [first, second] = statement.documents;
const changes: readonly (readonly [string, Partial<Record<keyof ConsentStatement, unknown>>])[] = [
  ['the version', { v: 3 }],
  ['the station', { station: 'branch-13.example.org/e1' }],
  ['the operation', { operation: 'op-2' }],
  ['the digest of a document', { documents: [{ ...first, sha256: hash('4') }, second] }],
  ['the size of a document', { documents: [{ ...first, size: 51_244 }, second] }],
  ['whether a document was shown', { documents: [first, { sha256: hash('2'), size: 7 }] }],
  ['a document more', { documents: [first, second, { sha256: hash('5'), size: 1 }] }],
  ['a document less', { documents: [first] }],
  ['the order of the documents', { documents: [second, first] }],
  ['the certificate', { certificate_sha256: hash('6') }],
  ['the sentence', { text_sha256: hash('7') }],
  ['the random number', { nonce: hash('8') }],
  ['the time', { at: '2026-11-30T10:00:00.001Z' }],
  ['its end', { expires: '2026-11-30T11:00:00.000Z' }],
  ['a vouch put in', { vouch: { entry: 1, leaf: hash('9') } }],
];

it('there is a change for every field', () => {
  const changed = new Set(changes.flatMap(([, change]) => Object.keys(change)));
  for (const field of Object.keys(statement)) expect(changed, field).toContain(field);
});

it.each(changes)('%s changed: refused, whether the hash is recomputed or only said', (_, change) => {
  const changed = consentDigest({ ...statement, ...change } as ConsentStatement);
  // Whoever checks computes the digest of what stands there now.
  expect(verifyAssertion({ ...good, clientDataHash: changed })).toEqual({ ok: false, why: 'wrong-challenge' });
  // And an assertion that says it was asked for that digest was not signed over it.
  const forged = { ...good.assertion, clientDataHash: changed };
  expect(verifyAssertion({ ...good, assertion: forged, clientDataHash: changed })).toEqual({ ok: false, why: 'bad-signature' });
});
