import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../../agent/documents/algorithms.ts';
import { readCertificate } from '../../../agent/documents/certificate.ts';
import { assembleSignedData, signedAttributes } from '../../../agent/documents/cms.ts';
import { preparePades } from '../../../agent/documents/pades.ts';
import { openPdf } from '../../../agent/documents/pdf.ts';
import { PdfArray, PdfDict, PdfName, PdfRef, PdfStream, type PdfValue } from '../../../agent/documents/pdf-objects.ts';
import { readPages } from '../../../agent/documents/pdf-pages.ts';
import { IncrementalUpdate } from '../../../agent/documents/pdf-writer.ts';
import { type Trust, makeTrust } from '../../../agent/documents/trust.ts';
import { type VerificationReport, verifyPdf } from '../../../agent/documents/verify.ts';
import { agreement, handMade, onePage } from '../../support/sample-pdf.ts';
import { type Issued, KeyRing, authority, endEntity, signWith } from '../../support/signing-keys.ts';

const ring = new KeyRing();
let root: Issued;
let ada: Issued;
let mallory: Issued;
let trust: Trust;

beforeAll(() => {
  root = ring.issue('/CN=Test Root', 'P-256', authority);
  ada = ring.issue('/CN=Ada Lovelace', 'P-256', endEntity, root);
  mallory = ring.issue('/CN=Mallory', 'P-256', endEntity);
  trust = makeTrust([root.certificate]);
});
afterAll(() => ring.end());

function sign(document: Uint8Array, signer: Issued = ada, signedAt = soon()): Uint8Array {
  const prepared = preparePades(document, {
    certificate: signer.certificate,
    chain: [],
    hash: 'sha256',
    scheme: 'ecdsa',
    signedAt,
    operation: '0191-0002',
    station: 'branch-12',
    reason: 'I agree (fully) \\ with “this”',
  });
  return prepared.finish(signWith(signer.key, 'ecdsa', 'sha256', prepared.message));
}

/** A little ahead, so that every certificate that a test issues is valid by then. */
function soon(): Date {
  return new Date(Date.now() + 300_000);
}

/** Anything that a file format allows to be appended. */
function append(
  document: Uint8Array,
  change: (update: IncrementalUpdate, set: (ref: PdfRef, value: PdfValue) => void) => void,
): Uint8Array {
  const update = new IncrementalUpdate(openPdf(document));
  change(update, (ref, value) => update.set(ref, value));
  return new Uint8Array(update.finish(new Uint8Array(16)).bytes);
}

function edited(document: Uint8Array, from: RegExp, to: (found: string) => string): Uint8Array {
  const text = Buffer.from(document).toString('latin1');
  const found = from.exec(text)?.[0];
  if (found === undefined) throw new Error('nothing to edit');
  return Uint8Array.from(
    Buffer.from(
      text.replace(found, () => to(found).padEnd(found.length)),
      'latin1',
    ),
  );
}

function first(report: VerificationReport): readonly [string, string | undefined] {
  return [report.signatures[0]?.verdict ?? 'none', report.signatures[0]?.subIndication];
}

describe('a sound signature', () => {
  test('passes, and says who, when, where, why and for which operation', () => {
    const at = soon();
    const report = verifyPdf(sign(agreement(), ada, at), { trust });
    expect(report).toMatchObject({ outcome: 'TOTAL-PASSED', sentence: 'The signature is valid, and nothing was changed since.' });
    expect(report.signatures[0]).toMatchObject({
      signer: { name: 'Ada Lovelace', issuer: 'Test Root' },
      signedAt: `${at.toISOString().slice(0, 19)}.000Z`,
      location: 'branch-12',
      contact: 'operation 0191-0002',
      reason: 'I agree (fully) \\ with “this”',
      coversWholeDocument: true,
      intact: true,
    });
  });

  test('is not confirmed without trust, by an unknown issuer, before or after the validity of its certificate', () => {
    const signed = sign(agreement());
    const years = (count: number): Date => new Date(Date.now() + count * 365.25 * 86_400_000);
    expect(first(verifyPdf(signed))).toEqual(['INDETERMINATE', 'NO_CERTIFICATE_CHAIN_FOUND']);
    expect(first(verifyPdf(sign(agreement(), mallory), { trust }))).toEqual(['INDETERMINATE', 'NO_CERTIFICATE_CHAIN_FOUND']);
    expect(first(verifyPdf(signed, { trust, at: years(2) }))).toEqual(['INDETERMINATE', 'OUT_OF_BOUNDS_NO_POE']);
    expect(first(verifyPdf(sign(agreement(), ada, years(-1)), { trust }))).toEqual(['INDETERMINATE', 'OUT_OF_BOUNDS_NO_POE']);
  });

  test('does not hide that a document has none, or that a file is no document', () => {
    expect(verifyPdf(agreement())).toMatchObject({ outcome: 'NO-SIGNATURE', signatures: [] });
    expect(verifyPdf(Buffer.from('hello'))).toMatchObject({ outcome: 'UNREADABLE', refusal: 'not-a-pdf' });
    expect(verifyPdf(Buffer.concat([sign(agreement()), Buffer.from('PK')]))).toMatchObject({
      outcome: 'UNREADABLE',
      refusal: 'junk-after-end',
    });
  });
});

