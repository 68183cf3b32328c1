/** Where a signature goes and what it forbids: fields that wait in the document, their locks and demands, and certification. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examine } from '../../../agent/documents/intake.ts';
import type { PadesRequest } from '../../../agent/documents/pades.ts';
import { openPdf } from '../../../agent/documents/pdf.ts';
import { readFields } from '../../../agent/documents/pdf-fields.ts';
import { PdfRefused } from '../../../agent/documents/pdf-objects.ts';
import { sameValue } from '../../../agent/documents/pdf-serialise.ts';
import { verifyPdf } from '../../../agent/documents/verify.ts';
import { DocumentSigner } from '../../support/document-signer.ts';
import { type HandMade, handMade, onePage } from '../../support/sample-pdf.ts';
import { opensslAccepts, pdfsig, qpdfCheck, rendered } from '../../support/validators.ts';

let signer: DocumentSigner;
beforeAll(() => {
  signer = new DocumentSigner();
});
afterAll(() => signer.end());

const sign = (document: Uint8Array, more?: Partial<PadesRequest>): Uint8Array => signer.sign(document, more === undefined ? {} : { more });

/** Refusal and subject, or the names of the signed fields in the order of the field tree. */
function outcome(document: Uint8Array, more?: Partial<PadesRequest>): unknown {
  try {
    return verifyPdf(sign(document, more)).signatures.map(({ field }) => field);
  } catch (problem) {
    if (!(problem instanceof PdfRefused)) throw problem;
    return [problem.refusal, problem.subject];
  }
}

/** Every judge accepts every signature; fields that still wait have no verdict. */
function isSound(signed: Uint8Array, count = 1): void {
  qpdfCheck(signed);
  const verdicts = pdfsig(signed).map(({ verdict }) => verdict);
  expect(verdicts.filter((verdict) => verdict !== 'no verdict')).toEqual(Array(count).fill('Signature is Valid.'));
  for (let index = 0; index < count; index += 1) expect(opensslAccepts(signed, signer.root.certificatePath, index)).toBe(true);
  expect(verifyPdf(signed, { trust: signer.trust }).outcome).toBe('TOTAL-PASSED');
}

/** Sound, and ready for a further signature. */
function isAccepted(signed: Uint8Array, count?: number): void {
  isSound(signed, count);
  expect(examine(signed)).toMatchObject({ ok: true });
}

/** Sound, and refused at intake, because nothing may be added any more. */
function isClosed(signed: Uint8Array, count?: number): void {
  isSound(signed, count);
  expect(examine(signed)).toMatchObject({ ok: false, refusal: 'certified-no-changes' });
}

const widget = '/Type/Annot/Subtype/Widget/Rect[20 120 180 170]/F 4/P 3 0 R';
const look = '<</Type/XObject/Subtype/Form/BBox[0 0 160 50]/Resources<<>>/Length 31>>\nstream\n0.8 g 0 0 160 50 re f          \nendstream';

/** A page with these fields, by their object numbers from 5; every one of them is a mark on the page. */
function withFields(fields: readonly string[], more: Partial<HandMade> = {}, extra: Record<number, string> = {}): Uint8Array {
  const refs = fields.map((_, index) => `${5 + index} 0 R`).join(' ');
  const objects = Object.fromEntries(fields.map((body, index) => [5 + index, body]));
  const catalog = `<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[${refs}]>>>>`;
  return handMade({ objects: { ...onePage({ 1: catalog }, `/Annots[${refs}]`), ...objects, ...extra }, ...more });
}

const field = (name: string, more = ''): string => `<<${widget}/FT/Sig/T(${name})${more}>>`;

