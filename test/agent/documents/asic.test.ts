import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SignatureRefused, digestOf } from '../../../agent/documents/algorithms.ts';
import { type ContainerFile, prepareAnotherSignature, prepareAsicE, prepareAsicS } from '../../../agent/documents/asic.ts';
import { ManifestRefused, readManifest, writeManifest } from '../../../agent/documents/asic-manifest.ts';
import { bytesSource } from '../../../agent/documents/byte-source.ts';
import { readXml } from '../../../agent/documents/xml-reader.ts';
import { ZipReader } from '../../../agent/documents/zip-reader.ts';
import { ZipRefused } from '../../../agent/documents/zip-refused.ts';
import { writeZip } from '../../../agent/documents/zip-writer.ts';
import { foreignView, unzipAccepts } from '../../support/foreign-asic.ts';
import { Holders, type KeyUse, keyUses } from '../../support/holders.ts';
import { opensslAcceptsDetached } from '../../support/openssl-cms.ts';
import { signWith } from '../../support/signing-keys.ts';

let holders: Holders;
beforeAll(() => {
  holders = new Holders();
});
afterAll(() => holders.end());

const files: readonly ContainerFile[] = [
  { name: 'contract.txt', bytes: Buffer.from('We agree.\n'), mimeType: 'text/plain' },
  { name: 'Anlagen/Größe & "Maß" <1>.csv', bytes: Buffer.from('1;2\n'), mimeType: 'text/csv; header="present"' },
  { name: 'Anlagen/100% ნინო+#?.bin', bytes: Buffer.from([0, 1, 2, 255]), mimeType: 'application/octet-stream' },
];

function content(container: Uint8Array, name: string): Uint8Array {
  const reader = new ZipReader(bytesSource(container));
  const entry = reader.entry(name);
  if (entry === undefined) throw new Error(`no ${name}`);
  return reader.read(entry, 1_000_000);
}

function signE(use?: KeyUse): Uint8Array {
  return holders.finish(prepareAsicE(files, holders.request(use)), use);
}

describe('a container with many files', () => {
  test.each(keyUses)(
    'signed with $choice, $scheme: Python finds every digest right, openssl accepts the signature over the manifest',
    (use) => {
      const container = signE(use);
      const view = foreignView(container);
      expect(view).toMatchObject({ mimetype: 'application/vnd.etsi.asic-e+zip', mimetypeFirst: true, wrong: [] });
      expect(view.signed).toEqual({ 'META-INF/signature001.p7s': files.map(({ name }) => name) });
      const [manifest, p7s] = [content(container, 'META-INF/ASiCManifest001.xml'), content(container, 'META-INF/signature001.p7s')];
      expect(opensslAcceptsDetached(p7s, manifest, holders.root.certificatePath)).toBe(true);
      expect(opensslAcceptsDetached(p7s, Buffer.concat([manifest, Buffer.from(' ')]), holders.root.certificatePath)).toBe(false);
    },
  );

  test('is read by Info-ZIP and by Python, which finds every digest right, and is the same bytes for the same request', () => {
    const use: KeyUse = { choice: 'rsa-2048', scheme: 'rsa-pkcs1' };
    const request = holders.request(use);
    const [one, two] = [1, 2].map(() => holders.finish(prepareAsicE(files, request), use));
    expect(unzipAccepts(one ?? Buffer.of())).toBe(true);
    expect(Buffer.from(one ?? []).equals(two ?? Buffer.of())).toBe(true);
    const view = foreignView(one ?? Buffer.of());
    expect(view).toMatchObject({ mimetype: 'application/vnd.etsi.asic-e+zip', mimetypeFirst: true, wrong: [] });
    expect(view.signed).toEqual({ 'META-INF/signature001.p7s': files.map(({ name }) => name) });
  });

  test('takes a second and a third signature behind the first, of which no byte changes', () => {
    const once = signE();
    const other: KeyUse = { choice: 'P-384', scheme: 'ecdsa' };
    const twice = holders.finish(prepareAnotherSignature(once, holders.request(other)), other);
    const thrice = holders.finish(prepareAnotherSignature(twice, holders.request()));
    const entriesOf = (container: Uint8Array): Uint8Array => new ZipReader(bytesSource(container)).beginning().entries;
    expect(Buffer.from(entriesOf(thrice)).subarray(0, entriesOf(once).length).equals(entriesOf(once))).toBe(true);
    expect(unzipAccepts(thrice)).toBe(true);
    const { signed, wrong } = foreignView(thrice);
    expect(wrong).toEqual([]);
    const names = files.map(({ name }) => name);
    expect(Object.entries(signed)).toEqual(['001', '002', '003'].map((number) => [`META-INF/signature${number}.p7s`, names]));
    for (const number of ['001', '002', '003']) {
      const [manifest, p7s] = [content(thrice, `META-INF/ASiCManifest${number}.xml`), content(thrice, `META-INF/signature${number}.p7s`)];
      expect(opensslAcceptsDetached(p7s, manifest, holders.root.certificatePath)).toBe(true);
    }
    expect(readManifest(content(thrice, 'META-INF/ASiCManifest003.xml')).files.map(({ mimeType }) => mimeType)).toEqual(
      files.map(({ mimeType }) => mimeType),
    );
  });

  test('does not come to be from names that no container may hold, from nothing, or with a signature that does not hold', () => {
    const [file] = files;
    if (file === undefined) throw new Error('no file');
    for (const name of ['../x', '/x', 'META-INF/x', 'meta-inf', 'mimetype', 'Mimetype', 'a\\b', '', 'a//b']) {
      expect(() => prepareAsicE([{ ...file, name }], holders.request())).toThrow(ZipRefused);
    }
    expect(() => prepareAsicE([file, { ...file, name: 'CONTRACT.txt' }], holders.request())).toThrow(ZipRefused);
    expect(() => prepareAsicE([], holders.request())).toThrow(RangeError);
    expect(() => prepareAnotherSignature(writeZip(files), holders.request())).toThrow(SignatureRefused);
    expect(() => prepareAnotherSignature(Buffer.from('hello'), holders.request())).toThrow(ZipRefused);
    const prepared = prepareAsicE(files, holders.request());
    expect(() => prepared.finish(signWith(holders.issuer.key, 'ecdsa', 'sha256', prepared.message))).toThrow(SignatureRefused);
  });
});

