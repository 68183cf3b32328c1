/** Requests to a time stamping authority and what its tokens are worth; the authority is openssl's, and it also reads what we write. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Hash, digestOf } from '../../../agent/documents/algorithms.ts';
import { derFromBer } from '../../../agent/documents/ber.ts';
import { octetString, tags } from '../../../agent/documents/der.ts';
import { type DerElement, children, readDer } from '../../../agent/documents/der-reader.ts';
import { judgeTimestamp } from '../../../agent/documents/judge-timestamp.ts';
import { tokenIn } from '../../../agent/documents/timestamp-answer.ts';
import { imprintOf, nonceFor, timestampRequest } from '../../../agent/documents/timestamp-request.ts';
import { readTimestampToken } from '../../../agent/documents/timestamp-token.ts';
import { type Trust, makeTrust } from '../../../agent/documents/trust.ts';
import { type Issued, KeyRing, authority } from '../../support/signing-keys.ts';
import {
  TimestampAuthority,
  criticalExtension,
  forgedToken,
  granted,
  ordering,
  timestampsOnly,
} from '../../support/timestamp-authority.ts';

const ring = new KeyRing();
const bytes = Buffer.from('the value of a signature');
const over = (hash: Hash): Uint8Array => digestOf(hash, bytes);
const hourMs = 3_600_000;
/** A little ahead, so that every certificate of the test is valid by then. */
const soon = (): Date => new Date(Date.now() + 60_000);
let root: Issued;
let tsa: Issued;
let rsa: Issued;
let stranger: Issued;
let trust: Trust;
let openssl: TimestampAuthority;

beforeAll(() => {
  root = ring.issue('/CN=Time Root', 'P-256', authority);
  tsa = ring.issue('/CN=Time Authority', 'P-256', timestampsOnly, root, 30);
  rsa = ring.issue('/CN=Time Authority with RSA', 'rsa-2048', timestampsOnly, root, 30);
  stranger = ring.issue('/CN=Nobody', 'P-256', timestampsOnly);
  trust = makeTrust([root.certificate]);
  openssl = new TimestampAuthority(ring, 'ec', tsa, [root]);
});
afterAll(() => ring.end());

/** The same element, with every constructed length left open and long octets in two pieces, as some authorities frame their answers. */
function looselyFramed(found: DerElement): Uint8Array {
  const { tag, content, bytes: whole } = found;
  const open = (parts: readonly Uint8Array[], as = tag): Uint8Array => Buffer.concat([Buffer.of(as, 0x80), ...parts, Buffer.of(0, 0)]);
  if (tag === tags.octetString && content.length > 100)
    return open([octetString(content.subarray(0, 9)), octetString(content.subarray(9))], tag | 0x20);
  return (tag & 0x20) === 0 ? whole : open(children(found).map(looselyFramed));
}

const judged = (token: Uint8Array, at = soon(), whom: Trust | undefined = trust) => judgeTimestamp(token, over, { trust: whom, at });

describe('a request', () => {
  test.each(['sha256', 'sha384', 'sha512'] as const)('with %s is read and answered by openssl, and the answer is ours', (hash) => {
    const imprint = imprintOf(hash, bytes);
    const request = timestampRequest(imprint);
    const text = openssl.read(request);
    expect(text).toMatch(new RegExp(`Hash Algorithm: ${hash}`));
    expect(text).toContain('Certificate required: yes');
    expect(text.toLowerCase()).toContain(
      `nonce: 0x${Buffer.from(nonceFor(imprint))
        .toString('hex')
        .replace(/^(00)+/, '')}`,
    );
    const token = tokenIn(openssl.answer(request));
    expect(openssl.accepts(token, bytes, root)).toBe(true);
    const found = judged(token);
    expect(found).toMatchObject({ verdict: 'TOTAL-PASSED', intact: true, authority: { subjectName: 'Time Authority' } });
    expect(found.token).toMatchObject({ policy: '1.2.3.4.1', accuracyMs: 1500, ordering: true, imprint: { hash } });
    expect(Buffer.from(found.token?.nonce ?? [])).toEqual(Buffer.from(nonceFor(imprint)));
    expect(found.provenAt?.getTime()).toBe((found.token?.time.getTime() ?? 0) + 1500);
    expect(Math.abs(Date.now() - (found.token?.time.getTime() ?? 0))).toBeLessThan(60_000);
  });

  test('is the same every time, and another one for other bytes or another hash', () => {
    const hex = (hash: Hash, text: string): string => Buffer.from(timestampRequest(imprintOf(hash, Buffer.from(text)))).toString('hex');
    expect(hex('sha256', 'a')).toBe(hex('sha256', 'a'));
    expect(nonceFor(imprintOf('sha256', Buffer.from('a')))).not.toEqual(nonceFor(imprintOf('sha256', Buffer.from('b'))));
    expect(nonceFor(imprintOf('sha256', bytes))).not.toEqual(nonceFor(imprintOf('sha384', bytes)));
  });
});

