import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { documentRefusals } from '../../../agent/contract/problems.ts';
import { examine, readDocument } from '../../../agent/documents/intake.ts';
import { refusalSentences } from '../../../agent/documents/refusal-sentences.ts';
import { openPdf } from '../../../agent/documents/pdf.ts';
import { examineHere } from '../../support/examine-here.ts';
import { agreement, agreementPath, handMade, onePage, replaced, throughQpdf } from '../../support/sample-pdf.ts';

function outcome(bytes: Uint8Array): string {
  const examined = examine(bytes);
  return examined.ok ? 'ok' : examined.refusal;
}

function zeros(compressedTwice: boolean): string {
  const once = deflateSync(Buffer.alloc(150 * 1024 * 1024));
  return (compressedTwice ? deflateSync(once) : once).toString('latin1');
}

function stream(dict: string, data: string): string {
  return `<<${dict}/Length ${data.length}>>\nstream\n${data}\nendstream`;
}

describe('a document that can be signed', () => {
  test('is taken with its digest, size and number of pages', () => {
    const bytes = agreement();
    const digest = createHash('sha256').update(bytes).digest('hex');
    expect(examine(bytes)).toEqual({ ok: true, document: { bytes, digest, size: bytes.length, pages: 3, signatures: 0, remarks: [] } });
  });

  test.each([
    ['object streams', ['--object-streams=generate']],
    ['a linearized file', ['--linearize']],
    ['uncompressed streams', ['--stream-data=uncompress', '--qdf']],
  ])('is taken with %s', (_, options) => {
    expect(examine(throughQpdf(agreement(), ...options))).toMatchObject({ ok: true, document: { pages: 3 } });
  });

  test('is taken from a hybrid file whose page only the cross-reference stream knows', () => {
    const file = handMade({ objects: onePage({ 5: '<</Title(hidden)>>' }), hidden: [3, 5], trailer: '/Info 5 0 R' });
    expect(examine(file)).toMatchObject({ ok: true, document: { pages: 1 } });
    expect(openPdf(file).dict(openPdf(file).trailer.get('Info'))?.get('Title')).toMatchObject({
      bytes: Uint8Array.from(Buffer.from('hidden')),
    });
  });
});

