/** A timestamp on a .p7s, by the commands; the file that it signs is not needed for it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { timestampApply } from '../../../agent/commands/timestamp-apply.ts';
import { timestampRequest } from '../../../agent/commands/timestamp-request.ts';
import { verify } from '../../../agent/commands/verify.ts';
import { digestOf } from '../../../agent/documents/algorithms.ts';
import { prepareCades } from '../../../agent/documents/cades.ts';
import { verifyDetached } from '../../../agent/documents/verify-detached.ts';
import { opensslAcceptsDetached } from '../../support/openssl-cms.ts';
import { signWith } from '../../support/signing-keys.ts';
import { TimestampStory, call, days } from '../../support/timestamp-story.ts';

const story = new TimestampStory();
const { ring, short, link, root, query, answer } = story;
const [accounts, p7s, out] = [ring.path('accounts.txt'), ring.path('c.p7s'), ring.path('c-timestamped.p7s')];
const content = Buffer.from('The accounts of this year.\n');

afterAll(() => ring.end());
beforeEach(() => story.clear());

function sign(): Uint8Array {
  const signedAt = new Date(Date.now() + 5000);
  const request = { certificate: short.certificate, chain: [link.certificate], hash: 'sha384', scheme: 'ecdsa', signedAt } as const;
  const prepared = prepareCades(digestOf('sha384', content), request);
  return prepared.finish(signWith(short.key, 'ecdsa', 'sha384', prepared.message));
}

test('a .p7s takes a timestamp, is accepted by openssl and carries on when its certificate has expired', async () => {
  const signed = sign();
  writeFileSync(accounts, content);
  writeFileSync(p7s, signed);
  expect(await call(timestampRequest, p7s)).toMatchObject({ code: 0 });
  writeFileSync(answer, story.openssl.answer(readFileSync(query)));
  expect(await call(timestampApply, p7s, answer, '--trust', story.trust)).toMatchObject({ code: 0, err: '' });
  const stamped = new Uint8Array(readFileSync(out));
  expect(opensslAcceptsDetached(stamped, content, root.certificatePath)).toBe(true);
  const said = await call(verify, out, '--verbose', '--content', accounts, '--trust', story.trust);
  expect(said).toMatchObject({ code: 0, out: expect.stringMatching(/timestamp .* by Time Authority: TOTAL-PASSED/) as string });
  const judged = async (bytes: Uint8Array) => {
    const beside = { name: 'accounts.txt', digest: (hash: Parameters<typeof digestOf>[0]) => Promise.resolve(digestOf(hash, content)) };
    return (await verifyDetached(bytes, beside, { trust: story.issuers, now: days(10) })).signatures[0];
  };
  expect(await judged(signed)).toMatchObject({ verdict: 'INDETERMINATE', subIndication: 'OUT_OF_BOUNDS_NO_POE' });
  expect(await judged(stamped)).toMatchObject({ verdict: 'TOTAL-PASSED' });
});

test.each([
  ['whose signature is wrong', () => wrong(sign()), [], /A timestamp would prove nothing\. The signature was not made with the key/],
  ['that is asked for a field', sign, ['--field', 'Signature1'], /holds one signature, and no fields/],
  ['that is no whole container', () => Buffer.from('PK\u0003\u0004and so on'), [], /cut off/],
] as const)('a file %s gets no request', async (_name, make, words, sentence) => {
  writeFileSync(p7s, make());
  expect(await call(timestampRequest, p7s, ...words)).toMatchObject({ code: 1, err: expect.stringMatching(sentence) as string });
  expect(() => readFileSync(query)).toThrow('ENOENT');
});

function wrong(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[copy.length - 3] = (copy[copy.length - 3] ?? 0) ^ 1;
  return copy;
}
