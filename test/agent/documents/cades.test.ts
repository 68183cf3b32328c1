import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SignatureRefused, digestOf } from '../../../agent/documents/algorithms.ts';
import { prepareCades } from '../../../agent/documents/cades.ts';
import { readSignedData } from '../../../agent/documents/cms-reader.ts';
import { ContentRefused, Digesting, digestFile } from '../../../agent/documents/content-digest.ts';
import { Holders, type KeyUse, keyUses } from '../../support/holders.ts';
import { opensslAcceptsDetached } from '../../support/openssl-cms.ts';
import { signWith } from '../../support/signing-keys.ts';

let holders: Holders;
const folder = mkdtempSync(join(tmpdir(), 'countersign-cades-'));
const content = Buffer.from('Les comptes de l’année, signés à côté.\n'.repeat(40));

beforeAll(() => {
  holders = new Holders();
});
afterAll(() => {
  holders.end();
  rmSync(folder, { recursive: true, force: true });
});

function sign(use?: KeyUse, more: object = {}): Uint8Array {
  const request = { ...holders.request(use), ...more };
  return holders.finish(prepareCades(digestOf(request.hash, content), request), use);
}

function changed(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

describe('a detached signature', () => {
  test.each(keyUses)('made with $choice, $scheme, is accepted by openssl, and not for other content or with one bit changed', (use) => {
    const p7s = sign(use);
    expect(opensslAcceptsDetached(p7s, content, holders.root.certificatePath)).toBe(true);
    expect(opensslAcceptsDetached(p7s, changed(content, 7), holders.root.certificatePath)).toBe(false);
    expect(opensslAcceptsDetached(p7s, content.subarray(1), holders.root.certificatePath)).toBe(false);
    expect(opensslAcceptsDetached(changed(p7s, p7s.length - 9), content, holders.root.certificatePath)).toBe(false);
  });

  test('says when it was made, what the content is and what the signer commits to, all of it signed', () => {
    const signedAt = new Date('2026-04-17T08:09:10.987Z');
    const p7s = sign(undefined, { signedAt, mimeType: 'text/plain', commitment: 'proof-of-approval' });
    expect(readSignedData(p7s).signingTime).toEqual(new Date('2026-04-17T08:09:10Z'));
    const text = execFileSync('openssl', ['cms', '-cmsout', '-print', '-inform', 'DER'], { input: p7s, encoding: 'utf8' });
    const signed = text.slice(text.indexOf('signedAttrs'), text.indexOf('signatureAlgorithm'));
    expect(signed).toMatch(/signingTime[^]*Apr 17 08:09:10 2026 GMT/);
    expect(signed).toMatch(/0\.4\.0\.1733\.2\.1[^]*UTF8STRING:text\/plain/);
    expect(signed).toMatch(/id-smime-aa-ets-commitmentType[^]*id-smime-cti-ets-proofOfApproval/);
    expect(signed).toMatch(/signingCertificateV2/);
    expect(text).toMatch(/eContent: <ABSENT>/);
  });

  test('is the same bytes for the same request', () => {
    const use: KeyUse = { choice: 'rsa-2048', scheme: 'rsa-pkcs1' };
    const signedAt = new Date();
    expect(Buffer.from(sign(use, { signedAt })).equals(sign(use, { signedAt }))).toBe(true);
  });

  test('never comes to be with a signature that does not hold', () => {
    const request = holders.request();
    const prepared = prepareCades(digestOf(request.hash, content), request);
    const right = signWith(holders.holder('P-256').key, 'ecdsa', 'sha256', prepared.message);
    expect(() => prepared.finish(changed(right, 10))).toThrow(SignatureRefused);
    expect(() => prepared.finish(right.subarray(1))).toThrow(SignatureRefused);
    expect(() => prepared.finish(signWith(holders.issuer.key, 'ecdsa', 'sha256', prepared.message))).toThrow(SignatureRefused);
    expect(() => prepareCades(digestOf('sha256', content), { ...request, scheme: 'rsa-pss' })).toThrow(SignatureRefused);
    expect(() => prepareCades(digestOf('sha384', content), request)).toThrow(SignatureRefused);
    expect(prepared.finish(right).length).toBeGreaterThan(500);
  });
});

describe('the digest of a file', () => {
  test('is made without holding the file in memory: 128 MiB with less than 40 MiB more', async () => {
    const path = join(folder, 'large');
    writeFileSync(path, '');
    truncateSync(path, 128 * 1024 * 1024);
    const before = process.memoryUsage().rss;
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 5);
    const digests = await digestFile(path, ['sha256']).finally(() => clearInterval(watch));
    expect(digests.size).toBe(128 * 1024 * 1024);
    expect(Buffer.from(digests.of('sha256')).toString('hex')).toBe(execFileSync('sha256sum', [path], { encoding: 'utf8' }).slice(0, 64));
    expect(most - before).toBeLessThan(40 * 1024 * 1024);
  });

  test('is one by each hash that was asked for, and by no other', () => {
    const digests = new Digesting(['sha256', 'sha512']).update(content.subarray(0, 100)).update(content.subarray(100)).finish();
    expect(digests.of('sha512')).toEqual(digestOf('sha512', content));
    expect(digests.of('sha256')).toEqual(digestOf('sha256', content));
    expect(() => digests.of('sha384')).toThrow(RangeError);
  });

  test('is refused for a link, a folder, and a file that is larger than allowed', async () => {
    const path = join(folder, 'small');
    writeFileSync(path, content);
    symlinkSync(path, join(folder, 'link'));
    await expect(digestFile(join(folder, 'link'), ['sha256'])).rejects.toMatchObject({ code: 'ELOOP' });
    await expect(digestFile(folder, ['sha256'])).rejects.toThrow(ContentRefused);
    await expect(digestFile(path, ['sha256'], content.length - 1)).rejects.toThrow(ContentRefused);
    expect((await digestFile(path, ['sha256'], content.length)).size).toBe(content.length);
  });
});