describe('a container with one file', () => {
  test('is its signature and the file; openssl accepts the one over the other', () => {
    const [file] = files;
    if (file === undefined) throw new Error('no file');
    const container = holders.finish(prepareAsicS(file, holders.request()));
    const view = foreignView(container);
    expect(view).toMatchObject({ mimetype: 'application/vnd.etsi.asic-s+zip', mimetypeFirst: true });
    expect(view.names).toEqual(['mimetype', 'contract.txt', 'META-INF/signature.p7s']);
    const p7s = content(container, 'META-INF/signature.p7s');
    expect(opensslAcceptsDetached(p7s, file.bytes, holders.root.certificatePath)).toBe(true);
    expect(opensslAcceptsDetached(p7s, Buffer.from('We do not.\n'), holders.root.certificatePath)).toBe(false);
    expect(() => prepareAsicS({ ...file, name: 'folder/contract.txt' }, holders.request())).toThrow(ZipRefused);
  });
});

describe('a manifest', () => {
  const digest = digestOf('sha256', Buffer.from('x'));
  const base64 = Buffer.from(digest).toString('base64');
  const method = '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>';
  const file = (uri: string, inside = `${method}<ds:DigestValue>${base64}</ds:DigestValue>`): string =>
    `<DataObjectReference URI="${uri}">${inside}</DataObjectReference>`;
  const head = '<ASiCManifest xmlns="http://uri.etsi.org/02918/v1.2.1#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#">';
  const manifest = (...inside: readonly string[]): Uint8Array =>
    Buffer.from(`${head}<SigReference URI="META-INF/signature1.p7s"/>${inside.join('')}</ASiCManifest>`);

  test('comes back as it was written, whatever the names', () => {
    const part = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
      .filter((text) => !/^\.\.?$|[/\\\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]|^[A-Za-z]:/u.test(text));
    const made = fc.record({ name: part, mimeType: fc.option(fc.constantFrom('text/plain', 'a/b; c="<&>"'), { nil: undefined }) });
    fc.assert(
      fc.property(fc.uniqueArray(made, { selector: ({ name }) => name, minLength: 1, maxLength: 5 }), (all) => {
        const listed = all.map((one) => ({ ...one, hash: 'sha512' as const, digest: digestOf('sha512', Buffer.from(one.name)) }));
        expect(readManifest(writeManifest('META-INF/signature001.p7s', listed))).toEqual({
          signature: 'META-INF/signature001.p7s',
          files: listed,
        });
      }),
      { numRuns: 150 },
    );
  });

  test('of another program is read: other prefixes, comments, extensions that are not critical', () => {
    const extension =
      '<DataObjectReferenceExtensions><Extension Critical="false"><x xmlns="urn:x">any</x></Extension></DataObjectReferenceExtensions>';
    const inside = `<!-- one -->${method}\n<ds:DigestValue>\n${base64}\n</ds:DigestValue>${extension}`;
    const found = readManifest(
      Buffer.concat([Buffer.from("\ufeff<?xml version='1.0' encoding='utf-8' standalone='yes'?>\n"), manifest(file('a%20b.txt', inside))]),
    );
    expect(found).toEqual({
      signature: 'META-INF/signature1.p7s',
      files: [{ name: 'a b.txt', mimeType: undefined, hash: 'sha256', digest: Uint8Array.from(digest) }],
    });
    const sha1 = file(
      'a',
      `<ds:DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/><ds:DigestValue>${base64}</ds:DigestValue>`,
    );
    expect(readManifest(manifest(sha1)).files[0]?.hash).toBeUndefined();
  });

  test.each<[string, () => Uint8Array]>([
    ['no files', () => manifest()],
    ['a file twice', () => manifest(file('a'), file('%61'))],
    ['a file outside', () => manifest(file('../a'))],
    ['a file outside, in disguise', () => manifest(file('%2e%2e/a'))],
    ['a file on the network', () => manifest(file('http://example.org/a'))],
    ['a file with a fragment', () => manifest(file('a#b'))],
    ['a file without a digest', () => manifest(file('a', method))],
    ['a digest that is not base64', () => manifest(file('a', `${method}<ds:DigestValue>a*b=</ds:DigestValue>`))],
    ['a critical extension', () => manifest(file('a'), '<ASiCManifestExtensions><Extension Critical="true"/></ASiCManifestExtensions>')],
    ['another element', () => manifest(file('a'), '<x xmlns="urn:x"/>')],
    [
      'another namespace',
      () =>
        Buffer.from(
          Buffer.from(manifest(file('a')))
            .toString()
            .replace('v1.2.1', 'v9'),
        ),
    ],
    ['an entity of its own', () => Buffer.concat([Buffer.from('<!DOCTYPE a [<!ENTITY b "c">]>'), manifest(file('&b;'))])],
    ['a reference to an entity that nobody declared', () => manifest(file('&b;'))],
    ['a processing instruction', () => manifest('<?php ?>', file('a'))],
    ['a section of characters', () => manifest(file('a', `${method}<ds:DigestValue><![CDATA[${base64}]]></ds:DigestValue>`))],
    ['another encoding', () => Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a/>')],
    ['UTF-16', () => Buffer.from('\ufeff<a/>', 'utf16le')],
    ['an element that is not closed', () => manifest(file('a')).subarray(0, -5)],
    ['a prefix that nobody declared', () => manifest('<q:DataObjectReference/>')],
    ['elements without end', () => Buffer.from('<a>'.repeat(100_000))],
  ])('is refused with %s', (_, make) => {
    expect(() => readManifest(make())).toThrow(ManifestRefused);
  });

  test('whatever is done to it, comes back or is refused, and nothing else happens', () => {
    const bytes = Buffer.from(writeManifest('META-INF/signature001.p7s', [{ name: 'a', mimeType: 'text/plain', hash: 'sha256', digest }]));
    fc.assert(
      fc.property(
        fc.nat(bytes.length),
        fc.nat(8),
        fc.string({ unit: fc.constantFrom('<', '>', '&', ';', '"', '/', '=', '?', '!', '-', ' ', 'a', ':', 'x', '%', '.'), maxLength: 6 }),
        (at, cut, more) => {
          const other = Buffer.concat([bytes.subarray(0, at), Buffer.from(more), bytes.subarray(at + cut)]);
          try {
            readManifest(other);
          } catch (problem) {
            expect(problem).toBeInstanceOf(ManifestRefused);
          }
        },
      ),
      { numRuns: 500 },
    );
    expect(readXml(Buffer.from('<a b="&#x41;&amp;">c&#66;</a>'))).toMatchObject({ text: 'cB', attributes: new Map([['b', 'A&']]) });
  });
});
