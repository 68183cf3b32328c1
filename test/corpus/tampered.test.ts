/**
 * Signed documents that somebody changed afterwards. Each is shown to judges that nobody here wrote and to our own verification; the table says who
 * can know of which change, and whoever can must refuse. That each of them accepts the same document before the change is the control.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeTrust } from '../../agent/documents/trust.ts';
import { verifyPdf } from '../../agent/documents/verify.ts';
import { streamBody, updated } from '../support/attack-pdf.ts';
import { agreement, handMade, onePage, throughQpdf } from '../support/sample-pdf.ts';
import { bitFlips, newestSignature, withBitFlipped, withCms, withRange } from '../support/tampering.ts';
import { DocumentSigner, type Visit } from '../support/document-signer.ts';
import { type JudgeName, Judges, accepting } from '../support/validators/judges.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-tampered-'));
let signer: DocumentSigner;
let judges: Judges;

beforeAll(() => {
  signer = new DocumentSigner();
  judges = new Judges(signer.root.certificatePath);
});
afterAll(() => {
  judges.end();
  signer.end();
  rmSync(folder, { recursive: true, force: true });
});

/** Who accepts the file, ourselves included. Nobody trusts more than the root. */
async function accepted(pdf: Uint8Array, signatures: number): Promise<readonly string[]> {
  const path = join(folder, 'judged.pdf');
  writeFileSync(path, pdf);
  const own = verifyPdf(pdf, { trust: makeTrust([signer.root.certificate]) }).outcome === 'TOTAL-PASSED' ? ['countersign'] : [];
  return [...accepting(await judges.ask(path, signatures)), ...own];
}

/** MuPDF 1.21 knows no RSA-PSS. */
const everybody: readonly JudgeName[] = ['pdfsig', 'openssl', 'pdfbox', 'mutool'];
const withoutMutool = everybody.filter((name) => name !== 'mutool');

describe('a signature with', () => {
  test.each<Visit & { judges: readonly JudgeName[] }>([
    { choice: 'rsa-2048', scheme: 'rsa-pkcs1', judges: everybody },
    { choice: 'rsa-2048', scheme: 'rsa-pss', judges: withoutMutool },
    { choice: 'rsa-2048', scheme: 'rsa-pss', hash: 'sha512', judges: withoutMutool },
    { choice: 'P-256', scheme: 'ecdsa', judges: everybody },
    { choice: 'P-384', scheme: 'ecdsa', judges: everybody },
    { choice: 'P-521', scheme: 'ecdsa', judges: everybody },
  ])('$choice and $scheme is accepted by every judge that knows it', async ({ judges: wanted, ...how }) => {
    expect(await accepted(signer.sign(agreement(), how), 1)).toEqual([...wanted, 'countersign']);
  });
});

interface Sort {
  readonly name: string;
  readonly signatures: number;
  readonly judges: readonly JudgeName[];
  readonly document: () => Uint8Array;
}

const sorts: readonly Sort[] = [
  { name: 'a document with a table', signatures: 1, judges: everybody, document: () => signer.sign(handMade({ objects: onePage() })) },
  {
    name: 'a document with object streams, signed with RSA-PSS',
    signatures: 1,
    judges: withoutMutool,
    document: () =>
      signer.sign(throughQpdf(agreement(), '--object-streams=generate'), { choice: 'rsa-2048', scheme: 'rsa-pss', hash: 'sha512' }),
  },
  {
    name: 'a document with two signatures',
    signatures: 2,
    judges: everybody,
    document: () =>
      signer.sign(signer.sign(handMade({ objects: onePage() }), { choice: 'P-384' }), { choice: 'rsa-2048', scheme: 'rsa-pkcs1' }),
  },
];

/** Where parts of a CMS stand in it. */
function partsOf(cms: Uint8Array, certificate: Uint8Array): { readonly certificateAt: number; readonly attributesAt: number } {
  const bytes = Buffer.from(cms);
  // messageDigest (1.2.840.113549.1.9.4) stands in the signed attributes.
  const attributesAt = bytes.lastIndexOf(Buffer.from('06092a864886f70d010904', 'hex'));
  return { certificateAt: bytes.indexOf(certificate), attributesAt };
}

