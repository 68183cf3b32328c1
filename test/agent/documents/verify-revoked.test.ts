/** Signatures by certificates that were revoked, as `countersign verify --crl` tells of them: in the words of ETSI EN 319 102-1. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { verify } from '../../../agent/commands/verify.ts';
import { preparePades } from '../../../agent/documents/pades.ts';
import type { VerificationReport } from '../../../agent/documents/verify.ts';
import { type ListRequest, revocationList, serialOf } from '../../support/revocation-lists.ts';
import { agreement } from '../../support/sample-pdf.ts';
import { type Issued, KeyRing, authority, endEntity, signWith } from '../../support/signing-keys.ts';

const ring = new KeyRing();
const [trust, crl, file] = [ring.path('trust'), ring.path('crl'), ring.path('signed.pdf')];
/** When the issuers were there: they make no list before. */
let start: Date;
const hours = (count: number): Date => new Date(start.getTime() + count * 3_600_000);
let root: Issued;
let link: Issued;
let ada: Issued;

beforeAll(() => {
  const keyId = 'subjectKeyIdentifier=hash';
  root = ring.issue('/CN=Test Root', 'P-256', [...authority, keyId]);
  link = ring.issue('/CN=Test Issuer', 'P-256', [...authority, keyId], root);
  ada = ring.issue('/CN=Ada Lovelace', 'P-256', endEntity, link, 2);
  start = new Date();
  mkdirSync(trust);
  for (const [name, { certificate }] of [['root', root] as const, ['link', link] as const])
    writeFileSync(`${trust}/${name}.der`, certificate);
});
afterAll(() => ring.end());
beforeEach(() => {
  rmSync(crl, { recursive: true, force: true });
  mkdirSync(crl);
});

/** The document, signed by Ada; the time is what the signature claims. */
function signed(signedAt = hours(1)): void {
  const prepared = preparePades(agreement(), {
    certificate: ada.certificate,
    chain: [ada.certificate, link.certificate],
    hash: 'sha256',
    scheme: 'ecdsa',
    signedAt,
    operation: '0191-0002',
    station: 'branch-12',
  });
  writeFileSync(file, prepared.finish(signWith(ada.key, 'ecdsa', 'sha256', prepared.message)));
}

function put(issuer: Issued, request: ListRequest = {}): void {
  const { der } = revocationList(ring, issuer, { number: 12, from: start, until: hours(24), ...request });
  writeFileSync(`${crl}/${issuer === root ? 'root' : 'issuer'}.crl`, der);
}

async function judged(...more: readonly string[]) {
  const said = { out: '', err: '' };
  const io = { out: (text: string) => void (said.out += text), err: (text: string) => void (said.err += text) };
  const code = await verify([file, '--trust', trust, '--json', ...more], io);
  const report = JSON.parse(said.out) as VerificationReport;
  const [signature] = report.signatures;
  return { code, err: said.err, verdict: [signature?.verdict, signature?.subIndication], words: signature?.sentences.join(' ') ?? '' };
}

describe('a signature whose certificate', () => {
  test('is on no list passes, and the list is named; without lists it is said that nobody asked', async () => {
    signed();
    put(link);
    put(root);
    const found = await judged('--crl', crl);
    expect(found).toMatchObject({ code: 0, err: '', verdict: ['TOTAL-PASSED', undefined] });
    expect(found.words).toContain(`not on the revocation list 12 of Test Issuer, of ${start.toISOString().slice(0, 19)}.000Z`);
    const without = await judged();
    expect(without).toMatchObject({ code: 0, verdict: ['TOTAL-PASSED', undefined] });
    expect(without.words).toContain('Nobody asked whether the certificate was revoked');
  });

  test.each([
    ['after the time it claims', 2, /claims to have been made before that, but nobody confirms its time/],
    ['before the time it claims', -2, /That is before the signature says it was made/],
  ] as const)('was revoked %s is left undecided, because that time is only claimed', async (_name, at, words) => {
    signed();
    put(link, { revoked: [{ serial: serialOf(ada), at: hours(at), reason: 'keyCompromise' }] });
    put(root);
    const found = await judged('--crl', crl);
    expect(found).toMatchObject({ code: 1, verdict: ['INDETERMINATE', 'REVOKED_NO_POE'] });
    expect(found.words).toMatch(words);
    expect(found.words).toContain('Test Issuer revoked the certificate on');
    expect(found.words).toContain('key-compromise');
    // Without the lists nobody knows; that is what --crl is for.
    expect(await judged()).toMatchObject({ verdict: ['TOTAL-PASSED', undefined] });
  });

  test('is on hold waits for the next list', async () => {
    signed();
    put(link, { revoked: [{ serial: serialOf(ada), at: hours(-2), reason: 'certificateHold' }] });
    put(root);
    expect(await judged('--crl', crl)).toMatchObject({
      verdict: ['INDETERMINATE', 'TRY_LATER'],
      words: expect.stringMatching(/on hold/) as string,
    });
  });

  test('has an issuer that was revoked is left undecided', async () => {
    signed();
    put(link);
    put(root, { revoked: [{ serial: serialOf(link), at: hours(-2), reason: 'CACompromise' }] });
    const found = await judged('--crl', crl);
    expect(found).toMatchObject({ code: 1, verdict: ['INDETERMINATE', 'REVOKED_CA_NO_POE'] });
    expect(found.words).toContain('Test Root revoked the certificate of an issuer above it');
  });
});

describe('where a list is wanted', () => {
  test('and missing, or ran out before the signature, nothing is confirmed', async () => {
    signed(hours(30));
    put(root, { until: hours(48) });
    expect(await judged('--crl', crl)).toMatchObject({ code: 1, verdict: ['INDETERMINATE', 'TRY_LATER'] });
    put(link, { until: hours(24) });
    expect(await judged('--crl', crl)).toMatchObject({ code: 1, verdict: ['INDETERMINATE', 'TRY_LATER'] });
    put(link, { number: 13, until: hours(36) });
    expect(await judged('--crl', crl)).toMatchObject({ code: 0, verdict: ['TOTAL-PASSED', undefined] });
  });

  test('a file that is no list is named, and the call needs the issuers too', async () => {
    signed();
    put(link);
    put(root);
    writeFileSync(`${crl}/letter.txt`, 'Dear colleague');
    const found = await judged('--crl', crl);
    expect(found).toMatchObject({ code: 0, err: 'letter.txt: This file is not a revocation list.\n' });
    const said: string[] = [];
    const io = { out: (text: string) => void said.push(text), err: (text: string) => void said.push(text) };
    expect(await verify([file, '--crl', crl], io)).toBe(2);
    expect(said.join('')).toMatch(/^--crl needs --trust/);
    await expect(verify([file, '--trust', trust, '--crl', `${crl}/no`], io)).rejects.toThrow(/revocation lists .* does not exist/);
  });
});
