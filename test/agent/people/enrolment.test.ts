/** Who may sign here, as the log's own entries say it. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type EnrolmentEntry, Enrolments } from '../../../agent/people/enrolment.ts';

const certificate = (digit: string): string => digit.repeat(64);

function enrol(digit: string, changes: Partial<EnrolmentEntry> = {}): EnrolmentEntry {
  return {
    op: 'enrol',
    subject: '5a'.repeat(16),
    certificate_sha256: certificate(digit),
    credential_id: 'c0ffee',
    public_key: '3059',
    aaguid: 'a0'.repeat(16),
    sign_count: 3,
    ...changes,
  };
}

const matched = (count: unknown, id = 'c0ffee'): EnrolmentEntry => ({ op: 'finger-matched', credential_id: id, sign_count: count });

/** The counter of the credential of a certificate. */
const countOf = (one: string): number | undefined => {
  const enrolled = enrolments.of(one);
  return enrolled?.assurance === 'signed-by-reader' ? enrolled.signCount : undefined;
};

let enrolments: Enrolments;
beforeEach(() => {
  enrolments = new Enrolments();
});

it('an enrolment is found by its certificate, and by no other', () => {
  enrolments.take(enrol('1'));
  expect(enrolments.of(certificate('1'))).toEqual({
    assurance: 'signed-by-reader',
    certificateSha256: certificate('1'),
    subject: '5a'.repeat(16),
    credentialId: Buffer.from('c0ffee', 'hex'),
    publicKey: Buffer.from('3059', 'hex'),
    aaguid: 'a0'.repeat(16),
    signCount: 3,
  });
  expect(enrolments.of(certificate('2'))).toBeUndefined();
  expect(enrolments.size).toBe(1);
});

it('the newest enrolment of a certificate counts', () => {
  enrolments.take(enrol('1'));
  enrolments.take(enrol('1', { credential_id: 'beef', subject: '77'.repeat(16), sign_count: 0 }));
  expect(enrolments.of(certificate('1'))).toMatchObject({
    credentialId: Buffer.from('beef', 'hex'),
    subject: '77'.repeat(16),
    signCount: 0,
  });
  expect(enrolments.size).toBe(1);
});

it('the counter of a credential follows its matches and never falls', () => {
  enrolments.take(enrol('1'));
  enrolments.take(enrol('2', { credential_id: 'beef' }));
  enrolments.take(matched(9));
  enrolments.take(matched(4));
  expect(countOf(certificate('1'))).toBe(9);
  expect(countOf(certificate('2'))).toBe(3);
});

it('one credential for two certificates has one counter', () => {
  enrolments.take(enrol('1'));
  enrolments.take(enrol('2'));
  enrolments.take(matched(9));
  expect([certificate('1'), certificate('2')].map((one) => countOf(one))).toEqual([9, 9]);
});

it('entries of other ops, and entries that lack something, enrol nobody', () => {
  enrolments.take({ ...enrol('1'), op: 'token-in' });
  for (const field of ['subject', 'certificate_sha256', 'credential_id', 'public_key'] as const)
    enrolments.take(enrol('1', { [field]: undefined }));
  expect(enrolments.size).toBe(0);
  enrolments.take(enrol('1', { aaguid: undefined, sign_count: undefined }));
  expect(enrolments.of(certificate('1'))).toMatchObject({ aaguid: '', signCount: 0 });
  enrolments.take(matched('many'));
  expect(countOf(certificate('1'))).toBe(0);
});

const prints = (changes: Partial<EnrolmentEntry> = {}): EnrolmentEntry => ({
  op: 'enrol',
  assurance: 'station-asserted',
  subject: '77'.repeat(16),
  certificate_sha256: certificate('1'),
  fingers: ['right-index-finger', 'left-thumb'],
  ...changes,
});

describe('prints that the station keeps', () => {
  it('count for nothing unless the station was told that its own word is enough', () => {
    enrolments.take(prints());
    expect(enrolments.of(certificate('1'))).toBeUndefined();
    const trusting = new Enrolments({ takesStationsWord: true });
    trusting.take(prints());
    expect(trusting.of(certificate('1'))).toEqual({
      assurance: 'station-asserted',
      certificateSha256: certificate('1'),
      subject: '77'.repeat(16),
      fingers: ['right-index-finger', 'left-thumb'],
    });
  });

  it('take the place of a credential that was enrolled before, also where they count for nothing', () => {
    enrolments.take(enrol('1'));
    enrolments.take(prints());
    expect(enrolments.of(certificate('1'))).toBeUndefined();
    enrolments.take(enrol('1'));
    expect(enrolments.of(certificate('1'))).toMatchObject({ assurance: 'signed-by-reader' });
  });

  it.each([
    ['one finger', ['left-thumb']],
    ['none', []],
    ['any finger', ['left-thumb', 'any']],
    ['something else', 'left-thumb'],
    ['nothing', undefined],
  ])('enrol nobody with %s', (_, fingers) => {
    const trusting = new Enrolments({ takesStationsWord: true });
    trusting.take(prints({ fingers }));
    expect(trusting.size).toBe(0);
  });
});