describe('an empty field that waits in the document', () => {
  test.each([
    ['a table', withFields([field('Holder', '/AP<</N 9 0 R>>')], {}, { 9: look })],
    ['object streams', withFields([field('Holder')], { hidden: [5], style: 'stream' })],
    ['a hybrid file', withFields([field('Holder')], { hidden: [5] })],
  ])('is the place of the signature when it is the only one, in %s, and stays what it was', (_, document) => {
    const signed = sign(document);
    const [before, after] = [readFields(openPdf(document)).empty[0]?.dict, openPdf(signed)];
    expect(readFields(after).empty).toEqual([]);
    const now = after.dict(readFields(openPdf(document)).empty[0]?.ref ?? null);
    expect(before !== undefined && now !== undefined && sameValue(now.without(['V']), before)).toBe(true);
    expect(rendered(signed)).toEqual(rendered(document));
    isAccepted(signed);
    isAccepted(sign(signed), 2);
  });

  test('is taken by its name, also below another field and with several widgets', () => {
    const parent = '<</T(parties)/FT/Sig/Kids[6 0 R 7 0 R 10 0 R]>>';
    const document = handMade({
      objects: onePage(
        {
          1: '<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R]>>>>',
          5: parent,
          6: '<</T(seller)/Parent 5 0 R/Kids[8 0 R 9 0 R]>>',
          7: `<<${widget}/T(buyer)/Parent 5 0 R>>`,
          8: `<<${widget}/Parent 6 0 R>>`,
          9: `<<${widget}/Parent 6 0 R>>`,
          10: '<</T(witness)/Parent 5 0 R>>',
        },
        '/Annots[7 0 R 8 0 R 9 0 R]',
      ),
    });
    const once = sign(document, { field: 'parties.seller' });
    const twice = sign(once, { field: 'parties.buyer' });
    qpdfCheck(twice);
    // pdfsig 22.12 looks for a signature in the widget alone, and finds none where field and widget are two objects.
    expect(pdfsig(twice).map(({ verdict }) => verdict)).toContain('Signature is Valid.');
    for (const index of [0, 1]) expect(opensslAccepts(twice, signer.root.certificatePath, index)).toBe(true);
    expect(verifyPdf(twice, { trust: signer.trust }).outcome).toBe('TOTAL-PASSED');
    // The buyer's is now the only one that waits: a field that no viewer would show is none.
    expect(outcome(once)).toEqual(['parties.seller', 'parties.buyer']);
    expect(outcome(once, { field: 'parties.witness' })).toEqual(['no-such-field', 'parties.witness']);
  });

  test('is never taken by guess: of two, none, and the signature gets a field of its own', () => {
    const document = withFields([field('Seller'), field('Buyer')]);
    expect(outcome(document)).toEqual(['Signature1']);
    expect(outcome(document, { field: 'Buyer' })).toEqual(['Buyer']);
    isAccepted(sign(sign(document), { field: 'Buyer' }), 2);
  });

  test.each([
    ['is not there', 'Nobody', [field('Seller')]],
    ['is signed already', 'Seller', [field('Seller')]],
    ['is no field for signatures', 'Name', [`<<${widget}/FT/Tx/T(Name)>>`]],
    ['is there twice', 'Seller', [field('Seller'), field('Seller')]],
  ])('is refused by name when it %s', (what, name, fields) => {
    const document = withFields(fields);
    const prepared = what === 'is signed already' ? sign(document) : document;
    expect(outcome(prepared, { field: name })).toEqual(['no-such-field', name]);
  });
});

describe('the lock of a field', () => {
  const lock = (words: string): string => `/Lock<</Type/SigFieldLock${words}>>`;

  test('goes into the signature, and what it locks is refused from then on', () => {
    const fields = [field('Seller', lock('/Action/Include/Fields[(Buyer)]')), field('Buyer'), field('Witness')];
    const signed = sign(withFields(fields), { field: 'Seller' });
    isAccepted(signed);
    expect(Buffer.from(signed).toString('latin1')).toContain('/TransformMethod /FieldMDP');
    expect(outcome(signed, { field: 'Buyer' })).toEqual(['certified-no-changes', 'Buyer']);
    isAccepted(sign(signed, { field: 'Witness' }), 2);
    // The one that may be signed is now the only one that waits and is free: two wait, so none is guessed.
    expect(outcome(signed)).toEqual(['Seller', 'Signature2']);
  });

  test('on everything but some fields leaves these, and nothing new', () => {
    const fields = [field('Seller', lock('/Action/Exclude/Fields[(Buyer)]')), field('Buyer')];
    const signed = sign(withFields(fields), { field: 'Seller' });
    isAccepted(signed);
    isClosed(sign(signed), 2);
    expect(outcome(signed)).toEqual(['Seller', 'Buyer']);
    expect(outcome(sign(signed))).toEqual(['certified-no-changes', 'Seller']);
  });

  test.each([
    ['on all fields', '/Action/All'],
    ['that allows no change', '/Action/Include/Fields[(Buyer)]/P 1'],
  ])('%s ends it', (_, words) => {
    const signed = sign(withFields([field('Seller', lock(words)), field('Witness')]), { field: 'Seller' });
    isClosed(signed);
    expect(outcome(signed, { field: 'Witness' })).toEqual(['certified-no-changes', 'Seller']);
  });
});

