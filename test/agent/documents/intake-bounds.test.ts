/** Files that loop, or that are small and become large: each is refused in bounded time; and whatever bytes are changed, intake never throws. */
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Examiner } from '../../../agent/documents/examiner.ts';
import { Inbox } from '../../../agent/documents/inbox.ts';
import { examine } from '../../../agent/documents/intake.ts';
import { defaultIntakePolicy } from '../../../agent/documents/intake-policy.ts';
import { expandLzw, expandRuns } from '../../../agent/documents/pdf-expansion.ts';
import { codedPixels } from '../../../agent/documents/pdf-image-size.ts';
import { PdfBudget, defaultPdfLimits } from '../../../agent/documents/pdf-objects.ts';
import { disguises, streamBody, updated } from '../../support/attack-pdf.ts';
import { agreement, handMade, onePage } from '../../support/sample-pdf.ts';

const outcome = (bytes: Uint8Array): string => {
  const examined = examine(bytes);
  return examined.ok ? 'ok' : examined.refusal;
};

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const fromLatin1 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
const catalog = (extra: string): string => `<</Type/Catalog/Pages 2 0 R${extra}>>`;

/** 150 MB of zeros. */
const zeros = latin1(deflateSync(Buffer.alloc(150 * 1024 * 1024), { level: 1 }));
/** LZW that repeats its longest sequence: codes of 12 bits, each worth up to 3,838 bytes. */
function lzwBomb(): string {
  const codes = [256, 0, ...Array.from({ length: 3837 }, (_, index) => 258 + index), ...Array<number>(60_000).fill(4095)];
  let [bits, text, next] = ['', '', 257];
  for (const code of codes) {
    const width = next + 1 >= 2048 ? 12 : next + 1 >= 1024 ? 11 : next + 1 >= 512 ? 10 : 9;
    bits += code.toString(2).padStart(width, '0');
    if (code !== 256 && next < 4096) next += 1;
    while (bits.length >= 8) {
      text += String.fromCharCode(Number.parseInt(bits.slice(0, 8), 2));
      bits = bits.slice(8);
    }
  }
  return text + String.fromCharCode(Number.parseInt(bits.padEnd(8, '0'), 2));
}

/** Two updates, of which the newer leads to the older and the older back to the newer. */
function longLoop(): Uint8Array {
  const twice = updated(updated(handMade({ objects: onePage() }), { 4: streamBody('', '0 g') }), { 4: streamBody('', '1 g') });
  const text = latin1(twice);
  const starts = [...text.matchAll(/startxref\n(\d+)/g)].map((match) => match[1] ?? '');
  const at = text.indexOf(`/Prev ${starts[0] ?? ''}`);
  return fromLatin1(
    `${text.slice(0, at)}/Prev ${(starts[2] ?? '').padStart((starts[0] ?? '').length)}${text.slice(at + 6 + (starts[0] ?? '').length)}`,
  );
}

const refused: readonly (readonly [string, string, () => Uint8Array])[] = [
  ['damaged', 'updates that lead back to each other', longLoop],
  ['damaged', 'a page that holds its own parent', () => handMade({ objects: onePage({ 3: '<</Type/Pages/Kids[2 0 R]/Count 1>>' }) })],
  [
    'damaged',
    'an object stream that stands in itself',
    () => fromLatin1(latin1(handMade({ objects: onePage(), style: 'stream', hidden: [3] })).replace('/N 1/First', '/N 5 0 R/First')),
  ],
  [
    'damaged',
    'a field that is its own child',
    () => handMade({ objects: onePage({ 1: catalog('/AcroForm<</Fields[5 0 R]>>'), 5: '<</T(a)/Kids[5 0 R]>>' }) }),
  ],
  [
    'too-complex',
    'a table of eight million objects',
    () => fromLatin1(latin1(handMade({ objects: onePage() })).replace(/xref\n0 \d+/, 'xref\n0 8000000')),
  ],
  [
    'too-complex',
    'an object stream that is a bomb',
    () =>
      handMade({
        objects: onePage({ 5: streamBody('/Type/ObjStm/N 1/First 4/Filter/FlateDecode', zeros) }),
        style: 'stream',
        trailer: '/X 5 0 R',
      }),
  ],
  ['too-complex', 'a bomb in LZW', () => handMade({ objects: onePage({ 4: streamBody('/Filter/LZWDecode', lzwBomb()) }) })],
  [
    'too-complex',
    'a bomb of runs',
    () => handMade({ objects: onePage({ 4: streamBody('/Filter/RunLengthDecode', '\x81x'.repeat(1_100_000)) }) }),
  ],
  [
    'too-complex',
    'many streams that together are too large',
    () => {
      const piece = streamBody('/Filter/FlateDecode', latin1(deflateSync(Buffer.alloc(14 * 1024 * 1024))));
      const objects = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [10 + index, piece]));
      const list = Object.keys(objects).map((num) => `${num} 0 R`);
      return handMade({ objects: onePage(objects), trailer: `/X[${list.join(' ')}]` });
    },
  ],
  ['too-complex', 'dictionaries in dictionaries', () => handMade({ objects: onePage({ 5: '<</A'.repeat(50_000) }), trailer: '/X 5 0 R' })],
];

