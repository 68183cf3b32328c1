import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AssertionCheck, parseAuthenticatorData, verifyAssertion } from '../../../agent/people/assertion.ts';

const rpId = 'branch-12.example.org';
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const spki = (key = publicKey): Uint8Array => new Uint8Array(key.export({ type: 'spki', format: 'der' }));
const clientDataHash = new Uint8Array(randomBytes(32));
const credentialId = new Uint8Array(randomBytes(32));

interface Parts {
  readonly flags?: number;
  readonly signCount?: number;
  readonly tail?: Uint8Array;
  readonly rp?: string;
}

function authenticatorData({ flags = 0x05, signCount = 8, tail = new Uint8Array(0), rp = rpId }: Parts = {}): Uint8Array {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags);
  head.writeUInt32BE(signCount, 1);
  return new Uint8Array(Buffer.concat([createHash('sha256').update(rp).digest(), head, tail]));
}

/** A check that holds, but for what `parts` change before the reader signs. */
function check(parts: Parts = {}, stored = 7): AssertionCheck {
  const data = authenticatorData(parts);
  const signature = new Uint8Array(sign('sha256', Buffer.concat([data, clientDataHash]), privateKey));
  return {
    assertion: { credentialId, authenticatorData: data, clientDataHash, signature },
    credential: { credentialId, publicKey: spki(), signCount: stored },
    rpId,
    clientDataHash,
  };
}