describe('what is added after a signature', () => {
  test('keeps the document from passing, be it an empty update or one space', () => {
    const signed = sign(agreement());
    const emptyUpdate = append(signed, (update, set) => set(update.allocate(), null));
    for (const changed of [emptyUpdate, Buffer.concat([signed, Buffer.from(' ')])]) {
      const report = verifyPdf(changed, { trust });
      expect(first(report)).toEqual(['INDETERMINATE', 'SIG_CONSTRAINTS_FAILURE']);
      expect(report.signatures[0]?.coversWholeDocument).toBe(false);
      expect(report.signatures[0]?.sentences.join(' ')).toMatch(
        /added to the document after the last signature|document was changed after/,
      );
    }
  });

  test('is named when a later signer changed a page, its contents, its marks or the number of pages', () => {
    const signed = sign(handMade({ objects: onePage() }));
    const file = openPdf(signed);
    const page = readPages(file)[0];
    if (page === undefined) throw new Error('no page');
    const annots = file.items(page.dict.get('Annots')) ?? [];
    const contents = new PdfRef(4, 0);
    const note = new PdfDict({ Type: new PdfName('Annot'), Subtype: new PdfName('FreeText'), Rect: new PdfArray([0, 0, 300, 200]) });
    const attacks: readonly (readonly [RegExp, Uint8Array])[] = [
      [/page 1 was changed/, append(signed, (_, set) => set(page.ref, page.dict.with({ Rotate: 180 })))],
      [/object 4 was changed/, append(signed, (_, set) => set(contents, new PdfStream(new PdfDict({}), Buffer.from('0 0 300 200 re f'))))],
      [
        /marks on page 1/,
        append(signed, (update, set) => {
          const ref = update.allocate();
          set(ref, note);
          set(page.ref, page.dict.with({ Annots: new PdfArray([...annots, ref]) }));
        }),
      ],
      [/marks on page 1/, append(signed, (_, set) => set(page.ref, page.dict.without(['Annots'])))],
      [
        /pages were added/,
        append(signed, (_, set) =>
          set(new PdfRef(2, 0), new PdfDict({ Type: new PdfName('Pages'), Kids: new PdfArray([page.ref, new PdfRef(9, 0)]), Count: 2 })),
        ),
      ],
    ];
    for (const [words, attacked] of attacks.slice(0, 4)) {
      const report = verifyPdf(sign(attacked, mallory), { trust: makeTrust([root.certificate]) });
      expect(first(report)).toEqual(['INDETERMINATE', 'SIG_CONSTRAINTS_FAILURE']);
      expect(report.signatures[0]?.sentences[0]).toMatch(words);
    }
    expect(verifyPdf(attacks[4]?.[1] ?? signed).outcome).toBe('UNREADABLE');
  });

  test('is named when it fills a place that the signed document left open', () => {
    const open = handMade({
      objects: onePage({ 4: '<</Length 27>>\nstream\nq 20 20 100 60 re 0.4 g f Q\nendstream' }, '/PieceInfo 30 0 R'),
    });
    const attacked = append(sign(open), (_, set) => set(new PdfRef(30, 0), new PdfDict({})));
    expect(verifyPdf(attacked, { trust }).signatures[0]?.changes).toContain('object 30 was slipped in');
  });
});

