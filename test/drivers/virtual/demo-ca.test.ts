import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDemoCa, demoOrganisation, issueRevocationList } from '../../../drivers/virtual/demo-ca.ts';
import type { PivCard } from '../../../drivers/virtual/piv-card.ts';
import { testCa, testCard } from '../../support/virtual-reader.ts';

const folder = mkdtempSync(join(tmpdir(), 'demo-ca-'));
const root = join(folder, 'root.pem');
let card: PivCard;

function pem(name: string, der: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, new X509Certificate(der).toString());
  return path;
}

function text(der: Uint8Array): string {
  return execFileSync('openssl', ['x509', '-noout', '-text', '-nameopt', 'utf8,sep_comma_plus'], {
    input: new X509Certificate(der).toString(),
    encoding: 'utf8',
  });
}

beforeAll(async () => {
  writeFileSync(root, testCa.certificate);
  card = await testCard({
    holder: { commonName: 'Zoë Ångström', givenName: 'Zoë', surname: 'Ångström', country: 'SE' },
    keys: { '9a': 'p-256', '9c': { type: 'p-384', notAfter: new Date('2055-03-01T00:00:00Z') } },
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('certificates of the demo', () => {
  test('openssl accepts the chain from the card to the root, strictly', () => {
    for (const slot of ['9a', '9c'] as const) {
      const verified = execFileSync('openssl', ['verify', '-x509_strict', '-CAfile', root, pem(`${slot}.pem`, card.certificate(slot))], {
        encoding: 'utf8',
      });
      expect(verified).toContain('OK');
    }
  });

  test('openssl refuses a card of another root with the same name', () => {
    const other = join(folder, 'other.pem');
    writeFileSync(other, createDemoCa('Countersign Demo Root').certificate);
    expect(spawnSync('openssl', ['verify', '-CAfile', other, pem('9a.pem', card.certificate('9a'))]).status).not.toBe(0);
  });

  test('a signature certificate is for non-repudiation alone, the other for logging in', () => {
    const [login, signing] = [text(card.certificate('9a')), text(card.certificate('9c'))];
    expect(signing).toMatch(/Key Usage: critical\s+Non Repudiation\n/);
    expect(signing).not.toContain('Extended Key Usage');
    expect(login).toMatch(/Key Usage: critical\s+Digital Signature\n/);
    expect(login).toContain('TLS Web Client Authentication');
    expect(text(new X509Certificate(testCa.certificate).raw)).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
  });

  test('every name says that it is not for real use, and the holder is spelt right', () => {
    // Node escapes the comma.
    const organisation = `O=${demoOrganisation.replace(',', '\\,')}`;
    const subject = new X509Certificate(card.certificate('9c'));
    expect(subject.subject.split('\n')).toEqual(['C=SE', organisation, 'SN=Ångström', 'GN=Zoë', 'CN=Zoë Ångström']);
    expect(subject.issuer).toBe(`${organisation}\nCN=Countersign Demo Root`);
    expect(new Date(subject.validTo)).toEqual(new Date('2055-03-01T00:00:00Z'));
  });

  test('a revoked card is refused with the list that names it, and only that card', () => {
    const list = join(folder, 'list.pem');
    const der = issueRevocationList(testCa, {
      revoked: [card.certificate('9c')],
      thisUpdate: new Date(Date.now() - 60_000),
      nextUpdate: new Date(Date.now() + 86_400_000),
    });
    execFileSync('openssl', ['crl', '-inform', 'DER', '-out', list], { input: der });
    const check = (slot: '9a' | '9c'): string => {
      const run = spawnSync('openssl', ['verify', '-crl_check', '-CRLfile', list, '-CAfile', root, pem('one.pem', card.certificate(slot))]);
      return `${run.stdout.toString()}${run.stderr.toString()}`;
    };
    expect(check('9c')).toContain('certificate revoked');
    expect(check('9a')).toContain('OK');
  });

  test('a key that does not fit the root certificate is refused', () => {
    const stranger = { certificate: testCa.certificate, key: createDemoCa('Stranger').key };
    expect(() => issueRevocationList(stranger, { revoked: [], thisUpdate: new Date(), nextUpdate: new Date() })).toThrow();
  });
});
