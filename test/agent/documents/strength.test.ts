/** Signatures that hold and that nobody should rely on: keys that are too small, SHA-1, and the same on the way up to the trusted issuer. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeTrust } from '../../../agent/documents/trust.ts';
import { verifyPdf } from '../../../agent/documents/verify.ts';
import { unsignedSignature, sealedWith } from '../../support/attacks/signed-pdf.ts';
import { handMade, onePage, replaced } from '../../support/sample-pdf.ts';
import { type Issued, KeyRing, authority, endEntity } from '../../support/signing-keys.ts';

const ring = new KeyRing();
let root: Issued;
let ada: Issued;

beforeAll(() => {
  root = ring.issue('/CN=Test Root', 'P-256', authority);
  ada = ring.issue('/CN=Ada Lovelace', 'P-256', endEntity, root);
});
afterAll(() => ring.end());

/** A document signed by openssl; `links` are carried along. */
function signed(signer: Issued, links: readonly Issued[] = [], hash = 'sha256'): Uint8Array {
  const waiting = handMade({
    objects: onePage({
      1: '<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R]/SigFlags 3>>>>',
      5: '<</FT/Sig/T(First)/V 6 0 R>>',
      6: unsignedSignature(),
    }),
  });
  const extra = links.flatMap(({ certificatePath }) => ['-certfile', certificatePath]);
  const words = ['cms', '-sign', '-binary', '-cades', '-signer', signer.certificatePath, '-inkey', signer.keyPath, ...extra];
  return sealedWith(
    waiting,
    (covered) =>
      new Uint8Array(
        execFileSync('openssl', [...words, '-md', hash, '-outform', 'DER'], {
          input: Buffer.concat(covered),
          stdio: ['pipe', 'pipe', 'pipe'],
        }),
      ),
  );
}

function judged(document: Uint8Array, trusted = root): readonly [string | undefined, string | undefined, string] {
  const [report] = verifyPdf(document, { trust: makeTrust([trusted.certificate]) }).signatures;
  return [report?.verdict, report?.subIndication, report?.sentences.join(' ') ?? ''];
}

const weak = (words: RegExp): readonly unknown[] => ['INDETERMINATE', 'CRYPTO_CONSTRAINTS_FAILURE', expect.stringMatching(words)];

test('a strong signature by a strong chain passes', () => {
  const link = ring.issue('/CN=Issuer', 'rsa-2048', authority, root);
  const holder = ring.issue('/CN=Grace Hopper', 'rsa-2048', endEntity, link, 365, 'sha384');
  expect(judged(signed(ada))[0]).toBe('TOTAL-PASSED');
  expect(judged(signed(holder, [link], 'sha512'))[0]).toBe('TOTAL-PASSED');
});

test.each([
  ['rsa-1024', /an RSA key of 1024 bits/],
  ['P-224', /a key on the curve secp224r1/],
] as const)('a key that is too small is said: %s', (choice, words) => {
  const document = signed(ring.issue('/CN=Small Key', choice, endEntity, root));
  expect(judged(document)).toEqual(weak(words));
  expect(judged(replaced(document, '0.4 g', '0.5 g')).slice(0, 2)).toEqual(['TOTAL-FAILED', 'HASH_FAILURE']);
});

test('SHA-1 is said where the signature holds; where it does not, that is said', () => {
  const document = signed(ada, [], 'sha1');
  expect(judged(document)).toEqual(weak(/SHA-1/));
  expect(judged(replaced(document, '0.4 g', '0.5 g')).slice(0, 2)).toEqual(['TOTAL-FAILED', 'HASH_FAILURE']);
});

test('what is too weak on the way up counts too: the key of an issuer, the signature on a certificate, the key of the trusted issuer itself', () => {
  const smallLink = ring.issue('/CN=Small Issuer', 'rsa-1024', authority, root);
  expect(judged(signed(ring.issue('/CN=One', 'P-256', endEntity, smallLink), [smallLink]))).toEqual(weak(/on the way/));
  expect(judged(signed(ring.issue('/CN=Two', 'P-256', endEntity, root, 365, 'sha1')))).toEqual(weak(/on the way/));
  const smallRoot = ring.issue('/CN=Small Root', 'rsa-1024', authority);
  expect(judged(signed(ring.issue('/CN=Three', 'P-256', endEntity, smallRoot)), smallRoot)).toEqual(weak(/on the way/));
  // The signature of a trusted issuer on its own certificate protects nothing.
  const oldRoot = ring.issue('/CN=Old Root', 'rsa-2048', authority, undefined, 365, 'sha1');
  expect(judged(signed(ring.issue('/CN=Four', 'P-256', endEntity, oldRoot)), oldRoot)[0]).toBe('TOTAL-PASSED');
});

test('a certificate for other things is not one for documents', () => {
  const purpose = (name: string): Issued => ring.issue('/CN=Ada Lovelace', 'P-256', [...endEntity, `extendedKeyUsage=${name}`], root);
  for (const name of ['serverAuth', 'codeSigning', 'critical,timeStamping'])
    expect(judged(signed(purpose(name))).slice(0, 2)).toEqual(['INDETERMINATE', 'CHAIN_CONSTRAINTS_FAILURE']);
  for (const name of ['emailProtection', 'clientAuth,emailProtection', '1.3.6.1.5.5.7.3.36'])
    expect(judged(signed(purpose(name)))[0]).toBe('TOTAL-PASSED');
  const noSigner = ring.issue('/CN=Key Exchange', 'P-256', ['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,keyAgreement'], root);
  expect(judged(signed(noSigner)).slice(0, 2)).toEqual(['INDETERMINATE', 'CHAIN_CONSTRAINTS_FAILURE']);
  const issuer = ring.issue('/CN=An Issuer', 'P-256', authority, root);
  expect(judged(signed(issuer)).slice(0, 2)).toEqual(['INDETERMINATE', 'CHAIN_CONSTRAINTS_FAILURE']);
});