describe('a forged signature', () => {
  const range = /\/ByteRange \[[^\]]*\]/;
  const failing: readonly (readonly [string, string, (signed: Uint8Array) => Uint8Array])[] = [
    [
      'a byte range that does not begin at the start',
      'FORMAT_FAILURE',
      (signed) => edited(signed, range, (found) => found.replace('[0 ', '[1 ')),
    ],
    ['a byte range that leaves out more than the signature', 'FORMAT_FAILURE', (signed) => edited(signed, range, widened)],
    ['a byte range of one part', 'FORMAT_FAILURE', (signed) => edited(signed, range, () => '/ByteRange [0 100]')],
    ['no byte range', 'FORMAT_FAILURE', (signed) => edited(signed, range, (found) => found.replace('/ByteRange', '/ByteRangX'))],
    ['no contents', 'FORMAT_FAILURE', (signed) => edited(signed, /\/Contents <30/, () => '/ContentX <30')],
    [
      'contents of zeros',
      'FORMAT_FAILURE',
      (signed) => edited(signed, /\/Contents <[0-9A-F]+>/, (found) => found.replace(/[1-9A-F]/g, '0').replace('/0onten', '/Conten')),
    ],
    ['bytes hidden behind the contents', 'FORMAT_FAILURE', (signed) => edited(signed, /00>/, () => 'FF>')],
    ['one bit of the certificate changed', 'FORMAT_FAILURE', (signed) => flipped(signed, ada.certificate, ada.certificate.length - 10)],
    ['one bit of the value changed', 'SIG_CRYPTO_FAILURE', (signed) => flippedLast(signed)],
    ['a page changed', 'HASH_FAILURE', (signed) => edited(signed, /0\.4 g/, () => '0.5 g')],
  ];

  test.each(failing)('fails: %s', (_, sub, forge) => {
    expect(first(verifyPdf(forge(sign(handMade({ objects: onePage() }))), { trust }))).toEqual(['TOTAL-FAILED', sub]);
  });

  test('fails when the same signature is shown by two fields', () => {
    const signed = sign(agreement());
    const file = openPdf(signed);
    const form = file.catalog().dict.get('AcroForm');
    const fields = file.items(file.dict(form)?.get('Fields') ?? null) ?? [];
    const twice = append(signed, (update, set) => {
      const copy = update.allocate();
      const field = file.dict(fields[0] ?? null)?.with({ T: null });
      if (!(form instanceof PdfRef) || field === undefined) throw new Error('no form');
      set(copy, field);
      set(form, new PdfDict({ SigFlags: 3, Fields: new PdfArray([...fields, copy]) }));
    });
    expect(verifyPdf(twice, { trust }).signatures[1]).toMatchObject({ verdict: 'TOTAL-FAILED', subIndication: 'FORMAT_FAILURE' });
  });

  test('fails when the certificate is another one with the same name than the one that was signed', () => {
    const twin = readCertificate(ring.issue('/CN=Ada Lovelace', 'P-256', endEntity, root).certificate);
    const genuine = sign(handMade({ objects: onePage() }));
    const found = /\/ByteRange \[0 (\d+) (\d+) (\d+)\]/.exec(Buffer.from(genuine).toString('latin1'));
    const [start = 0, second = 0, rest = 0] = (found ?? []).slice(1).map(Number);
    const digest = digestOf('sha256', genuine.subarray(0, start), genuine.subarray(second, second + rest));
    // The signed attributes name the twin; Ada's key signs them and Ada's certificate is shown.
    const attributes = signedAttributes(twin, 'sha256', digest);
    const signer = { certificate: readCertificate(ada.certificate), chain: [], hash: 'sha256', scheme: 'ecdsa' } as const;
    const cms = assembleSignedData(signer, attributes, signWith(ada.key, 'ecdsa', 'sha256', attributes));
    const forged = Uint8Array.from(genuine);
    forged.set(
      Buffer.from(
        Buffer.from(cms)
          .toString('hex')
          .padEnd(second - start - 2, '0'),
        'latin1',
      ),
      start + 1,
    );
    expect(first(verifyPdf(forged, { trust }))).toEqual(['TOTAL-FAILED', 'FORMAT_FAILURE']);
  });

  test('never makes the verifier throw, whatever bytes are changed in it', () => {
    const signed = sign(sign(handMade({ objects: onePage() })));
    let state = 7;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const zeros = Buffer.from(signed).indexOf('0000000000000000');
    for (let round = 0; round < 200; round += 1) {
      const bytes = Uint8Array.from(signed);
      const at = round % 2 === 0 ? random(zeros) : random(bytes.length);
      const before = bytes[at] ?? 0;
      bytes[at] = before ^ (1 << random(8));
      const hexCaseOnly = String.fromCharCode(before).toLowerCase() === String.fromCharCode(bytes[at] ?? 0).toLowerCase();
      const passed = verifyPdf(bytes, { trust }).outcome === 'TOTAL-PASSED';
      expect(passed && !hexCaseOnly ? `byte ${at} from ${before} to ${bytes[at] ?? 0}` : 'fine').toBe('fine');
    }
  });
});

function widened(found: string): string {
  const [start = 0, second = 0, rest = 0] = found.match(/\d+/g)?.slice(1).map(Number) ?? [];
  return `/ByteRange [0 ${start} ${second + 1} ${rest - 1}]`;
}

function flipped(signed: Uint8Array, part: Uint8Array, at: number): Uint8Array {
  const hex = Buffer.from(part).toString('hex').toUpperCase();
  const place = Buffer.from(signed).indexOf(hex) + at * 2;
  const copy = Uint8Array.from(signed);
  copy[place] = copy[place] === 48 ? 49 : 48;
  return copy;
}

function flippedLast(signed: Uint8Array): Uint8Array {
  const text = Buffer.from(signed).toString('latin1');
  const place = text.search(/0{200}/) - 3;
  const copy = Uint8Array.from(signed);
  copy[place] = copy[place] === 48 ? 49 : 48;
  return copy;
}
