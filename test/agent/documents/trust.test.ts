import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judgeCertificate, loadTrust, makeTrust, type Trust } from '../../../agent/documents/trust.ts';
import { type Issued, KeyRing, authority, endEntity } from '../../support/signing-keys.ts';

const ring = new KeyRing();
let root: Issued;
let link: Issued;
let ada: Issued;
let trust: Trust;
// A little ahead, so that every certificate that a test issues is valid by then.
const now = new Date(Date.now() + 300_000);

beforeAll(() => {
  root = ring.issue('/CN=Test Root', 'P-256', authority);
  link = ring.issue('/CN=Test Issuer', 'P-384', ['basicConstraints=critical,CA:TRUE,pathlen:0', 'keyUsage=critical,keyCertSign'], root);
  ada = ring.issue('/CN=Ágnes Łąka 王小明', 'rsa-2048', endEntity, link);
  trust = makeTrust([root.certificate, link.certificate]);
});
afterAll(() => ring.end());

function problem(certificate: Issued, used: Trust = trust, at: Date = now): string {
  const judged = judgeCertificate(certificate.certificate, used, at);
  return judged.ok ? 'ok' : judged.problem;
}

describe('a certificate', () => {
  test('that leads to a trusted root gives the chain without the root, and the name of its holder in full', () => {
    const judged = judgeCertificate(ada.certificate, trust, now);
    if (!judged.ok) throw new Error(judged.problem);
    expect(judged.chain.map((der) => Buffer.from(der).toString('hex'))).toEqual(
      [ada.certificate, link.certificate].map((der) => Buffer.from(der).toString('hex')),
    );
    expect(judged.holder).toMatchObject({ name: 'Ágnes Łąka 王小明', issuer: 'Test Issuer', serial: '7f0003' });
    expect(new Date(judged.holder.validTo).getTime()).toBeGreaterThan(now.getTime());
  });

  test('is refused before its time, after its time, and when an issuer has expired', () => {
    const years = (count: number): Date => new Date(now.getTime() + count * 366 * 86_400_000);
    expect(problem(ada, trust, years(-1))).toBe('certificate-not-yet-valid');
    expect(problem(ada, trust, years(2))).toBe('certificate-expired');
    const longLived = ring.issue('/CN=Long', 'P-256', endEntity, link, 3650);
    expect(problem(longLived, trust, years(2))).toBe('certificate-untrusted');
  });

  test('is refused from an unknown issuer, from one that only bears the same name, and without the link in between', () => {
    const otherRoot = ring.issue('/CN=Test Root', 'P-256', authority);
    const impostor = ring.issue('/CN=Test Issuer', 'P-384', authority, otherRoot);
    expect(problem(ring.issue('/CN=Ada', 'P-256', endEntity, impostor))).toBe('certificate-untrusted');
    expect(problem(ring.issue('/CN=Ada', 'P-256', endEntity))).toBe('certificate-untrusted');
    expect(problem(ada, makeTrust([root.certificate]))).toBe('certificate-untrusted');
    expect(problem(ada, makeTrust([link.certificate]))).toBe('certificate-untrusted');
    expect(problem(ada, makeTrust([]))).toBe('certificate-untrusted');
    expect(judgeCertificate(ada.certificate, makeTrust([root.certificate]), now, [link.certificate]).ok).toBe(true);
  });

  test('is refused from an issuer that is no authority or whose path is too short', () => {
    const clerk = ring.issue('/CN=Clerk', 'P-256', endEntity, root);
    expect(problem(ring.issue('/CN=Ada', 'P-256', endEntity, clerk), makeTrust([root.certificate, clerk.certificate]))).toBe(
      'certificate-untrusted',
    );
    const below = ring.issue('/CN=Below', 'P-256', authority, link);
    expect(
      problem(ring.issue('/CN=Ada', 'P-256', endEntity, below), makeTrust([root.certificate, link.certificate, below.certificate])),
    ).toBe('certificate-untrusted');
  });

  test('is unusable when it is an authority, may not sign, holds an unknown critical extension, or is no certificate', () => {
    expect(problem(link)).toBe('certificate-unusable');
    expect(problem(ring.issue('/CN=Ada', 'P-256', ['keyUsage=critical,keyAgreement'], link))).toBe('certificate-unusable');
    expect(problem(ring.issue('/CN=Ada', 'P-256', [...endEntity, '1.2.3.4=critical,DER:0500'], link))).toBe('certificate-unusable');
    const trailing = Buffer.concat([ada.certificate, Buffer.of(0)]);
    expect(judgeCertificate(trailing, trust, now)).toEqual({ ok: false, problem: 'certificate-unusable' });
    expect(judgeCertificate(Buffer.from('hello'), trust, now)).toEqual({ ok: false, problem: 'certificate-unusable' });
  });

  test('never makes the judge throw, whatever bit of it is changed', () => {
    for (let bit = 0; bit < ada.certificate.length * 8; bit += 23) {
      const changed = Uint8Array.from(ada.certificate);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(judgeCertificate(changed, trust, now).ok).toBe(false);
    }
  });
});

describe('the folder of trusted issuers', () => {
  test('takes PEM and DER, several in one file, and tells roots from links', async () => {
    const folder = join(ring.folder, 'trust');
    mkdirSync(folder);
    writeFileSync(join(folder, 'both.pem'), Buffer.concat([readFileSync(root.certificatePath), readFileSync(link.certificatePath)]));
    writeFileSync(join(folder, 'other.der'), ring.issue('/CN=Other Root', 'P-256', authority).certificate);
    writeFileSync(join(folder, 'README.txt'), 'what this folder is for');
    const loaded = await loadTrust(folder);
    expect(loaded.roots.map(({ subjectName }) => subjectName)).toEqual(['Test Root', 'Other Root']);
    expect(loaded.intermediates.map(({ subjectName }) => subjectName)).toEqual(['Test Issuer']);
    writeFileSync(join(folder, 'broken.pem'), 'not a certificate');
    await expect(loadTrust(folder)).rejects.toThrow('no certificate in broken.pem');
  });
});