describe('an assertion', () => {
  test('over this consent by the enrolled reader is accepted, and its counter is what to store', () => {
    expect(verifyAssertion(check())).toEqual({ ok: true, signCount: 8 });
  });

  test('with one bit changed anywhere is refused', () => {
    const good = check();
    const fields = ['credentialId', 'authenticatorData', 'clientDataHash', 'signature'] as const;
    for (const field of fields) {
      const original = good.assertion[field];
      for (let bit = 0; bit < original.length * 8; bit += 1) {
        const changed = new Uint8Array(original);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const verdict = verifyAssertion({ ...good, assertion: { ...good.assertion, [field]: changed } });
        expect(verdict.ok, `${field} bit ${bit}`).toBe(false);
      }
    }
  });

  test('that was cut short or made longer anywhere is refused', () => {
    const good = check();
    for (const field of ['credentialId', 'authenticatorData', 'clientDataHash', 'signature'] as const) {
      const original = good.assertion[field];
      for (const changed of [
        original.subarray(0, -1),
        original.subarray(1),
        Buffer.concat([original, Uint8Array.of(0)]),
        new Uint8Array(0),
      ]) {
        expect(verifyAssertion({ ...good, assertion: { ...good.assertion, [field]: changed } }).ok, field).toBe(false);
      }
    }
  });

  test('of another credential is refused', () => {
    const good = check();
    const credential = { ...good.credential, credentialId: randomBytes(32) };
    expect(verifyAssertion({ ...good, credential })).toEqual({ ok: false, why: 'wrong-credential' });
  });

  test('over another consent is refused, whichever side is at fault', () => {
    const good = check();
    const other = randomBytes(32);
    expect(verifyAssertion({ ...good, clientDataHash: other })).toEqual({ ok: false, why: 'wrong-challenge' });
    const lying = { ...good.assertion, clientDataHash: other };
    expect(verifyAssertion({ ...good, assertion: lying })).toEqual({ ok: false, why: 'wrong-challenge' });
    expect(verifyAssertion({ ...good, assertion: lying, clientDataHash: other })).toEqual({ ok: false, why: 'bad-signature' });
  });

  test.each([
    ['for another organisation', { rp: 'elsewhere.example.org' }, 'wrong-relying-party'],
    ['without a person', { flags: 0x04 }, 'nobody-present'],
    ['without a verified person', { flags: 0x01 }, 'nobody-verified'],
    ['with bytes behind it that no flag announces', { tail: Uint8Array.of(0xa0) }, 'malformed'],
    ['with extensions that are announced and missing', { flags: 0x85 }, 'malformed'],
    ['with extensions that are no map', { flags: 0x85, tail: Uint8Array.of(0x01) }, 'malformed'],
    ['with something behind the extensions', { flags: 0x85, tail: Uint8Array.of(0xa0, 0x00) }, 'malformed'],
    ['with extensions that end too early', { flags: 0x85, tail: Uint8Array.of(0xa1, 0x61, 0x61) }, 'malformed'],
    ['with extensions of unlimited length', { flags: 0x85, tail: Uint8Array.of(0xbf, 0xff) }, 'malformed'],
    ['with a new credential in it', { flags: 0x45, tail: Buffer.concat([new Uint8Array(16), Uint8Array.of(0, 1, 7, 0xa0)]) }, 'malformed'],
  ])('%s is refused although the reader signed it', (_, parts: Parts, why) => {
    expect(verifyAssertion(check(parts))).toEqual({ ok: false, why });
  });

  test('with extensions that are announced and well formed is accepted', () => {
    const tail = Buffer.from('a26161820102616243010203', 'hex');
    expect(verifyAssertion(check({ flags: 0x85, tail }))).toEqual({ ok: true, signCount: 8 });
  });

  test('by another key is refused', () => {
    const good = check();
    const other = spki(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
    expect(verifyAssertion({ ...good, credential: { ...good.credential, publicKey: other } })).toEqual({ ok: false, why: 'bad-signature' });
  });

  test.each([
    ['is of another curve', spki(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey)],
    ['is of another kind', spki(generateKeyPairSync('ed25519').publicKey)],
    ['is no key', Uint8Array.of(1, 2, 3)],
  ])('is refused when the enrolled key %s', (_, key) => {
    const good = check();
    expect(verifyAssertion({ ...good, credential: { ...good.credential, publicKey: key } })).toEqual({ ok: false, why: 'unusable-key' });
  });
});

describe('the counter', () => {
  test.each([
    [7, 8, true],
    [0, 1, true],
    [7, 1000, true],
    [0xfffffffe, 0xffffffff, true],
    [7, 7, false],
    [7, 6, false],
    [7, 0, false],
    [1, 1, false],
  ])('stored %i, then %i: accepted is %s', (stored, signCount, ok) => {
    expect(verifyAssertion(check({ signCount }, stored))).toEqual(ok ? { ok, signCount } : { ok, why: 'counter-not-risen' });
  });

  test('may stay at zero for a reader that never counts', () => {
    expect(verifyAssertion(check({ signCount: 0 }, 0))).toEqual({ ok: true, signCount: 0 });
  });

  test('is judged last, so that a forged assertion never looks like a copied key', () => {
    const bad = check({ signCount: 3 });
    const signature = new Uint8Array(sign('sha256', randomBytes(8), privateKey));
    expect(verifyAssertion({ ...bad, assertion: { ...bad.assertion, signature } })).toEqual({ ok: false, why: 'bad-signature' });
  });
});

describe('authenticator data', () => {
  test('of a new credential is read to its last byte', () => {
    const cose = Buffer.from('a10102', 'hex');
    const aaguid = '000102030405060708090a0b0c0d0e0f';
    const tail = Buffer.concat([Buffer.from(aaguid, 'hex'), Uint8Array.of(0, 3, 7, 8, 9), cose, Uint8Array.of(0xa0)]);
    expect(parseAuthenticatorData(authenticatorData({ flags: 0xc5, tail }))).toEqual({
      rpIdHash: new Uint8Array(createHash('sha256').update(rpId).digest()),
      userPresent: true,
      userVerified: true,
      signCount: 8,
      attested: { aaguid, credentialId: Uint8Array.of(7, 8, 9), coseKey: new Uint8Array(cose) },
      extensions: Uint8Array.of(0xa0),
    });
  });

  test('that is nonsense is refused and never makes the reader of it throw', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 37 }),
        fc.constantFrom(0x45, 0x85, 0xc5),
        fc.uint8Array({ maxLength: 60 }),
        (short, flags, tail) => {
          if (short.length < 37) expect(parseAuthenticatorData(short)).toBeUndefined();
          const data = parseAuthenticatorData(authenticatorData({ flags, tail }));
          if (data !== undefined) {
            const parts =
              (data.attested === undefined ? 0 : 18 + data.attested.credentialId.length + data.attested.coseKey.length) +
              (data.extensions?.length ?? 0);
            expect(parts).toBe(tail.length);
          }
        },
      ),
    );
  });

  test('that claims enormous contents is refused at once', () => {
    const began = performance.now();
    for (const tail of [
      'bb7fffffffffffffff',
      'ba7fffffff',
      'a1009b00ffffffffffffff',
      'a1005bffffffffffffffff',
      `a100${'81'.repeat(5000)}00`,
    ]) {
      expect(parseAuthenticatorData(authenticatorData({ flags: 0x85, tail: Buffer.from(tail, 'hex') }))).toBeUndefined();
    }
    expect(performance.now() - began).toBeLessThan(200);
  });
});
