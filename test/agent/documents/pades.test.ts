import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Hash, SignatureScheme } from '../../../agent/documents/algorithms.ts';
import { examine } from '../../../agent/documents/intake.ts';
import { type PadesRequest, SignatureRefused, chooseHash, preparePades } from '../../../agent/documents/pades.ts';
import { PdfRefused } from '../../../agent/documents/pdf-objects.ts';
import { type Trust, judgeCertificate, makeTrust } from '../../../agent/documents/trust.ts';
import { verifyPdf } from '../../../agent/documents/verify.ts';
import { agreement, handMade, onePage, throughQpdf } from '../../support/sample-pdf.ts';
import { type Issued, KeyRing, authority, endEntity, signWith } from '../../support/signing-keys.ts';
import { cmsPrinted, opensslAccepts, pdfsig, qpdfCheck, rendered } from '../../support/validators.ts';

const ring = new KeyRing();
let root: Issued;
let link: Issued;
let trust: Trust;
const holders = new Map<string, Issued>();

beforeAll(() => {
  root = ring.issue('/CN=Test Root/O=Northwind', 'P-256', authority);
  link = ring.issue('/CN=Test Issuer/O=Northwind', 'P-256', authority, root);
  for (const choice of ['rsa-2048', 'P-256', 'P-384', 'P-521'] as const) {
    holders.set(choice, ring.issue(`/C=GE/O=Northwind/CN=ნინო Müller ${choice}`, choice, endEntity, link));
  }
  trust = makeTrust([root.certificate, link.certificate]);
});
afterAll(() => ring.end());

function holder(choice: string): Issued {
  const found = holders.get(choice);
  if (found === undefined) throw new Error(`no holder ${choice}`);
  return found;
}

interface Visit {
  readonly choice?: string;
  readonly scheme?: SignatureScheme;
  readonly hash?: Hash;
}

function request(signer: Issued, scheme: SignatureScheme, hash: Hash): PadesRequest {
  const judged = judgeCertificate(signer.certificate, trust, new Date());
  if (!judged.ok) throw new Error(judged.problem);
  return {
    certificate: signer.certificate,
    chain: judged.chain,
    hash,
    scheme,
    signedAt: new Date(),
    operation: '0191-0001',
    station: 'branch-12.example.org',
  };
}

function sign(document: Uint8Array, { choice = 'P-256', scheme = 'ecdsa', hash }: Visit = {}): Uint8Array {
  const signer = holder(choice);
  const used = hash ?? chooseHash(signer.certificate);
  const prepared = preparePades(document, request(signer, scheme, used));
  return prepared.finish(signWith(signer.key, scheme, used, prepared.message));
}

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
  const signer = () => holder('P-256');
  const made = (more: Partial<PadesRequest>): Uint8Array => {
    const prepared = preparePades(agreement(), { ...request(signer(), 'ecdsa', 'sha256'), ...more });
    return prepared.finish(signWith(signer().key, 'ecdsa', 'sha256', prepared.message));
  };

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

describe('a signature that does not hold', () => {
  test('never becomes a document: one wrong bit, another key, another scheme, raw halves of another length', () => {
    const signer = holder('P-256');
    const prepared = preparePades(agreement(), request(signer, 'ecdsa', 'sha256'));
    const right = signWith(signer.key, 'ecdsa', 'sha256', prepared.message);
    const wrong = Uint8Array.from(right);
    wrong[10] = (wrong[10] ?? 0) ^ 1;
    expect(() => prepared.finish(wrong)).toThrow(SignatureRefused);
    expect(() => prepared.finish(right.subarray(1))).toThrow(SignatureRefused);
    expect(() => prepared.finish(new Uint8Array(0))).toThrow(SignatureRefused);
    expect(() => prepared.finish(signWith(link.key, 'ecdsa', 'sha256', prepared.message))).toThrow(SignatureRefused);
    expect(() => preparePades(agreement(), request(signer, 'rsa-pss', 'sha256'))).toThrow(SignatureRefused);
    expect(prepared.finish(right).length).toBeGreaterThan(agreement().length);
  });

  test('a document that is no PDF is refused before there is anything to sign', () => {
    expect(() => sign(Buffer.from('hello'))).toThrow(PdfRefused);
  });
});