/** Each change, with those judges who cannot know of it. */
function changes(pdf: Uint8Array, choice: 'P-256' | 'rsa-2048'): readonly (readonly [string, Uint8Array, readonly JudgeName[]])[] {
  const { start, end, cms } = newestSignature(pdf);
  const { certificateAt, attributesAt } = partsOf(cms, signer.holder(choice).certificate);
  const other = newestSignature(signer.sign(agreement(), { choice, scheme: choice === 'P-256' ? 'ecdsa' : 'rsa-pkcs1' })).cms;
  const length = cms.length;
  const inCms = (at: number): Uint8Array => withCms(pdf, withBitFlipped(cms, at, 0));
  return [
    ...bitFlips(pdf, 0, start, 4, 1).map(([name, file]) => [`${name}, before the signature`, file, []] as const),
    ...bitFlips(pdf, end, pdf.length, 2, 2).map(([name, file]) => [`${name}, behind the signature`, file, []] as const),
    ['the certificate of the signer', inCms(certificateAt + 20), ['mutool']],
    ['the digest in the signature', inCms(attributesAt + 20), []],
    ['the value of the signature', inCms(length - 1 - trailingZeros(cms)), []],
    ['the signature of another document', withCms(pdf, other), []],
    ['a shorter range', withRange(pdf, ([a = 0, b = 0, c = 0, d = 0]) => [a, b, c, d - 1]), []],
    ['a range that leaves out the first byte', withRange(pdf, ([, b = 0, c = 0, d = 0]) => [1, b - 1, c, d]), []],
    ['a range with a wider gap', withRange(pdf, ([a = 0, b = 0, c = 0, d = 0]) => [a, b - 1, c, d]), []],
    ['a range of nothing', withRange(pdf, () => [0, 0, 0, 0]), []],
    ['one more line at the end', Buffer.concat([pdf, Buffer.from('\n')]), ['openssl']],
    ['a second end', Buffer.concat([pdf, Buffer.from('%%EOF\n')]), ['openssl']],
    ['something else behind the end', Buffer.concat([pdf, Buffer.from('PK\x03\x04')]), ['openssl']],
  ];
}

function trailingZeros(bytes: Uint8Array): number {
  return bytes.length - 1 - bytes.findLastIndex((byte) => byte !== 0);
}

describe.each(sorts)('$name', ({ signatures, judges: wanted, document }) => {
  test('is accepted as it is, and refused after every change by each judge who can know of it', async () => {
    const pdf = document();
    expect(await accepted(pdf, signatures)).toEqual([...wanted, 'countersign']);
    const found: Record<string, readonly string[]> = {};
    const allowed: Record<string, readonly string[]> = {};
    for (const [name, changed, unknowing] of changes(pdf, signatures === 2 || wanted === withoutMutool ? 'rsa-2048' : 'P-256')) {
      found[name] = (await accepted(changed, signatures)).filter((judge) => !unknowing.some((one) => one === judge));
      allowed[name] = [];
    }
    expect(found).toEqual(allowed);
    expect(Object.keys(found).length).toBeGreaterThan(15);
  });
});

describe('an update behind a signature', () => {
  test.each([
    ['gives the page other contents', { 4: streamBody('', '0 0 300 200 re f') }],
    [
      'puts a mark on the page',
      { 3: '<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Annots[90 0 R]>>', 90: '<</Type/Annot>>' },
    ],
    ['adds an object that nobody refers to', { 90: '(x)' }],
  ])('that %s is refused by everybody but openssl, which does not look behind the signature', async (_, bodies) => {
    const pdf = updated(signer.sign(handMade({ objects: onePage() })), bodies);
    expect(await accepted(pdf, 1)).toEqual(['openssl']);
  });
});
