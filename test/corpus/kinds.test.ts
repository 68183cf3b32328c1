/**
 * Kinds of files that hardly any program makes, and kinds of signatures: every version, cross-reference style and page shape, fields that wait,
 * certification, commitment, many signatures; each before four judges of others.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PadesRequest } from '../../agent/documents/pades.ts';
import { examine } from '../../agent/documents/intake.ts';
import { verifyPdf } from '../../agent/documents/verify.ts';
import { updated } from '../support/attack-pdf.ts';
import { sealed, unsignedSignature } from '../support/attacks/signed-pdf.ts';
import { CorpusBench } from '../support/corpus-bench.ts';
import { agreement, type HandMade, handMade, onePage } from '../support/sample-pdf.ts';
import { type Issued, endEntity } from '../support/signing-keys.ts';
import { accepting } from '../support/validators/judges.ts';

let bench: CorpusBench;
beforeAll(() => {
  bench = new CorpusBench();
});
afterAll(() => {
  process.stdout.write(`PDFs of rare kinds: ${bench.report()}\n`);
  bench.end();
});

const everyone = ['pdfsig', 'openssl', 'pdfbox', 'mutool'];
const page = (extra: string, parent = ''): HandMade['objects'] => ({
  ...onePage({}, extra),
  ...(parent === '' ? {} : { 2: `<</Type/Pages/Kids[3 0 R]/Count 1${parent}>>` }),
});

const versions = ['1.0', '1.1', '1.2', '1.3', '1.4', '1.5', '1.6', '1.7', '2.0'];
const kinds: readonly (readonly [string, HandMade])[] = [
  ...versions.map((version) => [`version ${version}`, { objects: onePage(), header: `%PDF-${version}` }] as const),
  ['a cross-reference stream', { objects: onePage(), style: 'stream' }],
  ['object streams', { objects: onePage({ 5: '<</Title(x)>>' }), hidden: [1, 2, 3, 5], style: 'stream', trailer: '/Info 5 0 R' }],
  ['a hybrid file', { objects: onePage({ 5: '<</Title(x)>>' }), hidden: [5], trailer: '/Info 5 0 R' }],
  ...[90, 180, 270, -90, 450].map((turn) => [`a page turned by ${turn}`, { objects: page(`/Rotate ${turn}`) }] as const),
  ['a turn that is inherited', { objects: page('', '/Rotate 90') }],
  ['a page that is cropped', { objects: page('/CropBox[50 40 250 160]') }],
  [
    'a page whose corner is not at zero',
    { objects: { ...onePage(), 3: '<</Type/Page/Parent 2 0 R/MediaBox[-100 -50 200 150]/Resources<<>>/Contents 4 0 R>>' } },
  ],
  ['a page in large units', { objects: page('/UserUnit 2') }],
  ['a page with a mark', { objects: page('/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(https://example.org)>>>>]') }],
  ['a catalog with a version of its own', { objects: onePage({ 1: '<</Type/Catalog/Version/1.7/Pages 2 0 R>>' }), header: '%PDF-1.4' }],
];

describe('a file of a rare kind', () => {
  test.each(kinds)('%s is signed twice, accepted by everybody and looks as before', async (_, file) => {
    expect(await bench.try(bench.put('kind.pdf', handMade(file)))).toMatchObject({ acceptedBy: everyone, troubles: [] });
  });
});

/** A page with a field that waits. */
function waiting(): Uint8Array {
  const field = '<</Type/Annot/Subtype/Widget/FT/Sig/T(Witness)/Rect[10 120 110 170]/F 4/P 3 0 R>>';
  const catalog = '<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R]>>>>';
  return handMade({ objects: onePage({ 1: catalog, 5: field }, '/Annots[5 0 R]') });
}

/** A page that `signer` signed this many times, each time in an update. */
function signedOften(times: number, signer: Issued): Uint8Array {
  const form = (fields: number): string => {
    const refs = Array.from({ length: fields }, (_, index) => `${100 + 2 * index} 0 R`);
    return `<</Fields[${refs.join(' ')}]/SigFlags 3>>`;
  };
  let document = handMade({ objects: onePage({ 1: '<</Type/Catalog/Pages 2 0 R/AcroForm 5 0 R>>', 5: form(0) }) });
  for (let number = 1; number <= times; number += 1) {
    const [field, value] = [98 + 2 * number, 99 + 2 * number];
    const bodies = {
      5: form(number),
      [field]: `<</FT/Sig/T(Before ${number})/V ${value} 0 R>>`,
      [value]: unsignedSignature('', new Date()),
    };
    document = sealed(updated(document, bodies), signer);
  }
  return document;
}

describe('a signature', () => {
  const look = {
    box: { page: 1, left: 20, top: 20, width: 160, height: 60 },
    content: { name: 'ნინო Müller', place: 'branch-12', signedAt: new Date(), entry: 7, qr: 'COUNTERSIGN:V1:BRANCH-12/E1:7:00FF' },
  };
  test.each<readonly [string, () => Uint8Array, Partial<PadesRequest>]>([
    ['that certifies', agreement, { certify: true }],
    ['that certifies and is seen', agreement, { certify: true, appearance: look }],
    ['in a field that waits', waiting, { field: 'Witness' }],
    ['with a reason', agreement, { reason: 'I agree (fully) \\ with “this”' }],
    ['with a commitment', agreement, { commitment: 'proof-of-approval' }],
  ])('%s is accepted by everybody', async (_, document, more) => {
    const signed = bench.signer.sign(document(), { more });
    expect(verifyPdf(signed, { trust: bench.signer.trust }).outcome).toBe('TOTAL-PASSED');
    expect(accepting(await bench.judges.ask(bench.put('signed.pdf', signed), 1))).toEqual(everyone);
    // What certifies allows nothing further.
    expect(examine(signed).ok).toBe(more.certify !== true);
  });

  test('is the fiftieth of a document, and every one before it holds', async () => {
    const before = signedOften(49, bench.signer.ring.issue('/CN=Before', 'P-256', endEntity, bench.signer.root));
    expect(examine(before)).toMatchObject({ ok: true, document: { signatures: 49 } });
    const signed = bench.signer.sign(before);
    const report = verifyPdf(signed, { trust: bench.signer.trust });
    expect(report.signatures.map(({ verdict }) => verdict)).toEqual(Array(50).fill('TOTAL-PASSED'));
    const judges = ['pdfsig', 'pdfbox', 'mutool'] as const;
    expect(accepting(await bench.judges.ask(bench.put('fifty.pdf', signed), 50, judges))).toEqual(judges);
  });
});
