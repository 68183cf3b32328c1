/** Files that are made to do harm, in the verifying process: each has a report before any limit of the process is reached, and none passes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, deflateSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyFile } from '../../../agent/documents/verifier.ts';
import { children } from '../../support/children.ts';
import { streamBody, updated } from '../../support/attack-pdf.ts';
import { DocumentSigner } from '../../support/document-signer.ts';
import { handMade, onePage } from '../../support/sample-pdf.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-hostile-'));
let signer: DocumentSigner;
let signed: Uint8Array;
beforeAll(() => {
  signer = new DocumentSigner();
  signed = signer.sign(handMade({ objects: onePage() }));
});
afterAll(() => {
  signer.end();
  rmSync(folder, { recursive: true, force: true });
});

const nested = (count: number): string => `${'['.repeat(count)}${']'.repeat(count)}`;

/** A table of where the objects are that unpacks to this many MiB of nothing. */
function tableBomb(megabytes: number): Uint8Array {
  const data = deflateSync(Buffer.alloc(megabytes * 1024 * 1024)).toString('latin1');
  const start = '%PDF-1.7\n';
  const table = streamBody('/Type/XRef/Size 2/W[1 4 2]/Root 1 0 R/Filter/FlateDecode', data);
  return Buffer.from(`${start}1 0 obj\n${table}\nendobj\nstartxref\n${start.length}\n%%EOF\n`, 'latin1');
}

/** A ZIP with one file of nothing, whose header owns up to its size or does not. */
function zipBomb(megabytes: number, owned: number): Uint8Array {
  const name = Buffer.from('META-INF/ASiCManifest001.xml');
  const data = deflateRawSync(Buffer.alloc(megabytes * 1024 * 1024));
  const fields = (size: number): Buffer => {
    const head = Buffer.alloc(26);
    head.writeUInt16LE(20, 0);
    head.writeUInt16LE(8, 4);
    head.writeUInt32LE(data.length, 14);
    head.writeUInt32LE(size, 18);
    head.writeUInt16LE(name.length, 22);
    return head;
  };
  const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), fields(owned), name, data]);
  const central = Buffer.concat([Buffer.from('PK\u0001\u0002'), Buffer.from([20, 0]), fields(owned), Buffer.alloc(14), name]);
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}

test.each<[string, string, () => Uint8Array]>([
  ['a table of objects that unpacks to 200 MiB', 'UNREADABLE too-complex', () => tableBomb(200)],
  ['a container that unpacks to 300 MiB', 'UNREADABLE', () => zipBomb(300, 300 * 1024 * 1024)],
  ['a container that unpacks to 300 MiB and says one', 'UNREADABLE', () => zipBomb(300, 1024 * 1024)],
  [
    'half a million lists in each other',
    'UNREADABLE too-complex',
    () => updated(signed, { 1: `<</Type/Catalog/Pages 2 0 R/A ${nested(500_000)}>>` }),
  ],
  [
    'a page tree that leads to itself',
    'UNREADABLE damaged',
    () => updated(signed, { 2: '<</Type/Pages/Kids[2 0 R]/Count 1/Parent 2 0 R>>' }),
  ],
  [
    'a form of fields that lead to themselves',
    'UNREADABLE damaged',
    () =>
      updated(signed, {
        1: '<</Type/Catalog/Pages 2 0 R/AcroForm<</SigFlags 3/Fields[40 0 R]>>>>',
        40: '<</FT/Sig/T(a)/Kids[41 0 R]/Parent 41 0 R/V 40 0 R>>',
        41: '<</FT/Sig/T(b)/Kids[40 0 R]/Parent 40 0 R/V 41 0 R>>',
      }),
  ],
  ['a length that is itself', 'UNREADABLE damaged', () => updated(signed, { 4: '<</Length 4 0 R>>\nstream\n\nendstream' })],
  [
    'sections that lead to themselves',
    'UNREADABLE damaged',
    () => {
      const file = Buffer.from(signed).toString('latin1');
      const start = /startxref\n(\d+)\n%%EOF\s*$/.exec(file)?.[1] ?? '';
      return Buffer.from(
        file.replaceAll(/\/Prev \d+/g, (found) => `/Prev ${start}`.padEnd(found.length)),
        'latin1',
      );
    },
  ],
  [
    'a signature of a hundred thousand lists in each other',
    'TOTAL-FAILED FORMAT_FAILURE',
    () =>
      updated(signed, {
        1: '<</Type/Catalog/Pages 2 0 R/AcroForm<</SigFlags 3/Fields[40 0 R]>>>>',
        40: '<</FT/Sig/T(a)/V 41 0 R>>',
        41: `<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/ByteRange[0 10 20 30]/Contents<${'3080'.repeat(100_000)}>>>`,
      }),
  ],
])('%s', async (_name, expected, make) => {
  const path = join(folder, 'hostile');
  writeFileSync(path, make());
  const { outcome, refusal, signatures } = await verifyFile({ path }, { trust: signer.trust });
  const why = refusal ?? signatures[0]?.subIndication;
  expect(why === undefined ? outcome : `${outcome} ${why}`).toBe(expected);
  expect(children('verifier-host')).toEqual([]);
});

test('a document in which everything was changed has a report too, and what was changed is named up to an end', async () => {
  const path = join(folder, 'changed');
  const many = Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [100 + index, '<</A 1>>']));
  const objects = onePage(
    many,
    `/X[${Object.keys(many)
      .map((num) => `${num} 0 R`)
      .join(' ')}]`,
  );
  const before = signer.sign(handMade({ objects }));
  writeFileSync(path, updated(before, Object.fromEntries(Object.keys(many).map((num) => [num, '<</A 2>>']))));
  const [signature] = (await verifyFile({ path }, { trust: signer.trust })).signatures;
  const changes = signature !== undefined && 'changes' in signature ? signature.changes : [];
  expect([signature?.verdict, changes.length, changes[0], changes.at(-1)]).toEqual([
    'INDETERMINATE',
    200,
    'object 3099 was changed',
    '2801 more changes',
  ]);
});

test('the control: the document that they are made from passes', async () => {
  const path = join(folder, 'sound');
  writeFileSync(path, signed);
  expect(await verifyFile({ path }, { trust: signer.trust })).toMatchObject({ outcome: 'TOTAL-PASSED' });
});