describe('a document that cannot be signed', () => {
  const page = onePage();
  const loop = { 2: '<</Type/Pages/Kids[3 0 R 2 0 R]/Count 2>>' };
  const bomb = stream('/Filter/FlateDecode', zeros(false));
  const hugeImage = stream('/Type/XObject/Subtype/Image/Width 1000000/Height 1000000/Filter/FlateDecode', 'x');
  const certified = {
    1: '<</Type/Catalog/Pages 2 0 R/Perms<</DocMDP 5 0 R>>>>',
    5: '<</Type/Sig/Reference[<</TransformMethod/DocMDP/TransformParams<</P 1/V/1.2>>>>]>>',
  };
  const cases: readonly (readonly [string, string, () => Uint8Array])[] = [
    ['empty', 'nothing in it', () => new Uint8Array(0)],
    ['not-a-pdf', 'one byte', () => Uint8Array.of(37)],
    ['not-a-pdf', 'a text that is called PDF', () => Buffer.from('Dear Sir or Madam')],
    ['junk-before-header', 'a ZIP in front', () => Buffer.concat([Buffer.from('PK\x03\x04'), agreement()])],
    ['junk-before-header', 'one line in front', () => Buffer.concat([Buffer.from('\n'), agreement()])],
    ['junk-after-end', 'a ZIP behind', () => Buffer.concat([agreement(), Buffer.from('PK\x05\x06')])],
    ['damaged', 'a cut end', () => agreement().subarray(0, 30_000)],
    ['encrypted', 'a password to open', () => throughQpdf(agreement(), '--encrypt', 'user', 'owner', '256', '--')],
    ['encrypted', 'an owner password only', () => throughQpdf(agreement(), '--encrypt', '', 'owner', '256', '--')],
    ['no-pages', 'no pages', () => handMade({ objects: { ...page, 2: '<</Type/Pages/Kids[]/Count 0>>' } })],
    ['too-many-pages', 'more pages than the limit', () => handMade({ objects: { ...page, 2: manyPages(501), ...pages(501) } })],
    ['certified-no-changes', 'a certification that forbids changes', () => handMade({ objects: { ...page, ...certified } })],
    ['damaged', 'a page tree that holds itself', () => handMade({ objects: { ...page, ...loop } })],
    [
      'damaged',
      'a page tree that lies about its count',
      () => handMade({ objects: { ...page, 2: '<</Type/Pages/Kids[3 0 R]/Count 2>>' } }),
    ],
    ['damaged', 'a cross-reference that points beside the object', () => replaced(handMade({ objects: page }), '2 0 obj', '9 0 obj')],
    ['damaged', 'a startxref that points nowhere', () => handMadeWithStart('99999999')],
    ['damaged', 'a /Prev that leads back to itself', () => prevLoop()],
    ['damaged', 'a stream with a wrong length', () => replaced(handMade({ objects: page }), '/Length 27', '/Length 25')],
    ['damaged', 'two different values for one key', () => handMade({ objects: { ...page, 1: '<</Pages 2 0 R/Pages 3 0 R>>' } })],
    ['damaged', 'a reference that leads to itself', () => handMade({ objects: { ...page, 2: '2 0 R' } })],
    ['damaged', 'no catalog', () => handMade({ objects: { ...page, 1: 'null' } })],
    ['too-complex', 'a stream that inflates without end', () => handMade({ objects: { ...page, 4: bomb } })],
    [
      'too-complex',
      'a bomb inside a bomb',
      () => handMade({ objects: { ...page, 4: stream('/Filter[/FlateDecode/FlateDecode]', zeros(true)) } }),
    ],
    ['too-complex', 'an image of a million million pixels', () => handMade({ objects: { ...page, 5: hugeImage }, trailer: '/X 5 0 R' })],
    ['too-complex', 'arrays in arrays in arrays', () => handMade({ objects: { ...page, 5: '['.repeat(100_000) }, trailer: '/Info 5 0 R' })],
    ['too-complex', 'a page tree without floor', () => handMade({ objects: { ...page, ...deepTree(100) } })],
    [
      'too-complex',
      'millions of values',
      () => handMade({ objects: page, style: 'stream', trailer: '/Extra[' + '0 '.repeat(2_100_000) + ']' }),
    ],
  ];

  test.each(cases)('is refused as %s: %s', (refusal, _, make) => {
    const bytes = make();
    const start = performance.now();
    expect(outcome(bytes)).toBe(refusal);
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test('gets a sentence for a clerk, one for every refusal', () => {
    for (const refusal of documentRefusals) expect(refusalSentences[refusal]).toMatch(/^[A-Z].+\. ?.+\.$/);
    expect(examine(new Uint8Array(0))).toEqual({ ok: false, refusal: 'empty', sentence: refusalSentences.empty });
  });

  test('is refused above the limits that the station sets', () => {
    expect(examine(agreement(), { maxBytes: 1000, maxPages: 500 })).toMatchObject({ refusal: 'too-large' });
    expect(examine(agreement(), { maxBytes: 1_000_000, maxPages: 2 })).toMatchObject({ refusal: 'too-many-pages' });
  });
});

describe('any document with bytes changed or cut off', () => {
  test('ends as a document or a refusal, 2,000 times, and never takes long', () => {
    const seeds = [
      agreement(),
      throughQpdf(agreement(), '--object-streams=generate'),
      handMade({ objects: onePage({ 5: '<</Title(hidden)>>' }), hidden: [3, 5], trailer: '/Info 5 0 R' }),
      handMade({ objects: onePage(), style: 'stream' }),
    ];
    let state = 20_260_417;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const seen = new Map<string, number>();
    let slowest = 0;
    for (let round = 0; round < 2000; round += 1) {
      const bytes = Uint8Array.from(seeds[round % seeds.length] ?? agreement());
      for (let flips = 1 + random(4); flips > 0; flips -= 1) bytes[random(bytes.length)] = random(256);
      const input = round % 10 === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
      const start = performance.now();
      const ended = outcome(input);
      slowest = Math.max(slowest, performance.now() - start);
      seen.set(ended, (seen.get(ended) ?? 0) + 1);
    }
    expect([...seen.values()].reduce((sum, count) => sum + count, 0)).toBe(2000);
    expect(seen.get('ok') ?? 0).toBeGreaterThan(0);
    expect(seen.get('damaged') ?? 0).toBeGreaterThan(0);
    expect(slowest).toBeLessThan(10_000);
  });
});

describe('a file in the inbox', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'countersign-intake-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const refusalOf = async (path: string): Promise<string> => {
    const read = await readDocument(path, examineHere());
    return read.ok ? 'ok' : read.refusal;
  };

  test('is read once, and its digest is that of the bytes given back', async () => {
    const read = await readDocument(agreementPath, examineHere());
    expect(read).toMatchObject({ ok: true, document: { name: 'agreement.pdf', pages: 3, signatures: 0, size: agreement().length } });
    if (read.ok) expect(read.document.digest).toBe(createHash('sha256').update(read.document.bytes).digest('hex'));
  });

  test('has a name in which nothing hides', async () => {
    const path = join(folder, 'con\u202etract\u200b.pdf');
    writeFileSync(path, agreement());
    expect(await readDocument(path, examineHere())).toMatchObject({ ok: true, document: { name: 'con\\u{202e}tract\\u{200b}.pdf' } });
  });

  test('is refused when it is a folder, a link, a fifo, a device or not there, without waiting', async () => {
    const path = (name: string): string => join(folder, name);
    mkdirSync(path('folder.pdf'));
    symlinkSync(agreementPath, path('link.pdf'));
    execFileSync('mkfifo', [path('fifo.pdf')]);
    expect(await refusalOf(path('folder.pdf'))).toBe('not-a-file');
    expect(await refusalOf(path('link.pdf'))).toBe('not-a-file');
    expect(await refusalOf(path('fifo.pdf'))).toBe('not-a-file');
    expect(await refusalOf('/dev/zero')).toBe('not-a-file');
    expect(await refusalOf(path('a\0b.pdf'))).toBe('not-a-file');
    expect(await refusalOf(path('nowhere.pdf'))).toBe('unreadable');
  });

  test('is refused when the station may not read it', async () => {
    const path = join(folder, 'closed.pdf');
    writeFileSync(path, agreement(), { mode: 0 });
    // The administrator of the machine may read everything; then the name of a folder that is a file stands in for it (ENOTDIR).
    expect(await refusalOf(process.getuid?.() === 0 ? join(agreementPath, 'closed.pdf') : path)).toBe('unreadable');
  });

  test('is refused by its size before it is read', async () => {
    const path = join(folder, 'large.pdf');
    writeFileSync(path, '');
    execFileSync('truncate', ['-s', '4G', path]);
    const start = performance.now();
    expect(await refusalOf(path)).toBe('too-large');
    expect(performance.now() - start).toBeLessThan(500);
  });
});

