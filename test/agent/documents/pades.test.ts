import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examine } from '../../../agent/documents/intake.ts';
import { type PadesRequest, SignatureRefused, preparePades } from '../../../agent/documents/pades.ts';
import { PdfRefused } from '../../../agent/documents/pdf-objects.ts';
import type { Trust } from '../../../agent/documents/trust.ts';
import { verifyPdf } from '../../../agent/documents/verify.ts';
import { DocumentSigner, type Visit } from '../../support/document-signer.ts';
import { agreement, handMade, onePage, throughQpdf } from '../../support/sample-pdf.ts';
import { type Issued, signWith } from '../../support/signing-keys.ts';
import { cmsPrinted, opensslAccepts, pdfsig, qpdfCheck, rendered } from '../../support/validators.ts';

let signer: DocumentSigner;
let root: Issued;
let trust: Trust;
beforeAll(() => {
  signer = new DocumentSigner();
  ({ root, trust } = signer);
});
afterAll(() => signer.end());

const sign = (document: Uint8Array, visit?: Visit): Uint8Array => signer.sign(document, visit);

const flat = '/AcroForm<</Fields[]/SigFlags 1>>';
const documents: Readonly<Record<string, () => Uint8Array>> = {
  'a classic table': agreement,
  'object streams and a cross-reference stream': () => throughQpdf(agreement(), '--object-streams=generate'),
  'a cross-reference stream alone': () => handMade({ objects: onePage(), style: 'stream' }),
  'a hybrid of both': () => handMade({ objects: onePage({ 5: '<</Title(hidden)>>' }), hidden: [5], trailer: '/Info 5 0 R' }),
  'a linearized file': () => throughQpdf(agreement(), '--linearize'),
  'a form that stands in the catalog': () => handMade({ objects: onePage({ 1: `<</Type/Catalog/Pages 2 0 R${flat}>>` }) }),
  'a form and lists that stand alone': () =>
    handMade({
      objects: onePage(
        {
          1: '<</Type/Catalog/Pages 2 0 R/AcroForm 5 0 R>>',
          5: '<</Fields 6 0 R/SigFlags 3/NeedAppearances false>>',
          6: '[8 0 R]',
          7: '[8 0 R]',
          8: '<</Type/Annot/Subtype/Widget/FT/Tx/T(Signature1)/Rect[0 0 0 0]/P 3 0 R>>',
        },
        '/Annots 7 0 R',
      ),
    }),
  'a trailer that names an object that is not there': () =>
    handMade({
      objects: onePage(),
      trailer: '/AdditionalStreams[/x 40 0 R]/ID[<00112233445566778899AABBCCDDEEFF><00112233445566778899AABBCCDDEEFF>]',
    }),
};

const keys: readonly Visit[] = [
  { choice: 'rsa-2048', scheme: 'rsa-pkcs1' },
  { choice: 'rsa-2048', scheme: 'rsa-pss' },
  { choice: 'rsa-2048', scheme: 'rsa-pss', hash: 'sha512' },
  { choice: 'P-256', scheme: 'ecdsa' },
  { choice: 'P-384', scheme: 'ecdsa' },
  { choice: 'P-521', scheme: 'ecdsa' },
];