test.each(refused)('is refused as %s: %s', (refusal, _, make) => {
  const bytes = make();
  const start = performance.now();
  expect(outcome(bytes)).toBe(refusal);
  expect(performance.now() - start).toBeLessThan(10_000);
});

const bytes = (...values: readonly number[]): string => String.fromCharCode(...values);
const word = (value: number): string => bytes(value >> 8, value & 255);
const long = (value: number): string => word(Math.floor(value / 65_536)) + word(value % 65_536);
/** Heads of images of `side` times `side` pixels, as each code announces it; the PDF around them says 8 times 8. */
const images: Readonly<Record<string, (side: number) => readonly [string, string]>> = {
  'a JPEG': (side) => [
    '/Filter/DCTDecode',
    `${bytes(0xff, 0xd8, 0xff, 0xe0, 0, 4, 0xff, 0xc0)}junk${bytes(0xff, 0xff, 0xc2, 0, 11, 8)}${word(side)}${word(side)}${bytes(1, 1, 0x11, 0)}`,
  ],
  'a JPEG in deflated bytes': (side) => [
    '/Filter[/FlateDecode/DCTDecode]',
    latin1(deflateSync(fromLatin1(`${bytes(0xff, 0xd8, 0xff, 0xc0, 0, 11, 8)}${word(side)}${word(side)}${bytes(1, 1, 0x11, 0)}`))),
  ],
  'a JPEG 2000 in boxes': (side) => [
    '/Filter/JPXDecode',
    `${long(8)}jP  ${long(0)}jp2c${bytes(0xff, 0x4f, 0xff, 0x51, 0, 41, 0, 0)}${long(side + 7)}${long(side + 9)}${long(7)}${long(9)}`,
  ],
  'a bare JPEG 2000': (side) => [
    '/Filter/JPXDecode',
    `${bytes(0xff, 0x4f, 0xff, 0x51, 0, 41, 0, 0)}${long(side)}${long(side)}${long(0)}${long(0)}`,
  ],
  'a page of JBIG2': (side) => [
    '/Filter/JBIG2Decode',
    `${long(0)}${bytes(48, 0, 1)}${long(19)}${long(side)}${long(side)}${'\0'.repeat(11)}`,
  ],
  'a region of JBIG2 behind its page': (side) => [
    '/Filter/JBIG2Decode',
    `${long(0)}${bytes(48, 0, 1)}${long(8)}${long(8)}${long(8)}${long(300)}${bytes(38, 0x20)}${word(0)}${bytes(1)}${long(17)}${long(side)}${long(side)}`,
  ],
  'a fax': (side) => [`/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns ${side}/Rows ${side}>>`, 'x'],
};

test.each(Object.entries(images))('%s that becomes too large is refused by its own head, and a small one is not', (_, make) => {
  const withImage = (side: number): Uint8Array => {
    const [filter, data] = make(side);
    return handMade({ objects: onePage({ 5: streamBody(`/Subtype/Image/Width 8/Height 8${filter}`, data) }), trailer: '/X 5 0 R' });
  };
  expect([outcome(withImage(60_000)), outcome(withImage(2000))]).toEqual(['too-complex', 'ok']);
});