function pages(count: number): Record<number, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [10 + index, '<</Type/Page/Parent 2 0 R>>']));
}

function manyPages(count: number): string {
  return `<</Type/Pages/Kids[${Array.from({ length: count }, (_, index) => `${10 + index} 0 R`).join(' ')}]/Count ${count}>>`;
}

function deepTree(depth: number): Record<number, string> {
  const node = (index: number): string => `<</Type/Pages/Kids[${index === depth ? 3 : 11 + index} 0 R]/Count 1>>`;
  return {
    2: '<</Type/Pages/Kids[10 0 R]/Count 1>>',
    ...Object.fromEntries(Array.from({ length: depth + 1 }, (_, index) => [10 + index, node(index)])),
  };
}

function handMadeWithStart(start: string): Uint8Array {
  const file = Buffer.from(handMade({ objects: onePage() })).toString('latin1');
  return Uint8Array.from(Buffer.from(file.replace(/startxref\n\d+/, `startxref\n${start}`), 'latin1'));
}

function prevLoop(): Uint8Array {
  const plain = handMade({ objects: onePage(), trailer: '/Prev 00000' });
  const start = /startxref\n(\d+)/.exec(Buffer.from(plain).toString('latin1'))?.[1] ?? '';
  return replaced(plain, '/Prev 00000', `/Prev ${start.padStart(5, '0')}`);
}
