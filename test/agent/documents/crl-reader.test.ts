import { sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ListRefused } from '../../../agent/documents/crl-entries.ts';
import { readRevocationList } from '../../../agent/documents/crl-reader.ts';
import { bitString, boolean, integer, octetString, oid, sequence, utcTime } from '../../../agent/documents/der.ts';
import { DerRefused, readDer, readSequence } from '../../../agent/documents/der-reader.ts';
import { type ListRequest, revocationList } from '../../support/revocation-lists.ts';
import { type Issued, KeyRing, authority } from '../../support/signing-keys.ts';

const ring = new KeyRing();
let issuer: Issued;
beforeAll(() => {
  issuer = ring.issue('/CN=Zentrale Ausgabestelle Łódź', 'P-256', [...authority, 'subjectKeyIdentifier=hash']);
});
afterAll(() => ring.end());

const list = (request: ListRequest = {}) => revocationList(ring, issuer, request).der;
const read = (request: ListRequest) => readRevocationList(list(request));

describe('a revocation list', () => {
  test('gives issuer, times, number, and every entry with its date and reason', () => {
    const [from, until] = [new Date('2026-11-20T08:00:00Z'), new Date('2026-11-27T08:00:00Z')];
    const at = new Date('2026-10-01T12:30:05Z');
    const revoked = [
      { serial: '7F01', at, reason: 'keyCompromise' },
      { serial: '00FF02', at },
      { serial: '03', at, reason: 'certificateHold' },
      { serial: '04', at, reason: 'unspecified' },
    ];
    const found = read({ from, until, number: 4711, revoked });
    expect(found).toMatchObject({ issuerName: 'Zentrale Ausgabestelle Łódź', thisUpdate: from, nextUpdate: until, number: 4711n });
    expect(found.revoked.size).toBe(4);
    expect(found.revoked.get('03')).toEqual({ revokedAt: at, reason: 'certificate-hold' });
    expect(found.revoked.get('04')).toEqual({ revokedAt: at, reason: 'unspecified' });
    expect(found.revoked.get('7f01')).toEqual({ revokedAt: at, reason: 'key-compromise' });
    expect(found.revoked.get('00ff02')).toEqual({ revokedAt: at, reason: 'unspecified' });
    for (const other of ['ff02', '7f', '01', '7f0100', '']) expect(found.revoked.get(other), other).toBeUndefined();
  });

  test('may name nobody, may have no number, may be of version 1', () => {
    expect(read({ number: 1 }).revoked.size).toBe(0);
    expect(read({ revoked: [{ serial: '07' }] })).toMatchObject({ number: undefined });
    expect(read({ revoked: [{ serial: '07' }] }).revoked.get('07')).toBeDefined();
  });

  test('with an entry that was taken off again does not hold it', () => {
    const found = read({
      number: 1,
      revoked: [
        { serial: '07', reason: 'removeFromCRL' },
        { serial: '08', reason: 'superseded' },
      ],
    });
    expect(found.revoked.size).toBe(1);
    expect(found.revoked.get('08')).toMatchObject({ reason: 'superseded' });
  });

  test.each([
    ['a delta list', ['2.5.29.27=critical,DER:020101'], /only what changed/],
    ['a list of one reason', ['issuingDistributionPoint=critical,@point', '[point]', 'onlysomereasons=keyCompromise'], /only a part/],
    ['a list of one kind of certificates', ['issuingDistributionPoint=critical,@point', '[point]', 'onlyuser=TRUE'], /only a part/],
    ['an indirect list', ['issuingDistributionPoint=critical,@point', '[point]', 'indirectCRL=TRUE'], /what others revoked/],
    ['a part of a list', ['issuingDistributionPoint=@point', '[point]', 'fullname=URI:http://crl.example/7'], /only a part/],
    ['what nobody here understands', ['1.2.3.4=critical,DER:0500'], /critical extension that is not understood \(1\.2\.3\.4\)/],
  ] as const)('that is %s is refused', (_name, extensions, why) => {
    const refused = (): unknown => read({ number: 2, extensions, revoked: [{ serial: '07' }] });
    expect(refused).toThrow(ListRefused);
    expect(refused).toThrow(why);
  });

  test('with an extension that is not critical is read', () => {
    expect(read({ number: 3, extensions: ['1.2.3.4=DER:0500', '2.5.29.46=DER:3000'] }).number).toBe(3n);
  });

  test('signed with SHA-1 is refused', () => {
    expect(() => read({ number: 1, digest: 'sha1' })).toThrow(/signed in a way that is not accepted/);
  });

  test('cut off at any byte, followed by anything, or another thing altogether, is no list', () => {
    const der = list({ number: 9, revoked: [{ serial: '07', reason: 'keyCompromise' }] });
    for (let length = 0; length < der.length; length += 1) expect(() => readRevocationList(der.subarray(0, length))).toThrow(DerRefused);
    expect(() => readRevocationList(Buffer.concat([der, Buffer.of(0)]))).toThrow(DerRefused);
    expect(() => readRevocationList(issuer.certificate)).toThrow(DerRefused);
    expect(() => readRevocationList(Buffer.from('hello'))).toThrow(DerRefused);
  });

  test('throws nothing but its refusals, whatever bit of it is changed', () => {
    const der = list({ number: 9, revoked: [{ serial: '07', reason: 'keyCompromise' }, { serial: '08' }] });
    let refused = 0;
    for (let bit = 0; bit < der.length * 8; bit += 3) {
      const changed = Uint8Array.from(der);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      try {
        readRevocationList(changed);
      } catch (error) {
        if (!(error instanceof DerRefused) && !(error instanceof ListRefused)) throw error;
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
});

/** A list of our own making, for what openssl does not write. */
function handMade(...entryExtensions: readonly Uint8Array[]): Uint8Array {
  const [name] = readSequence(readDer(list({ number: 1 }))).flatMap((part, index) => (index === 0 ? [readSequence(part)[2]] : []));
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
  const now = new Date(Date.now() - 60_000);
  const entry = sequence(integer(7), utcTime(now), sequence(...entryExtensions));
  const body = sequence(integer(1), algorithm, name?.bytes ?? new Uint8Array(), utcTime(now), utcTime(now), sequence(entry));
  return sequence(body, algorithm, bitString(sign('sha256', body, issuer.key)));
}
const extension = (name: string, critical: boolean, value: Uint8Array): Uint8Array =>
  sequence(oid(name), ...(critical ? [boolean(true)] : []), octetString(value));

describe('an entry of a revocation list', () => {
  const reason = (code: number): Uint8Array => extension('2.5.29.21', false, Uint8Array.of(0x0a, 1, code));

  test('with a reason is read, also beside what is not critical', () => {
    const found = readRevocationList(handMade(reason(9), extension('1.2.3.4', false, sequence())));
    expect(found.revoked.get('07')).toMatchObject({ reason: 'privilege-withdrawn' });
  });

  test('that names another issuer, or a critical thing that nobody understands, spoils the whole list', () => {
    expect(() => readRevocationList(handMade(extension('2.5.29.29', true, sequence())))).toThrow(/what other issuers revoked/);
    expect(() => readRevocationList(handMade(extension('2.5.29.29', false, sequence())))).toThrow(ListRefused);
    expect(() => readRevocationList(handMade(reason(1), extension('1.2.3.4', true, sequence())))).toThrow(/not understood \(1\.2\.3\.4\)/);
  });

  test('with a reason that does not exist, or twice the same extension, is not DER of a list', () => {
    for (const code of [7, 11, 255]) expect(() => readRevocationList(handMade(reason(code)))).toThrow(DerRefused);
    expect(() => readRevocationList(handMade(reason(1), reason(1)))).toThrow(DerRefused);
  });
});

test('a list of a hundred thousand entries is read in well under a second', () => {
  const revoked = Array.from({ length: 100_000 }, (_, index) => ({
    serial: `4F${index.toString(16).padStart(14, '0')}`,
    reason: 'superseded',
  }));
  const der = list({ number: 88, revoked });
  const before = performance.now();
  const found = readRevocationList(der);
  const tookMs = performance.now() - before;
  expect(found.revoked.size).toBe(100_000);
  expect(found.revoked.get('4f0000000000c350')).toMatchObject({ reason: 'superseded' });
  // A third of that on the machine that this was written on, which had other things to do.
  expect(tookMs).toBeLessThan(1500);
});
