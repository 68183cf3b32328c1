import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ContainerFile, prepareAnotherSignature, prepareAsicE, prepareAsicS } from '../../../agent/documents/asic.ts';
import { asicTypes } from '../../../agent/documents/asic-layout.ts';
import { bytesSource } from '../../../agent/documents/byte-source.ts';
import type { ContentReport } from '../../../agent/documents/content-report.ts';
import { verifyContainer } from '../../../agent/documents/verify-container.ts';
import { ZipReader } from '../../../agent/documents/zip-reader.ts';
import { type ZipPart, writeZip } from '../../../agent/documents/zip-writer.ts';
import { Holders, type KeyUse, keyUses } from '../../support/holders.ts';

const files: readonly ContainerFile[] = [
  { name: 'contract.txt', bytes: Buffer.from('We agree.\n'), mimeType: 'text/plain' },
  { name: 'annex/numbers.csv', bytes: Buffer.from('1;2\n'), mimeType: 'text/csv' },
];
const [file = { name: '', bytes: Buffer.of(), mimeType: '' }] = files;
let holders: Holders;
let signed: Uint8Array;
let other: Uint8Array;
let single: Uint8Array;

beforeAll(() => {
  holders = new Holders();
  signed = holders.finish(prepareAsicE(files, holders.request()));
  other = holders.finish(prepareAsicE([{ ...file, bytes: Buffer.from('We do not.\n') }], holders.request()));
  single = holders.finish(prepareAsicS(file, holders.request()));
});
afterAll(() => holders.end());

function judge(container: Uint8Array): ContentReport {
  return verifyContainer(bytesSource(container), { trust: holders.trust });
}

/** Outcome and sub-indication of the first signature, in one line. */
function verdict({ outcome, signatures: [first] }: ContentReport): string {
  return [outcome, first?.subIndication].filter((part) => part !== undefined).join(' ');
}

function partsOf(container: Uint8Array): ZipPart[] {
  const reader = new ZipReader(bytesSource(container));
  return reader.entries.map((entry) => ({ name: entry.name, bytes: Uint8Array.from(reader.read(entry, 1_000_000)) }));
}

/** The container put together anew, each entry as `change` gives it back; what it leaves out is not there. */
function rebuilt(container: Uint8Array, change: (part: ZipPart) => ZipPart | undefined, ...more: readonly ZipPart[]): Uint8Array {
  return writeZip([...partsOf(container).flatMap((part) => change(part) ?? []), ...more]);
}

const same = (part: ZipPart): ZipPart => part;
function withBytes(name: string, bytes: (before: Uint8Array) => Uint8Array): (part: ZipPart) => ZipPart {
  return (part) => (part.name === name ? { name, bytes: bytes(part.bytes) } : part);
}
function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((octet, index) => (index === at ? octet ^ 1 : octet));
}

describe('a container as it was signed', () => {
  test.each(keyUses)('with many files, by $choice, $scheme, passes: every file is covered', (use) => {
    const report = judge(holders.finish(prepareAsicE(files, holders.request(use)), use));
    expect(report).toMatchObject({ format: 'asic-e', outcome: 'TOTAL-PASSED', uncovered: [] });
    expect(report.signatures[0]).toMatchObject({ covers: files.map(({ name }) => name), signer: { name: `ნინო Müller ${use.choice}` } });
  });

  test('with one file passes', () => {
    expect(judge(single)).toMatchObject({
      format: 'asic-s',
      outcome: 'TOTAL-PASSED',
      uncovered: [],
      signatures: [{ covers: ['contract.txt'] }],
    });
  });

  test('with three signatures passes, and one that is spoiled takes no other with it', () => {
    const use: KeyUse = { choice: 'P-384', scheme: 'ecdsa' };
    const thrice = holders.finish(
      prepareAnotherSignature(holders.finish(prepareAnotherSignature(signed, holders.request(use)), use), holders.request()),
    );
    expect(judge(thrice).signatures.map((one) => one.verdict)).toEqual(['TOTAL-PASSED', 'TOTAL-PASSED', 'TOTAL-PASSED']);
    const spoiled = judge(
      rebuilt(
        thrice,
        withBytes('META-INF/signature002.p7s', (bytes) => flipped(bytes, bytes.length - 5)),
      ),
    );
    expect(spoiled.outcome).toBe('TOTAL-FAILED');
    expect(spoiled.signatures.map((one) => one.verdict)).toEqual(
      ['TOTAL-PASSED', 'TOTAL-FAILED', 'TOTAL-PASSED'].map((one) => (one === 'TOTAL-PASSED' ? 'INDETERMINATE' : one)),
    );
  });

  test('without trusted issuers is undecided', () => {
    expect(verdict(verifyContainer(bytesSource(signed)))).toBe('INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND');
  });
});

