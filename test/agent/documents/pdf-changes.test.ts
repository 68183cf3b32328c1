/** What may follow a signature without breaking it, and that it is said. What may not stands in the attack files. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Trust, makeTrust } from '../../../agent/documents/trust.ts';
import { type SignatureReport, verifyPdf } from '../../../agent/documents/verify.ts';
import { streamBody, updated } from '../../support/attack-pdf.ts';
import { type Cast, type SoundName, bodyOf, castOf, signAgain, soundDocuments } from '../../support/attacks/attack.ts';
import { look, parts } from '../../support/attacks/contract.ts';
import { sealed, signedByHand, unsignedSignature } from '../../support/attacks/signed-pdf.ts';
import { stampedWhole } from '../../support/attacks/timestamped.ts';
import { onePage, throughQpdf } from '../../support/sample-pdf.ts';
import { KeyRing } from '../../support/signing-keys.ts';

const ring = new KeyRing();
let cast: Cast;
let trust: Trust;
let sound: (name: SoundName) => Uint8Array;

beforeAll(() => {
  cast = castOf(ring);
  trust = makeTrust([cast.root.certificate]);
  sound = soundDocuments(cast);
});
afterAll(() => ring.end());

type Bodies = Readonly<Record<number, string>>;
type Make = (document: Uint8Array, cast: Cast) => Uint8Array;

const remark = (document: Uint8Array): Bodies => ({
  [parts.remark]: bodyOf(document, parts.remark).replace('/T(', '/V(Fine)/AP<</N 80 0 R>>/T('),
  80: look('Fine'),
});
const agreed = (document: Uint8Array): Bodies => ({ [parts.agreed]: bodyOf(document, parts.agreed).replace('/AS/Off', '/AS/Yes/V/Yes') });
const second = (document: Uint8Array): Bodies => ({
  [parts.secondField]: bodyOf(document, parts.secondField).replace('/T(', '/V 81 0 R/AP<</N 82 0 R>>/T('),
  81: unsignedSignature(),
  82: look('signed'),
});
const proofs = (document: Uint8Array): Bodies => ({
  [parts.catalog]: bodyOf(document, parts.catalog).replace(
    '/Pages',
    '/DSS<</Type/DSS/Certs[83 0 R]/VRI<</AB<</Cert[83 0 R]/TU(D:2026)>>>>>>/Pages',
  ),
  83: streamBody('', 'a certificate'),
});
const title = (document: Uint8Array): Bodies => ({
  [parts.catalog]: bodyOf(document, parts.catalog).replace('/Pages', '/Metadata 84 0 R/Pages'),
  84: streamBody('/Type/Metadata/Subtype/XML', '<x/>'),
});

const allowed: readonly (readonly [string, SoundName, Make, SignatureReport['additions'], RegExp])[] = [
  [
    'proofs, also where nothing may follow',
    'certified-1',
    (one) => updated(one, proofs(one)),
    [{ kind: 'proofs' }],
    /revocation lists were added/,
  ],
  [
    'a timestamp over the document, also where nothing may follow',
    'certified-1',
    (one, { stamp }) => stampedWhole(one, stamp),
    [{ kind: 'timestamp', field: 'Third' }],
    /A timestamp was added/,
  ],
  [
    'a field filled in, where the certification says so',
    'certified-2',
    (one) => updated(one, remark(one)),
    [{ kind: 'filled', field: 'remark' }],
    /Filled in since.*remark/,
  ],
  [
    'a box ticked, where the certification says so',
    'certified-3',
    (one) => updated(one, agreed(one)),
    [{ kind: 'filled', field: 'agreed' }],
    /agreed/,
  ],
  [
    'a field filled in, and signed for',
    'contract',
    (one, { mallory }) => signAgain(updated(one, remark(one)), mallory),
    [
      { kind: 'filled', field: 'remark' },
      { kind: 'signature', field: 'Second' },
    ],
    /Signed again since, in the field Second/,
  ],
  [
    'a field filled in that is not locked, and the prepared field signed',
    'locked',
    (one, { mallory }) => sealed(updated(one, { ...agreed(one), ...second(one) }), mallory),
    [
      { kind: 'signature', field: 'Second' },
      { kind: 'filled', field: 'agreed' },
    ],
    /Signed again since/,
  ],
  [
    'the prepared field signed',
    'certified-2',
    (one, { mallory }) => sealed(updated(one, second(one)), mallory),
    [{ kind: 'signature', field: 'Second' }],
    /Signed again/,
  ],
  [
    'another title, signed for',
    'contract',
    (one, { mallory }) => signAgain(updated(one, title(one)), mallory),
    [{ kind: 'signature', field: 'Second' }, { kind: 'description' }],
    /description of the document/,
  ],
];

test.each(allowed)('%s', (_, name, make, additions, words) => {
  const report = verifyPdf(make(sound(name), cast), { trust });
  expect(report).toMatchObject({ outcome: 'TOTAL-PASSED', sentence: expect.stringMatching(/what was added since is allowed/) as string });
  expect(report.signatures[0]).toMatchObject({ field: 'First', additions, changes: [], revision: { number: 1 } });
  expect(report.signatures[0]?.sentences.join(' ')).toMatch(words);
});

test('the same addition without a signature or a certification is left undecided', () => {
  const contract = sound('contract');
  for (const bodies of [remark, agreed, title])
    expect(verifyPdf(updated(contract, bodies(contract)), { trust }).outcome).toBe('INDETERMINATE');
});

test('every signature says which revision it covers, and a linearised file counts as one', () => {
  const revisions = (bytes: Uint8Array): readonly string[] =>
    verifyPdf(bytes, { trust }).signatures.map(({ revision }) => `${revision?.number ?? 0} of ${revision?.of ?? 0}`);
  expect(revisions(sound('contract'))).toEqual(['1 of 1']);
  expect(revisions(sound('twice'))).toEqual(['2 of 3', '3 of 3']);
  const linear = throughQpdf(sound('twice'), '--linearize');
  expect(revisions(signAgain(linear, cast.ada)).at(-1)).toBe('2 of 2');
});

test('a certification and a lock are told', () => {
  const levels = (['certified-1', 'certified-2', 'certified-3', 'locked', 'contract'] as const).map(
    (name) => verifyPdf(sound(name)).signatures[0]?.level,
  );
  expect(levels).toEqual([1, 2, 3, undefined, undefined]);
});

test('fonts for the fields of a form may come where there were none, and where no field is drawn anew', () => {
  const font = '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>';
  const changesAfter = (entries: string, later: string): readonly string[] | undefined => {
    const form = (more: string): string => `<</Fields[6 0 R]/SigFlags 3${more}>>`;
    const objects = onePage({
      1: '<</Type/Catalog/Pages 2 0 R/AcroForm 5 0 R>>',
      5: form(entries),
      6: '<</FT/Sig/T(First)/V 7 0 R>>',
      7: unsignedSignature(),
    });
    const signed = signedByHand({ objects }, cast.ada);
    return verifyPdf(updated(signed, { 5: form(later), 90: font }), { trust }).signatures[0]?.changes;
  };
  const fonts = '/DR<</Font<</Helv 90 0 R>>>>';
  expect(changesAfter('', fonts)).toEqual([]);
  expect(changesAfter('/NeedAppearances true', `/NeedAppearances true${fonts}`)).toEqual(['the form was changed']);
  expect(changesAfter('/DR<</Font<<>>>>', fonts)).toEqual(['the form was changed']);
  expect(changesAfter('/DR<<>>', '')).toEqual(['the form was changed']);
});