describe('an answer', () => {
  test('is taken as TimeStampResp or token, as DER, base64 or PEM', () => {
    const answer = openssl.answer(timestampRequest(imprintOf('sha256', bytes)));
    const token = tokenIn(answer);
    const base64 = Buffer.from(answer).toString('base64');
    const lines = base64.replace(/.{64}/g, '$&\r\n');
    for (const form of [
      token,
      Buffer.from(base64),
      Buffer.from(` ${lines}\n`),
      Buffer.from(`-----BEGIN TIMESTAMP-----\n${lines}\n-----END TIMESTAMP-----\n`),
    ])
      expect(Buffer.from(tokenIn(form)).equals(token)).toBe(true);
  });

  test('in BER, with lengths left open and octets in pieces, gives the same token as DER', () => {
    const token = tokenIn(openssl.answer(timestampRequest(imprintOf('sha256', bytes))));
    expect(Buffer.from(derFromBer(token)).equals(token)).toBe(true);
    const ber = looselyFramed(readDer(token));
    expect(ber.length).toBeGreaterThan(token.length + 20);
    expect(Buffer.from(tokenIn(ber)).equals(token)).toBe(true);
    expect(judged(tokenIn(granted(ber)))).toMatchObject({ verdict: 'TOTAL-PASSED' });
    for (const cut of [1, 2, 40, ber.length - 3]) expect(() => tokenIn(ber.subarray(0, ber.length - cut))).toThrow(/no answer/);
    expect(() => tokenIn(Buffer.alloc(2000, '3080', 'hex'))).toThrow(/no answer/);
  });

  test('that is a refusal says why, in words', () => {
    const picky = new TimestampAuthority(ring, 'picky', tsa, [root], { digests: 'sha512' });
    const refusal = picky.answer(timestampRequest(imprintOf('sha256', bytes)));
    expect(() => tokenIn(refusal)).toThrow(
      /^The time stamping authority gave no timestamp: it does not take this hash\. In its own words: ".+"\.$/,
    );
  });

  test.each([
    ['nothing', new Uint8Array()],
    ['a letter', Buffer.from('Dear colleague, here it is.')],
    ['a certificate', () => root.certificate],
    ['an answer that is cut off', () => openssl.answer(timestampRequest(imprintOf('sha256', bytes))).subarray(0, 500)],
  ])('that is %s is refused in one sentence', (_name, given) => {
    expect(() => tokenIn(typeof given === 'function' ? given() : given)).toThrow('This file is no answer of a time stamping authority.');
  });
});

