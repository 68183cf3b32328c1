/** One CMS over some content, made by openssl and judged by its digest alone: detached as in a .p7s, and a timestamp, which carries its content. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digestOf } from '../../../agent/documents/algorithms.ts';
import { judgeCms, tryReadCms } from '../../../agent/documents/judge-cms.ts';
import { type Trust, makeTrust } from '../../../agent/documents/trust.ts';
import { type Issued, KeyRing, authority, endEntity } from '../../support/signing-keys.ts';

const ring = new KeyRing();
const content = Buffer.from('The words that were signed.\n');
const timestampInfo = '1.2.840.113549.1.9.16.1.4';
let root: Issued;
let ada: Issued;
let trust: Trust;

const openssl = (...words: readonly string[]): Buffer => execFileSync('openssl', words, { stdio: ['ignore', 'pipe', 'pipe'] });

beforeAll(() => {
  root = ring.issue('/CN=Test Root', 'P-256', authority);
  ada = ring.issue('/CN=Ada Lovelace', 'P-384', endEntity, root);
  trust = makeTrust([root.certificate]);
  writeFileSync(ring.path('content'), content);
});
afterAll(() => ring.end());

function detached(...more: readonly string[]): Uint8Array {
  const keys = ['-signer', ada.certificatePath, '-inkey', ada.keyPath];
  openssl(
    'cms',
    '-sign',
    '-binary',
    '-in',
    ring.path('content'),
    ...keys,
    '-md',
    'sha384',
    ...more,
    '-outform',
    'DER',
    '-out',
    ring.path('p7s'),
  );
  return new Uint8Array(readFileSync(ring.path('p7s')));
}

/** The digest of a stream that comes in small pieces. */
function streamed(hash: string, bytes: Uint8Array): Uint8Array {
  const state = createHash(hash);
  for (let at = 0; at < bytes.length; at += 5) state.update(bytes.subarray(at, at + 5));
  return state.digest();
}

test('a detached signature passes by the digest of its content, and by no other digest', () => {
  const p7s = detached('-cades');
  expect(tryReadCms(p7s)).toMatchObject({ digest: 'sha384', content: undefined });
  const judged = judgeCms(p7s, (hash) => streamed(hash, content), { trust });
  expect(judged).toMatchObject({ verdict: 'TOTAL-PASSED', intact: true, signer: { subjectName: 'Ada Lovelace' } });
  expect(judged.claimed).toBeInstanceOf(Date);
  const other = judgeCms(p7s, (hash) => streamed(hash, Buffer.from('Other words.\n')), { trust });
  expect(other).toMatchObject({ verdict: 'TOTAL-FAILED', subIndication: 'HASH_FAILURE', intact: false });
});

test('a signature that does not name its certificate passes only where that is not wanted', () => {
  const digest = (hash: string): Uint8Array => streamed(hash, content);
  const old = detached();
  expect(judgeCms(old, digest, { trust })).toMatchObject({ verdict: 'INDETERMINATE', subIndication: 'SIG_CONSTRAINTS_FAILURE' });
  expect(judgeCms(old, digest, { trust, needsSigningCertificate: false })).toMatchObject({ verdict: 'TOTAL-PASSED' });
});

test('what carries its content passes as that kind of content alone, and nothing may stand behind it', () => {
  const keys = ['-signer', ada.certificatePath, '-inkey', ada.keyPath, '-md', 'sha384', '-cades'];
  openssl(
    'cms',
    '-sign',
    '-nodetach',
    '-binary',
    '-in',
    ring.path('content'),
    '-econtent_type',
    timestampInfo,
    ...keys,
    '-outform',
    'DER',
    '-out',
    ring.path('carried'),
  );
  const carried = new Uint8Array(readFileSync(ring.path('carried')));
  expect(tryReadCms(carried)).toBeUndefined();
  const cms = tryReadCms(carried, timestampInfo);
  expect(Buffer.from(cms?.content ?? []).toString()).toBe(content.toString());
  const judged = judgeCms(carried, (hash) => digestOf(hash, cms?.content ?? new Uint8Array(0)), { trust, contentType: timestampInfo });
  expect(judged).toMatchObject({ verdict: 'TOTAL-PASSED' });
  const longer = Buffer.concat([detached('-cades'), Buffer.of(0)]);
  expect(judgeCms(longer, (hash) => streamed(hash, content), { trust })).toMatchObject({ subIndication: 'FORMAT_FAILURE', cms: undefined });
});