test('the head of an image is read whatever stands in it', () => {
  fc.assert(
    fc.property(fc.constantFrom('DCTDecode', 'JPXDecode', 'JBIG2Decode'), fc.uint8Array({ maxLength: 60 }), (filter, data) => {
      expect(codedPixels(filter, data, undefined, (value) => value)).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 1000 },
  );
});

test.each([
  ['an outline', { 1: catalog('/Outlines 5 0 R'), 5: '<</First 6 0 R/Last 6 0 R>>', 6: '<</Title(a)/Next 6 0 R/Parent 5 0 R>>' }],
  ['a name tree', { 1: catalog('/Names<</Dests 5 0 R>>'), 5: '<</Kids[5 0 R]>>' }],
])('%s that loops is walked once', (_, bodies) => {
  expect(outcome(handMade({ objects: onePage(bodies) }))).toBe('ok');
});

describe('old compressions', () => {
  const budget = (): PdfBudget => new PdfBudget(defaultPdfLimits);

  test('are undone as the standard shows (ISO 32000-1 section 7.4.4.2, example)', () => {
    const data = Uint8Array.of(0x80, 0x0b, 0x60, 0x50, 0x22, 0x0c, 0x0c, 0x85, 0x01);
    expect([...expandLzw(data, true, budget())]).toEqual([45, 45, 45, 45, 45, 65, 45, 45, 45, 66]);
    expect([...expandRuns(Uint8Array.of(2, 7, 8, 9, 254, 5, 128, 1), budget())]).toEqual([7, 8, 9, 5, 5, 5]);
  });

  test('end where they are malformed, and cost no more than they may', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (data, early) => {
        expect(expandLzw(data, early, budget()).length).toBeLessThan(100_000);
        expect(expandRuns(data, budget()).length).toBeLessThanOrEqual(128 * 300);
      }),
      { numRuns: 300 },
    );
  });
});

describe('any document with bytes changed, taken out or repeated', () => {
  const script = {
    1: catalog('/OpenAction<</S/JavaScript/JS(app.alert)>>/AcroForm<</Fields[5 0 R]>>'),
    5: '<</FT/Sig/T(a)/V<</Type/Sig>>>>',
  };
  const seeds = [agreement(), ...Object.values(disguises).flatMap((disguise) => [disguise({}), disguise(script)])];
  const words = [
    '/Kids',
    '/Prev',
    '/S',
    '/JS',
    '[',
    ']',
    '<<',
    '>>',
    '1 0 R',
    '2 0 R',
    '5 0 R',
    '(',
    ')',
    '<',
    'stream\n',
    'null',
    '-1',
    '9e9',
    '#',
  ];
  const change = fc.record({
    at: fc.nat(1_000_000),
    cut: fc.nat(20),
    put: fc.oneof(fc.constantFrom(...words).map(fromLatin1), fc.uint8Array({ maxLength: 8 })),
  });

  test('ends as a document or a refusal, and never takes long', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.array(change, { minLength: 1, maxLength: 4 }), (seed, changes) => {
        let bytes = Buffer.from(seed);
        for (const { at, cut, put } of changes) {
          const place = at % bytes.length;
          bytes = Buffer.concat([bytes.subarray(0, place), put, bytes.subarray(place + cut)]);
        }
        const start = performance.now();
        seen.add(outcome(bytes));
        expect(performance.now() - start).toBeLessThan(5000);
      }),
      { numRuns: 2000 },
    );
    expect([...seen]).toEqual(expect.arrayContaining(['damaged', 'scripts']));
  });
});

test('bombs and crashes in the inbox are refused one by one, and the document beside them is taken', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bounds-'));
  const examiner = new Examiner(defaultIntakePolicy, { cpuSeconds: 10, deadlineMs: 30_000, heapMegabytes: 48, memoryMegabytes: 1280 });
  try {
    const crash = handMade({ objects: onePage(), style: 'stream', trailer: `/Extra[${'<</A(b)>>'.repeat(200_000)}]` });
    await writeFile(join(folder, 'a-bomb.pdf'), handMade({ objects: onePage({ 4: streamBody('/Filter/FlateDecode', zeros) }) }));
    await writeFile(join(folder, 'b-crash.pdf'), crash);
    await writeFile(join(folder, 'c-agreement.pdf'), agreement());
    const inbox = new Inbox(folder, examiner);
    await inbox.scan();
    const { documents, refused: refusals } = await inbox.scan();
    expect(refusals).toEqual([
      { fileName: 'a-bomb.pdf', refusal: 'too-complex' },
      { fileName: 'b-crash.pdf', refusal: 'examination-failed' },
    ]);
    const digest = createHash('sha256').update(agreement()).digest('hex');
    expect(documents).toMatchObject([{ fileName: 'c-agreement.pdf', digest, pages: 3 }]);
  } finally {
    examiner.close();
    await rm(folder, { recursive: true, force: true });
  }
});