describe('a token', () => {
  test('by an authority with RSA, and one that names its certificate in the old way, count too', () => {
    for (const [name, issued, names] of [
      ['rsa', rsa, 'sha256'],
      ['old', tsa, 'sha1'],
    ] as const) {
      const token = tokenIn(
        new TimestampAuthority(ring, name, issued, [root], { names }).answer(timestampRequest(imprintOf('sha256', bytes))),
      );
      expect(readTimestampToken(token).cms.signingCertificate === undefined).toBe(names === 'sha1');
      expect(judged(token)).toMatchObject({ verdict: 'TOTAL-PASSED' });
    }
  });

  test('made by hand is one that openssl accepts, so that what is wrong with the others is what they say', () => {
    const token = forgedToken({ digest: over('sha256'), tsa, more: [] });
    expect(openssl.accepts(token, bytes, root)).toBe(true);
    expect(judged(token)).toMatchObject({ verdict: 'TOTAL-PASSED' });
    expect(judged(forgedToken({ digest: over('sha256'), tsa, names: 'sha1' }))).toMatchObject({ verdict: 'TOTAL-PASSED' });
  });

  const wrong: Readonly<Record<string, readonly [string, string, RegExp, () => Uint8Array]>> = {
    'for other bytes': ['TOTAL-FAILED', 'HASH_FAILURE', /for something else/, () => forgedToken({ digest: digestOf('sha256'), tsa })],
    'by a stranger': [
      'INDETERMINATE',
      'NO_CERTIFICATE_CHAIN_FOUND',
      /not certified by anyone/,
      () => forgedToken({ digest: over('sha256'), tsa: stranger }),
    ],
    'from the future': [
      'INDETERMINATE',
      'SIG_CONSTRAINTS_FAILURE',
      /from the future, or a clock is wrong/,
      () => forgedToken({ digest: over('sha256'), tsa, time: new Date(Date.now() + hourMs) }),
    ],
    'from before its authority was certified': [
      'INDETERMINATE',
      'OUT_OF_BOUNDS_NO_POE',
      /not valid at the time/,
      () => forgedToken({ digest: over('sha256'), tsa, time: new Date(Date.now() - 48 * hourMs) }),
    ],
    'that names no certificate': [
      'INDETERMINATE',
      'SIG_CONSTRAINTS_FAILURE',
      /does not say which/,
      () => forgedToken({ digest: over('sha256'), tsa, names: 'none' }),
    ],
    'that names another certificate': [
      'TOTAL-FAILED',
      'FORMAT_FAILURE',
      /another certificate than the one it shows/,
      () => forgedToken({ digest: over('sha256'), tsa, named: rsa }),
    ],
    'that names another certificate in the old way': [
      'TOTAL-FAILED',
      'FORMAT_FAILURE',
      /another certificate than the one it shows/,
      () => forgedToken({ digest: over('sha256'), tsa, named: rsa, names: 'sha1' }),
    ],
    'without the certificate': [
      'INDETERMINATE',
      'NO_SIGNING_CERTIFICATE_FOUND',
      /certificate of the time stamping authority is missing/,
      () => forgedToken({ digest: over('sha256'), tsa, withoutCertificate: true }),
    ],
    'of an unknown version': [
      'TOTAL-FAILED',
      'FORMAT_FAILURE',
      /malformed/,
      () => forgedToken({ digest: over('sha256'), tsa, version: 2 }),
    ],
    'with a critical extension': [
      'TOTAL-FAILED',
      'FORMAT_FAILURE',
      /malformed/,
      () => forgedToken({ digest: over('sha256'), tsa, more: [criticalExtension] }),
    ],
    'with a digest of another length': ['TOTAL-FAILED', 'FORMAT_FAILURE', /malformed/, () => forgedToken({ digest: over('sha384'), tsa })],
    'with parts in another order': [
      'TOTAL-FAILED',
      'FORMAT_FAILURE',
      /malformed/,
      () => forgedToken({ digest: over('sha256'), tsa, nonce: Uint8Array.of(9), more: [ordering] }),
    ],
    'with a signature of which one bit is wrong': ['TOTAL-FAILED', 'SIG_CRYPTO_FAILURE', /not made with the key/, () => flipped(-1)],
    'with a time of which one bit is wrong': ['TOTAL-FAILED', 'HASH_FAILURE', /changed after it was made/, () => flipped('Z', -1)],
    'that is a TimeStampResp': ['TOTAL-FAILED', 'FORMAT_FAILURE', /malformed/, () => granted(forgedToken({ digest: over('sha256'), tsa }))],
  };

  /** A sound token with one bit changed: counted from the end, or from the end of the first time in it. */
  function flipped(where: number | 'Z', shift = 0): Uint8Array {
    const token = Uint8Array.from(forgedToken({ digest: over('sha256'), tsa }));
    const stamp = /\d{14}Z/.exec(Buffer.from(token).toString('latin1'));
    const at = where === 'Z' ? (stamp?.index ?? 0) + 14 + shift : token.length + where;
    token[at] = (token[at] ?? 0) ^ 1;
    return token;
  }

  test.each(Object.keys(wrong))('%s does not count, and a sentence says why', (name) => {
    const [verdict, subIndication, words, make] = wrong[name] ?? ['', '', /never/, () => new Uint8Array()];
    const found = judged(make());
    expect(found).toMatchObject({ verdict, subIndication, provenAt: undefined });
    expect(found.sentences.join(' ')).toMatch(words);
  });

  test.each([
    ['documents too', ['keyUsage=critical,digitalSignature', 'extendedKeyUsage=critical,timeStamping,emailProtection']],
    ['timestamps, but not critically', ['keyUsage=critical,digitalSignature', 'extendedKeyUsage=timeStamping']],
    ['servers', ['keyUsage=critical,digitalSignature', 'extendedKeyUsage=critical,serverAuth']],
    ['anything', ['keyUsage=critical,digitalSignature']],
    ['signing certificates', authority],
    ['keys to be agreed on', ['keyUsage=critical,keyAgreement', 'extendedKeyUsage=critical,timeStamping']],
  ])('by a certificate that is for %s does not count', (_name, extensions) => {
    const other = ring.issue('/CN=Other', 'P-256', extensions, root);
    const found = judged(forgedToken({ digest: over('sha256'), tsa: other }));
    expect(found).toMatchObject({ verdict: 'INDETERMINATE', subIndication: 'CHAIN_CONSTRAINTS_FAILURE', intact: true });
    expect(found.sentences.join(' ')).toMatch(/not one for making timestamps/);
  });

  test('of which the authority has expired counts no longer, unless it is known to have been there before', () => {
    const token = forgedToken({ digest: over('sha256'), tsa });
    const later = new Date(Date.now() + 60 * 24 * hourMs);
    expect(judged(token, later)).toMatchObject({ verdict: 'INDETERMINATE', subIndication: 'OUT_OF_BOUNDS_NO_POE' });
    expect(judged(token, new Date(Date.now() + 20 * 24 * hourMs))).toMatchObject({ verdict: 'TOTAL-PASSED' });
  });

  test('whatever is done to its bytes: it never counts for another time or other bytes, and nothing but a judgement comes out', () => {
    const token = forgedToken({ digest: over('sha256'), tsa });
    const { time } = readTimestampToken(token);
    const change = fc.record({ at: fc.nat(token.length - 1), cut: fc.nat(3), more: fc.uint8Array({ maxLength: 3 }) });
    fc.assert(
      fc.property(change, ({ at, cut, more }) => {
        const found = judged(Buffer.concat([token.subarray(0, at), more, token.subarray(at + cut)]));
        if (found.verdict === 'TOTAL-PASSED') expect(found.token?.time).toEqual(time);
      }),
      { numRuns: 300 },
    );
    expect(judged(token)).toMatchObject({ verdict: 'TOTAL-PASSED' });
  });

  test('counts for nobody who trusts nobody', () => {
    const found = judged(forgedToken({ digest: over('sha256'), tsa }), soon(), makeTrust([]));
    expect(found).toMatchObject({ verdict: 'INDETERMINATE', subIndication: 'NO_CERTIFICATE_CHAIN_FOUND' });
    const unasked = judgeTimestamp(forgedToken({ digest: over('sha256'), tsa }), over, { at: soon() });
    expect(unasked).toMatchObject({ verdict: 'INDETERMINATE', intact: true, provenAt: undefined });
  });
});
