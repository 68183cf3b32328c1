/** Signatures that a document brings along: what they forbid is respected, and a broken one is refused by its name. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examine } from '../../../agent/documents/intake.ts';
import { preparePades } from '../../../agent/documents/pades.ts';
import { verifyPdf } from '../../../agent/documents/verify.ts';
import { updated } from '../../support/attack-pdf.ts';
import { handMade, onePage, replaced } from '../../support/sample-pdf.ts';
import { type Issued, KeyRing, endEntity, signWith } from '../../support/signing-keys.ts';

const ring = new KeyRing();
let signer: Issued;
beforeAll(() => {
  signer = ring.issue('/CN=Test Holder/O=Northwind', 'P-256', endEntity);
});
afterAll(() => ring.end());

function sign(document: Uint8Array): Uint8Array {
  const prepared = preparePades(document, {
    certificate: signer.certificate,
    chain: [],
    hash: 'sha256',
    scheme: 'ecdsa',
    signedAt: new Date(),
    operation: '0191-0001',
    station: 'branch-12.example.org',
  });
  return prepared.finish(signWith(signer.key, 'ecdsa', 'sha256', prepared.message));
}

function outcome(bytes: Uint8Array): unknown {
  const examined = examine(bytes);
  if (!examined.ok) return examined.subject === undefined ? examined.refusal : [examined.refusal, examined.subject];
  return examined.document.remarks.map(({ code }) => code);
}

const plain = handMade({ objects: onePage() });

/** A document with a field that holds a signature with these entries, which nobody made with a key. */
function withSignature(entries: string, field = '', catalog = ''): Uint8Array {
  return handMade({
    objects: onePage({
      1: `<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R]/SigFlags 3>>${catalog}>>`,
      5: `<</FT/Sig/T(Signature1)/V 6 0 R${field}>>`,
      6: `<</Type/Sig${entries}>>`,
    }),
  });
}

const mdp = (method: string, parameters: string): string =>
  `/Reference[<</Type/SigRef/TransformMethod/${method}/TransformParams<</Type/TransformParams/V/1.2${parameters}>>>>]`;

describe('what an earlier signature forbids', () => {
  test.each([
    ['a certification against any change', withSignature(mdp('DocMDP', '/P 1'))],
    ['the same, written as a real number', withSignature(mdp('DocMDP', '/P 1.0'))],
    ['a lock on all fields', withSignature(mdp('FieldMDP', '/Action/All'))],
    ['a lock on all fields but some', withSignature(mdp('FieldMDP', '/Action/Exclude/Fields[(Name)]'))],
    ['a lock that stands at the field', withSignature('', '/Lock<</Type/SigFieldLock/Action/All>>')],
    ['a lock at the field that allows no change', withSignature('', '/Lock<</Action/Include/Fields[(Name)]/P 1>>')],
  ])('is respected: %s', (_, bytes) => {
    expect(outcome(bytes)).toEqual(['certified-no-changes', 'Signature1']);
    expect(() => sign(bytes)).toThrow('forbids');
  });

  test('is respected where the certification stands outside every field', () => {
    const permissions = `/Perms<</DocMDP<</Type/Sig${mdp('DocMDP', '/P 1')}>>>>`;
    expect(outcome(handMade({ objects: onePage({ 1: `<</Type/Catalog/Pages 2 0 R${permissions}>>` }) }))).toBe('certified-no-changes');
  });

  test.each([
    ['a certification that allows signatures', withSignature(mdp('DocMDP', '/P 2'))],
    ['a lock on other fields', withSignature(mdp('FieldMDP', '/Action/Include/Fields[(Name)]'))],
  ])('leaves room for another signature: %s', (_, bytes) => {
    // The signature itself was never made, so this is what remains to be said against it.
    expect(outcome(bytes)).toEqual(['signature-broken', 'Signature1']);
    expect(sign(bytes).length).toBeGreaterThan(bytes.length);
  });

  test('and a name that it keeps is not taken', () => {
    const signed = sign(withSignature(mdp('FieldMDP', '/Action/Include/Fields[(Signature2)(Signature3)]')));
    expect(verifyPdf(signed).signatures.map(({ field }) => field)).toEqual(['Signature1', 'Signature4']);
  });
});

describe('an earlier signature', () => {
  test('that holds is no obstacle, and one of a kind that cannot be checked is said', () => {
    const signed = sign(plain);
    expect(outcome(signed)).toEqual([]);
    expect(outcome(sign(signed))).toEqual([]);
    expect(outcome(replaced(signed, '/ETSI.CAdES.detached', '/adbe.x509.rsa_sha1 '))).toEqual(['unchecked-signatures']);
  });

  test('that does not hold is refused by its name: bytes changed, content changed by an update, the signature itself', () => {
    const signed = sign(plain);
    const changed = replaced(signed, '0.4 g', '0.5 g');
    expect(outcome(changed)).toEqual(['signature-broken', 'Signature1']);
    const other = 'q 20 20 100 60 re 0.9 g f Q';
    const update = updated(signed, { 4: `<</Length ${other.length}>>\nstream\n${other}\nendstream` });
    expect(outcome(update)).toEqual(['signature-broken', 'Signature1']);
    const digits = /\/Contents <([0-9A-F]{40})/.exec(Buffer.from(signed).toString('latin1'))?.[1] ?? '';
    expect(outcome(replaced(signed, digits, '0'.repeat(40)))).toEqual(['signature-broken', 'Signature1']);
  });

  test('that came second and does not hold is the one that is named', () => {
    const twice = sign(sign(plain));
    const text = Buffer.from(twice).toString('latin1');
    const second = text.lastIndexOf('/Location (branch-12');
    const changed = Uint8Array.from(twice);
    changed.set(Buffer.from('/Location (branch-13'), second);
    expect(outcome(changed)).toEqual(['signature-broken', 'Signature2']);
    const examined = examine(changed);
    expect(examined.ok ? '' : examined.sentence).toContain('It is about: Signature2.');
  });

  test('that is one of very many is not passed over', () => {
    const many = Array.from({ length: 65 }, (_, index) => 10 + index);
    const fields = Object.fromEntries(many.map((num) => [num, `<</FT/Sig/T(s${num})/V<</Type/Sig>>>>`]));
    const form = `/AcroForm<</Fields[${many.map((num) => `${num} 0 R`).join(' ')}]>>`;
    const bytes = handMade({ objects: onePage({ 1: `<</Type/Catalog/Pages 2 0 R${form}>>`, ...fields }) });
    expect(outcome(bytes)).toBe('too-complex');
  });
});