describe('a container that was tampered with', () => {
  const manifest = 'META-INF/ASiCManifest001.xml';
  const p7s = 'META-INF/signature001.p7s';
  const theirs = (name: string): Uint8Array => partsOf(other).find((part) => part.name === name)?.bytes ?? Buffer.of();
  const change = (from: string, to: string) => (bytes: Uint8Array) =>
    Buffer.from(Buffer.from(bytes).toString('latin1').replace(from, to), 'latin1');

  test('the container that the others are made from passes when it is put together anew', () => {
    expect(verdict(judge(rebuilt(signed, same)))).toBe('TOTAL-PASSED');
    expect(verdict(judge(rebuilt(single, same)))).toBe('TOTAL-PASSED');
  });

  test.each<[string, () => Uint8Array, string]>([
    ['content changed', () => rebuilt(signed, withBytes('contract.txt', change('We', 'We dis'))), 'TOTAL-FAILED HASH_FAILURE'],
    ['content changed, check sums left', () => change('We agree', 'We argue')(signed), 'TOTAL-FAILED HASH_FAILURE'],
    [
      'content of the one file changed',
      () => rebuilt(single, withBytes('contract.txt', change('We', 'We dis'))),
      'TOTAL-FAILED HASH_FAILURE',
    ],
    ['manifest changed', () => rebuilt(signed, withBytes(manifest, change('text/csv', 'text/xml'))), 'TOTAL-FAILED HASH_FAILURE'],
    [
      'manifest and content changed together',
      () =>
        rebuilt(signed, (part) => ({
          name: part.name,
          bytes: part.name.startsWith('META-INF/ASiC')
            ? theirs(part.name)
            : part.name === 'contract.txt'
              ? theirs('contract.txt')
              : part.bytes,
        })),
      'TOTAL-FAILED HASH_FAILURE',
    ],
    [
      'manifest that is no manifest',
      () =>
        rebuilt(
          signed,
          withBytes(manifest, () => Buffer.from('<x/>')),
        ),
      'TOTAL-FAILED FORMAT_FAILURE',
    ],
    ['manifest removed', () => rebuilt(signed, (part) => (part.name === manifest ? undefined : part)), 'TOTAL-FAILED FORMAT_FAILURE'],
    [
      'manifest twice for one signature',
      () => rebuilt(signed, same, { name: 'META-INF/ASiCManifest2.xml', bytes: theirs(manifest) }),
      'TOTAL-FAILED FORMAT_FAILURE',
    ],
    [
      'signature of another container',
      () =>
        rebuilt(
          signed,
          withBytes(p7s, () => theirs(p7s)),
        ),
      'TOTAL-FAILED HASH_FAILURE',
    ],
    [
      'signature changed',
      () =>
        rebuilt(
          signed,
          withBytes(p7s, (bytes) => flipped(bytes, bytes.length - 5)),
        ),
      'TOTAL-FAILED SIG_CRYPTO_FAILURE',
    ],
    [
      'signature with something behind it',
      () =>
        rebuilt(
          signed,
          withBytes(p7s, (bytes) => Buffer.concat([bytes, Buffer.alloc(4)])),
        ),
      'TOTAL-FAILED FORMAT_FAILURE',
    ],
    ['signature removed', () => rebuilt(signed, (part) => (part.name === p7s ? undefined : part)), 'NO-SIGNATURE'],
    [
      'a second signature that nothing names',
      () => rebuilt(signed, same, { name: 'META-INF/signature9.p7s', bytes: theirs(p7s) }),
      'TOTAL-FAILED',
    ],
    ['a file removed', () => rebuilt(signed, (part) => (part.name === 'contract.txt' ? undefined : part)), 'TOTAL-FAILED HASH_FAILURE'],
    [
      'a file renamed',
      () => rebuilt(signed, (part) => ({ ...part, name: part.name.replace('contract', 'agreement') })),
      'TOTAL-FAILED HASH_FAILURE',
    ],
    [
      'a file added',
      () => rebuilt(signed, same, { name: 'annex/more.csv', bytes: Buffer.from('3;4\n') }),
      'INDETERMINATE SIG_CONSTRAINTS_FAILURE',
    ],
    [
      'a file added among what belongs to the container',
      () => rebuilt(signed, same, { name: 'META-INF/more.xml', bytes: Buffer.from('<x/>') }),
      'INDETERMINATE SIG_CONSTRAINTS_FAILURE',
    ],
    ['a second file beside the one', () => rebuilt(single, same, { name: 'b.txt', bytes: Buffer.of() }), 'TOTAL-FAILED FORMAT_FAILURE'],
    [
      'another kind named',
      () =>
        rebuilt(
          signed,
          withBytes('mimetype', () => Buffer.from(asicTypes['asic-s'])),
        ),
      'TOTAL-FAILED FORMAT_FAILURE',
    ],
    [
      'no kind named',
      () =>
        rebuilt(
          signed,
          withBytes('mimetype', () => Buffer.from('application/zip')),
        ),
      'TOTAL-FAILED FORMAT_FAILURE',
    ],
    ['the kind not named first', () => writeZip(partsOf(signed).reverse()), 'TOTAL-FAILED FORMAT_FAILURE'],
    ['an entry twice', () => rebuilt(signed, same, { name: 'CONTRACT.txt', bytes: Buffer.of() }), 'UNREADABLE'],
    ['something in front', () => Buffer.concat([Buffer.from('%PDF-1.7\n'), signed]), 'UNREADABLE'],
    ['something behind', () => Buffer.concat([signed, Buffer.from('%%EOF\n')]), 'UNREADABLE'],
    ['a plain ZIP file', () => writeZip(files), 'UNREADABLE'],
    ['XAdES beside it', () => rebuilt(signed, same, { name: 'META-INF/signatures0.xml', bytes: Buffer.from('<x/>') }), 'INDETERMINATE'],
  ])('does not pass: %s', (_, make, expected) => {
    expect(verdict(judge(make()))).toBe(expected);
  });

  test('every file that nobody signed, that is missing or that was changed is named', () => {
    const added = judge(rebuilt(signed, same, { name: 'annex/fdp.exe', bytes: Buffer.from('3') }));
    expect(added.uncovered).toEqual(['annex/fdp.exe']);
    const missing = judge(rebuilt(signed, (part) => (part.name === 'contract.txt' ? undefined : part)));
    expect(missing.signatures[0]).toMatchObject({
      intact: false,
      covers: ['annex/numbers.csv'],
      sentences: ['contract.txt was signed and is missing.'],
    });
    expect(judge(rebuilt(signed, withBytes('contract.txt', change('We', 'He')))).uncovered).toEqual(['contract.txt']);
  });

  test('whatever is done to its bytes: nothing passes that says something else, and nothing but a report comes out', () => {
    const before = partsOf(signed).filter(({ name }) => !name.startsWith('META-INF'));
    fc.assert(
      fc.property(fc.nat(signed.length - 1), fc.nat(6), fc.uint8Array({ maxLength: 6 }), (at, cut, more) => {
        const bytes = Buffer.concat([signed.subarray(0, at), more, signed.subarray(at + cut)]);
        if (judge(bytes).outcome !== 'TOTAL-PASSED') return;
        expect(partsOf(bytes).filter(({ name }) => !name.startsWith('META-INF'))).toEqual(before);
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(judge(bytes).outcome).toBe('UNREADABLE');
      }),
      { numRuns: 100 },
    );
  });
});