describe('certification', () => {
  test.each([
    ['a plain document', handMade({ objects: onePage() })],
    ['a field that waits', withFields([field('Author')])],
    [
      'permissions of its own',
      handMade({ objects: onePage({ 1: '<</Type/Catalog/Pages 2 0 R/Perms 5 0 R>>', 5: '<</Other 6 0 R>>', 6: '<<>>' }) }),
    ],
  ])('of %s is the first signature and the last', (_, document) => {
    const signed = sign(document, { certify: true });
    isClosed(signed);
    const file = openPdf(signed);
    const permissions = file.dict(file.catalog().dict.get('Perms'));
    expect(permissions?.get('DocMDP')).toEqual(readFields(file).signed[0]?.ref);
    expect(outcome(signed)).toEqual(['certified-no-changes', readFields(file).signed[0]?.name]);
  });

  test('is refused once there is a signature', () => {
    expect(outcome(sign(handMade({ objects: onePage() })), { certify: true })).toEqual(['not-first-signature', undefined]);
  });
});

describe('what the author of a field demands', () => {
  const seeded = (words: string): Uint8Array => withFields([field('Holder', `/SV<</Type/SV${words}>>`)]);
  const hex = (bytes: Uint8Array): string => `<${Buffer.from(bytes).toString('hex')}>`;

  test.each([
    ['Filter', '/Ff 1/Filter/Adobe.PPKLite', '/Ff 1/Filter/Other'],
    ['SubFilter', '/Ff 2/SubFilter[/adbe.pkcs7.detached/ETSI.CAdES.detached]', '/Ff 2/SubFilter[/adbe.pkcs7.detached]'],
    ['V', '/Ff 4/V 2', '/Ff 4/V 4'],
    ['Reasons', '/Ff 8/Reasons[(.)]', '/Ff 8/Reasons[(I agree)]'],
    ['LegalAttestation', '/Ff 16', '/Ff 16/LegalAttestation[(none)]'],
    ['AddRevInfo', '/Ff 32/AddRevInfo false', '/Ff 32/AddRevInfo true'],
    ['DigestMethod', '/Ff 64/DigestMethod[(SHA256)(SHA512)]', '/Ff 64/DigestMethod[(SHA512)]'],
    ['LockDocument', '/Ff 128/LockDocument/false', '/Ff 128/LockDocument/true'],
    ['AppearanceFilter', '/Ff 0/AppearanceFilter(x)', '/Ff 256/AppearanceFilter(x)'],
    ['flags', '/Ff 0', '/Ff 512'],
    ['MDP', '/MDP<</P 0>>', '/MDP<</P 1>>'],
    ['TimeStamp', '/TimeStamp<</URL(http://x)/Ff 0>>', '/TimeStamp<</URL(http://x)/Ff 1>>'],
    ['KeyUsage', '/Cert<</Ff 32/KeyUsage[(0)(X1X)]>>', '/Cert<</Ff 32/KeyUsage[(X0)]>>'],
    ['OID', '/Cert<</OID[(1.2.3)]>>', '/Cert<</Ff 4/OID[(1.2.3)]>>'],
    ['SubjectDN', '/Cert<</SubjectDN[<<>>]>>', '/Cert<</Ff 8/SubjectDN[<<>>]>>'],
  ])('%s is met, or refused by name', (entry, met, unmet) => {
    expect(outcome(seeded(met))).toEqual(['Holder']);
    expect(outcome(seeded(unmet))).toEqual(['field-demands', `Holder, ${entry}`]);
  });

  test('a certain holder, a certain issuer, a certain reason, certification', () => {
    const [own, other] = [signer.holder('P-256'), signer.holder('P-384')];
    expect(outcome(seeded(`/Cert<</Ff 1/Subject[${hex(other.certificate)}${hex(own.certificate)}]>>`))).toEqual(['Holder']);
    expect(outcome(seeded(`/Cert<</Ff 1/Subject[${hex(other.certificate)}]>>`))).toEqual(['field-demands', 'Holder, Subject']);
    expect(outcome(seeded(`/Cert<</Ff 2/Issuer[${hex(signer.issuer.certificate)}]>>`))).toEqual(['Holder']);
    expect(outcome(seeded(`/Cert<</Ff 2/Issuer[${hex(other.certificate)}]>>`))).toEqual(['field-demands', 'Holder, Issuer']);
    const reasons = seeded('/Ff 8/Reasons[(I agree)(I have read it)]');
    expect(outcome(reasons, { reason: 'I have read it' })).toEqual(['Holder']);
    expect(outcome(reasons, { reason: 'because' })).toEqual(['field-demands', 'Holder, Reasons']);
    expect(outcome(seeded('/Ff 8'), { reason: 'because' })).toEqual(['field-demands', 'Holder, Reasons']);
    expect(outcome(seeded('/MDP<</P 1>>'), { certify: true })).toEqual(['Holder']);
    expect(outcome(seeded('/MDP<</P 2>>'), { certify: true })).toEqual(['field-demands', 'Holder, MDP']);
  });
});