describe('a signed document', () => {
  test.each(keys)(
    'made with $choice, $scheme, is accepted by pdfsig, openssl and the station, and by none after one byte is changed',
    (visit) => {
      const document = agreement();
      const signed = sign(document, visit);
      expect(pdfsig(signed)).toEqual([{ verdict: 'Signature is Valid.', whole: true }]);
      expect(opensslAccepts(signed, root.certificatePath)).toBe(true);
      const report = verifyPdf(signed, { trust });
      expect(report.outcome).toBe('TOTAL-PASSED');
      expect(report.signatures[0]).toMatchObject({
        coversWholeDocument: true,
        location: 'branch-12.example.org',
        contact: 'operation 0191-0001',
      });
      expect(report.signatures[0]?.signer?.name).toBe(`ნინო Müller ${visit.choice ?? ''}`);

      const changed = Uint8Array.from(signed);
      const at = Buffer.from(document).indexOf('stream') + 200;
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(pdfsig(changed)[0]?.verdict).not.toBe('Signature is Valid.');
      expect(opensslAccepts(changed, root.certificatePath)).toBe(false);
      expect(verifyPdf(changed, { trust }).outcome).toBe('TOTAL-FAILED');
    },
  );

  test.each(Object.keys(documents))('made from %s keeps its bytes and its pages, and every judge accepts it', (name) => {
    const document = documents[name]?.() ?? new Uint8Array();
    const signed = sign(document);
    expect(Buffer.from(signed.subarray(0, document.length)).equals(document)).toBe(true);
    qpdfCheck(signed);
    expect(pdfsig(signed)).toEqual([{ verdict: 'Signature is Valid.', whole: true }]);
    expect(opensslAccepts(signed, root.certificatePath)).toBe(true);
    expect(verifyPdf(signed, { trust }).outcome).toBe('TOTAL-PASSED');
    expect(rendered(signed)).toEqual(rendered(document));
    expect(examine(signed)).toMatchObject({ ok: true, document: { signatures: 1 } });
  });

  test.each(Object.keys(documents))('made from %s takes a second and a third signature, and the first stays valid', (name) => {
    const once = sign(documents[name]?.() ?? new Uint8Array(), { choice: 'rsa-2048', scheme: 'rsa-pss' });
    const thrice = sign(sign(once, { choice: 'P-384' }));
    qpdfCheck(thrice);
    expect(pdfsig(thrice).map(({ verdict }) => verdict)).toEqual(Array(3).fill('Signature is Valid.'));
    for (const index of [0, 1, 2]) expect(opensslAccepts(thrice, root.certificatePath, index)).toBe(true);
    const report = verifyPdf(thrice, { trust });
    expect(report.outcome).toBe('TOTAL-PASSED');
    expect(report.signatures.map(({ coversWholeDocument }) => coversWholeDocument)).toEqual([false, false, true]);
    expect(new Set(report.signatures.map(({ field }) => field)).size).toBe(3);
    expect(examine(thrice)).toMatchObject({ ok: true, document: { signatures: 3 } });
  });
});

describe('what a signature commits to', () => {
  const made = (more: Partial<PadesRequest>): Uint8Array => sign(agreement(), { more });

  test('stands among the signed attributes, and the judges accept it', () => {
    const signed = made({ commitment: 'proof-of-approval' });
    expect(cmsPrinted(signed)).toContain('id-smime-aa-ets-commitmentType');
    expect(cmsPrinted(signed)).toContain('id-smime-cti-ets-proofOfApproval');
    expect(cmsPrinted(made({}))).not.toContain('commitmentType');
    expect(pdfsig(signed)).toEqual([{ verdict: 'Signature is Valid.', whole: true }]);
    expect(opensslAccepts(signed, root.certificatePath)).toBe(true);
    expect(verifyPdf(signed, { trust }).outcome).toBe('TOTAL-PASSED');
  });

  test('is said once: a reason beside it is an error, as ETSI EN 319 142-1 wants it', () => {
    expect(verifyPdf(made({ reason: 'I agree' })).signatures[0]?.reason).toBe('I agree');
    expect(() => made({ reason: 'I agree', commitment: 'proof-of-approval' })).toThrow('not both');
  });
});

test('the digest of the output follows from what was hashed before: it is that of the very bytes, for every hash', () => {
  for (const hash of ['sha256', 'sha384', 'sha512'] as const) {
    const prepared = preparePades(agreement(), signer.request(signer.holder('P-256'), 'ecdsa', hash));
    const output = prepared.finish(signWith(signer.holder('P-256').key, 'ecdsa', hash, prepared.message));
    expect(prepared.outputDigest?.()).toBe(createHash('sha256').update(output).digest('hex'));
  }
});

describe('a signature that does not hold', () => {
  test('never becomes a document: one wrong bit, another key, another scheme, raw halves of another length', () => {
    const { key } = signer.holder('P-256');
    const request = signer.request(signer.holder('P-256'), 'ecdsa', 'sha256');
    const prepared = preparePades(agreement(), request);
    const right = signWith(key, 'ecdsa', 'sha256', prepared.message);
    const wrong = Uint8Array.from(right);
    wrong[10] = (wrong[10] ?? 0) ^ 1;
    expect(() => prepared.finish(wrong)).toThrow(SignatureRefused);
    expect(() => prepared.finish(right.subarray(1))).toThrow(SignatureRefused);
    expect(() => prepared.finish(new Uint8Array(0))).toThrow(SignatureRefused);
    expect(() => prepared.finish(signWith(signer.issuer.key, 'ecdsa', 'sha256', prepared.message))).toThrow(SignatureRefused);
    expect(() => preparePades(agreement(), { ...request, scheme: 'rsa-pss' })).toThrow(SignatureRefused);
    expect(() => prepared.outputDigest?.()).toThrow('no signature was finished');
    expect(prepared.finish(right).length).toBeGreaterThan(agreement().length);
  });

  test('a document that is no PDF is refused before there is anything to sign', () => {
    expect(() => sign(Buffer.from('hello'))).toThrow(PdfRefused);
  });
});
