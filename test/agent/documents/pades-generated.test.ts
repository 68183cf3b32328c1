/** PDFs put together by chance, signed by every kind of key, once and again: each output is accepted by judges that nobody here wrote. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examine } from '../../../agent/documents/intake.ts';
import type { PadesRequest } from '../../../agent/documents/pades.ts';
import { verifyPdf } from '../../../agent/documents/verify.ts';
import { DocumentSigner, type Visit } from '../../support/document-signer.ts';
import { generatedPdf } from '../../support/generated-pdf.ts';
import { signedManyTimes } from '../../support/many-signatures.ts';
import { handMade, onePage } from '../../support/sample-pdf.ts';
import { seeded } from '../../support/seeded.ts';
import { opensslAccepts, pdfsig, qpdfCheck, rendered } from '../../support/validators.ts';

let signer: DocumentSigner;
beforeAll(() => {
  signer = new DocumentSigner();
});
afterAll(() => signer.end());

const keys: readonly Visit[] = [
  { choice: 'rsa-2048', scheme: 'rsa-pkcs1' },
  { choice: 'rsa-2048', scheme: 'rsa-pss', hash: 'sha384' },
  { choice: 'P-256' },
  { choice: 'P-384' },
  { choice: 'P-521' },
];
const wishes: readonly Partial<PadesRequest>[] = [{}, { reason: 'gelesen und einverstanden (✓)' }, { commitment: 'proof-of-approval' }];

function isAccepted(signed: Uint8Array, count: number): void {
  qpdfCheck(signed);
  const valid = pdfsig(signed).filter(({ verdict }) => verdict === 'Signature is Valid.');
  expect([valid.length, valid.filter(({ whole }) => whole).length]).toEqual([count, 1]);
  for (let index = 0; index < count; index += 1) expect(opensslAccepts(signed, signer.root.certificatePath, index)).toBe(true);
  expect(verifyPdf(signed, { trust: signer.trust }).outcome).toBe('TOTAL-PASSED');
}

describe('a document put together by chance', () => {
  test.each(Array.from({ length: 16 }, (_, seed) => seed))(
    'number %i is signed, keeps its bytes and its look, and every judge accepts it',
    (seed) => {
      const chance = seeded(4711 + seed);
      const { bytes, what, fields } = generatedPdf(chance);
      const examined = examine(bytes);
      expect([what, examined.ok ? 'ok' : examined.sentence]).toEqual([what, 'ok']);
      let signed = bytes;
      const count = 1 + chance(3);
      for (let made = 0; made < count; made += 1) {
        const field = chance(2) === 0 ? fields[made] : undefined;
        const certify = made === 0 && count === 1 && chance(3) === 0;
        const more = { ...wishes[chance(wishes.length)], ...(field === undefined ? {} : { field }), ...(certify ? { certify } : {}) };
        const before = signed;
        signed = signer.sign(before, { ...keys[(seed + made) % keys.length], more });
        expect(Buffer.from(signed.subarray(0, before.length)).equals(before)).toBe(true);
      }
      isAccepted(signed, count);
      expect(rendered(signed)).toEqual(rendered(bytes));
    },
  );
});

test('the fiftieth signature leaves the others as they were, and there is an end to them', () => {
  const many = signedManyTimes(handMade({ objects: onePage() }), signer, 49);
  const signed = signer.sign(many, { choice: 'rsa-2048', scheme: 'rsa-pss' });
  expect(pdfsig(signed).filter(({ verdict }) => verdict === 'Signature is Valid.')).toHaveLength(50);
  for (const index of [0, 24, 49]) expect(opensslAccepts(signed, signer.root.certificatePath, index)).toBe(true);
  const full = signedManyTimes(signed, signer, 14);
  expect(() => signer.sign(full)).toThrow('as many signatures as can be judged');
});
