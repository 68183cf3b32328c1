/** A timestamp on a signature in a container, by the commands: head office's answer goes into the one signature, and everything else stays as it is. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { timestampApply } from '../../../agent/commands/timestamp-apply.ts';
import { timestampRequest } from '../../../agent/commands/timestamp-request.ts';
import { verify } from '../../../agent/commands/verify.ts';
import { prepareAnotherSignature, prepareAsicE, prepareAsicS } from '../../../agent/documents/asic.ts';
import { bytesSource } from '../../../agent/documents/byte-source.ts';
import type { PreparedSignature } from '../../../agent/documents/prepared.ts';
import { verifyContainer } from '../../../agent/documents/verify-container.ts';
import { ZipReader } from '../../../agent/documents/zip-reader.ts';
import { writeZip } from '../../../agent/documents/zip-writer.ts';
import { opensslAcceptsDetached } from '../../support/openssl-cms.ts';
import { signWith } from '../../support/signing-keys.ts';
import { TimestampStory, call, days } from '../../support/timestamp-story.ts';

const story = new TimestampStory();
const { ring, short, link, root, query, answer } = story;
// The request has the name of the file that it is for.
const [container, out] = [query.replace(/\.tsq$/, '.asice'), query.replace(/\.tsq$/, '-timestamped.asice')];
const file = { name: 'accounts.txt', bytes: Buffer.from('The accounts of this year.\n'), mimeType: 'text/plain' };
const plan = { name: 'plan.png', bytes: Uint8Array.from({ length: 5000 }, (_, index) => index % 251), mimeType: 'image/png' };

afterAll(() => ring.end());
beforeEach(() => {
  story.clear();
  rmSync(out, { force: true });
});

function finish(prepare: (request: Parameters<typeof prepareAsicS>[1]) => PreparedSignature): Uint8Array {
  const signedAt = new Date(Date.now() + 5000);
  const prepared = prepare({ certificate: short.certificate, chain: [link.certificate], hash: 'sha384', scheme: 'ecdsa', signedAt });
  return prepared.finish(signWith(short.key, 'ecdsa', 'sha384', prepared.message));
}

const simple = (): Uint8Array => finish((request) => prepareAsicS(file, request));
const extended = (): Uint8Array => finish((request) => prepareAsicE([file, plan], request));
const twice = (): Uint8Array => finish((request) => prepareAnotherSignature(extended(), request));

async function stamp(bytes: Uint8Array, ...words: string[]): Promise<Uint8Array> {
  for (const made of [query, answer, out]) rmSync(made, { force: true });
  writeFileSync(container, bytes);
  expect(await call(timestampRequest, container, ...words)).toMatchObject({ code: 0 });
  writeFileSync(answer, story.openssl.answer(readFileSync(query)));
  expect(await call(timestampApply, container, answer, ...words, '--trust', story.trust)).toMatchObject({ code: 0, err: '' });
  return new Uint8Array(readFileSync(out));
}

const contents = (bytes: Uint8Array) => {
  const reader = new ZipReader(bytesSource(bytes));
  return new Map(reader.entries.map((entry) => [entry.name, Buffer.from(reader.read(entry, entry.size)).toString('hex')]));
};
const later = (bytes: Uint8Array) => verifyContainer(bytesSource(bytes), { trust: story.issuers, now: days(10) }).signatures;

test.each([
  ['with one file', simple, 'META-INF/signature.p7s'],
  ['with two', extended, 'META-INF/signature001.p7s'],
])('a container %s takes a timestamp and carries on when the certificate has expired', async (_name, make, name) => {
  const signed = make();
  const stamped = await stamp(signed);
  const [before, after] = [contents(signed), contents(stamped)];
  expect([...after.keys()]).toEqual([...before.keys()]);
  expect([...after].filter(([path, hex]) => before.get(path) !== hex).map(([path]) => path)).toEqual([name]);
  expect(await call(verify, out, '--verbose', '--trust', story.trust)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/timestamp .* by Time Authority: TOTAL-PASSED/) as string,
  });
  expect(later(signed)).toMatchObject([{ verdict: 'INDETERMINATE', subIndication: 'OUT_OF_BOUNDS_NO_POE' }]);
  expect(later(stamped)).toMatchObject([{ verdict: 'TOTAL-PASSED' }]);
  const manifest = after.get('META-INF/ASiCManifest001.xml');
  const content = manifest === undefined ? file.bytes : Buffer.from(manifest, 'hex');
  expect(opensslAcceptsDetached(Buffer.from(after.get(name) ?? '', 'hex'), content, root.certificatePath)).toBe(true);
});

test('of two signatures the named one gets it, then the other one', async () => {
  const first = await stamp(twice(), '--field', 'META-INF/signature001.p7s');
  expect(later(first)).toMatchObject([{ verdict: 'TOTAL-PASSED' }, { subIndication: 'OUT_OF_BOUNDS_NO_POE' }]);
  expect(later(await stamp(first))).toMatchObject([{ verdict: 'TOTAL-PASSED' }, { verdict: 'TOTAL-PASSED' }]);
});

function without(bytes: Uint8Array, name: string, more: readonly { name: string; bytes: Uint8Array }[] = []): Uint8Array {
  const kept = [...contents(bytes)]
    .filter(([path]) => path !== name)
    .map(([path, hex]) => ({ name: path, bytes: Buffer.from(hex, 'hex') }));
  return writeZip([...kept, ...more]);
}

test.each([
  [
    'whose file was changed',
    () => without(simple(), file.name, [{ name: file.name, bytes: plan.bytes }]),
    [],
    /does not hold, so a timestamp/,
  ],
  ['that nobody signed', () => without(simple(), 'META-INF/signature.p7s'), [], /no signature in this container/],
  ['that is asked for another signature', extended, ['--field', 'META-INF/signature9.p7s'], /There is: META-INF\/signature001\.p7s/],
  [
    'that has something over its signatures',
    () => without(extended(), '', [{ name: 'META-INF/ASiCArchiveManifest001.xml', bytes: Buffer.from('<x/>') }]),
    [],
    /covers its signatures/,
  ],
  ['that is cut off', () => simple().subarray(0, 400), [], /cut off/],
] as const)('a container %s gets no request', async (_name, make, words, sentence) => {
  writeFileSync(container, make());
  expect(await call(timestampRequest, container, ...words)).toMatchObject({ err: expect.stringMatching(sentence) as string });
  expect(() => readFileSync(query)).toThrow('ENOENT');
});

test('a second timestamp on the same signature, and one for another container, are refused', async () => {
  const stamped = await stamp(simple());
  writeFileSync(container, stamped);
  expect(await call(timestampRequest, container, '--out', `${query}2`)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/already/) as string,
  });
  writeFileSync(container, extended());
  expect(await call(timestampApply, container, answer, '--out', `${out}2`)).toMatchObject({ code: 1 });
});
