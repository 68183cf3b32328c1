import { createCipheriv, createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serialise, type JsonObject } from '../../../agent/log/record.ts';
import { parseSealed, type SealedField, tiers } from '../../../agent/log/sealed-field.ts';
import { commitmentInput, open, type Place, rowState, seal, type SealedRow } from '../../../agent/log/sealing.ts';

const origin = 'branch-12.example.org/e1';
const kid = '0f'.repeat(16);
const place: Place = { origin, seq: 7, tier: 'operations', kid };
const key = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
const salt = Buffer.alloc(32, 0xa5);
const person = { holder: 'Žofie Müller', title: 'Kaufvertrag', reference: 'AZ 17/2031' };
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const outcome = (run: () => unknown): string => {
  try {
    return `opened ${JSON.stringify(run())}`;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : error instanceof Error ? error.name : 'thrown';
  }
};

/** HKDF-SHA-256 for one block, written out from RFC 5869. */
const hkdf = (ikm: Uint8Array, withSalt: Uint8Array, info: string): Buffer => {
  const prk = createHmac('sha256', withSalt).update(ikm).digest();
  return createHmac('sha256', prk)
    .update(info)
    .update(Buffer.from([1]))
    .digest();
};

describe('a known answer', () => {
  const { field, row } = seal(place, key, person, salt);

  it('is the same on every machine', () => {
    expect(field).toEqual({
      tier: 'operations',
      kid: '0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f',
      cm: '277b1800d0ab5f891fcf1e8a133fd9ca4afdae27c4ec076b1b96cd93483d374e',
      ct: '50a7cefea8c1b969175691db0a77d96df35ff21f6dc6881bf241e58c298a1361',
      len: 272,
    });
    expect(sha256(row.ciphertext)).toBe(field.ct);
    expect(Buffer.from(row.ciphertext.subarray(0, 16)).toString('hex')).toBe('cdf0cbefed795cb30d43d1c1e5b28825');
  });

  it('commits to what printf and sha256sum put together, with a salt that only the data key gives', () => {
    const opened = open(origin, 7, field, row, key);
    expect(opened.value).toEqual(person);
    const byHand = Buffer.concat([
      Buffer.from('countersign/v1/commit\nbranch-12.example.org/e1\n7\noperations\n'),
      hkdf(key, salt, 'countersign/v1/commit-salt\n'),
      Buffer.from('{"holder":"Žofie Müller","reference":"AZ 17/2031","title":"Kaufvertrag"}'),
    ]);
    expect(opened.evidence).toEqual(byHand);
    expect(sha256(byHand)).toBe(field.cm);
  });

  it('does not let somebody with the whole file and no key try names against the commitment', () => {
    const guess = commitmentInput(place, row.salt, Buffer.from(serialise(person)));
    expect(sha256(guess)).not.toBe(field.cm);
  });
});

const name = fc.string({ unit: 'grapheme', maxLength: 600 });
const fields = fc.record({ holder: name, title: name }).map((one): JsonObject => one);
const places = fc.record({
  origin: fc.stringMatching(/^[a-z0-9.-]{1,20}\/e[1-9]$/),
  seq: fc.nat(),
  tier: fc.constantFrom(...tiers),
  kid: fc.stringMatching(/^[0-9a-f]{32}$/),
});
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('what was sealed', () => {
  it('opens in its place, and shows of its length only how many times 256 bytes it has', () => {
    fc.assert(
      fc.property(places, bytes32, fields, (where, dataKey, value) => {
        const { field, row } = seal(where, dataKey, value);
        expect(open(where.origin, where.seq, field, row, dataKey).value).toEqual(value);
        const length = Buffer.byteLength(serialise(value));
        expect(field.len).toBe((Math.floor(length / 256) + 1) * 256 + 16);
        expect(parseSealed([field])).toEqual([field]);
        expect(rowState(field, row)).toBe('present');
      }),
      { numRuns: 60 },
    );
  });

  it('does not open after any one bit of ciphertext or salt was turned, even when the entry is turned with it', () => {
    const { field, row } = seal(place, key, person);
    fc.assert(
      fc.property(fc.nat({ max: (row.ciphertext.byteLength + 32) * 8 - 1 }), (bit) => {
        const ciphertext = Buffer.from(row.ciphertext);
        const turned = Buffer.from(row.salt);
        const target = bit < ciphertext.byteLength * 8 ? ciphertext : turned;
        const at = target === ciphertext ? bit : bit - ciphertext.byteLength * 8;
        target.writeUInt8(target.readUInt8(at >> 3) ^ (1 << (at & 7)), at >> 3);
        const changed: SealedRow = { ...row, ciphertext, salt: turned };
        const expected = target === ciphertext ? 'ciphertext-changed' : 'not-authentic';
        expect(outcome(() => open(origin, 7, field, changed, key))).toBe(expected);
        const agreed: SealedField = { ...field, ct: sha256(ciphertext) };
        expect(outcome(() => open(origin, 7, agreed, changed, key))).toBe('not-authentic');
      }),
      { numRuns: 200 },
    );
  });

  it('does not open at another entry, tier, key id or log, whether only the row or the entry with it was moved', () => {
    const here = seal(place, key, person);
    const elsewhere: readonly Partial<Place>[] = [
      { seq: 8 },
      { tier: 'audit' },
      { kid: '1f'.repeat(16) },
      { origin: 'branch-12.example.org/e2' },
    ];
    for (const change of elsewhere) {
      const there = { ...place, ...change };
      const other = seal(there, key, person);
      const labels = { seq: there.seq, tier: there.tier, kid: there.kid };
      const take = (field: SealedField, row: SealedRow) => outcome(() => open(there.origin, there.seq, field, row, key));
      if (!('origin' in change)) expect(take(other.field, here.row)).toBe('moved');
      expect(take(other.field, { ...here.row, ...labels })).toBe('ciphertext-changed');
      expect(take({ ...here.field, tier: there.tier, kid: there.kid }, { ...here.row, ...labels })).toBe('not-authentic');
    }
  });

  it('does not open in any other place', () => {
    const { field, row } = seal(place, key, person);
    fc.assert(
      fc.property(places, (there) => {
        fc.pre(there.origin !== origin || there.seq !== 7 || there.tier !== 'operations' || there.kid !== kid);
        const moved = { ...row, seq: there.seq, tier: there.tier, kid: there.kid };
        expect(outcome(() => open(there.origin, there.seq, { ...field, tier: there.tier, kid: there.kid }, moved, key))).toBe(
          'not-authentic',
        );
      }),
    );
  });

  it('does not open under another data key', () => {
    const { field, row } = seal(place, key, person);
    fc.assert(fc.property(bytes32, (other) => outcome(() => open(origin, 7, field, row, other)) === 'not-authentic'));
    expect(outcome(() => open(origin, 7, field, row, key.subarray(1)))).toBe('RangeError');
  });

  it('is not taken for something else than the entry committed to', () => {
    const { field, row } = seal(place, key, person);
    const other = seal(place, key, { holder: 'somebody else' });
    expect(outcome(() => open(origin, 7, { ...other.field, cm: field.cm }, other.row, key))).toBe('not-committed');
    expect(outcome(() => open(origin, 7, { ...field, cm: '00'.repeat(32) }, row, key))).toBe('not-committed');
  });

  it.each([
    ['none at all', Buffer.alloc(256)],
    ['one that goes over a whole block', Buffer.concat([Buffer.from('{}\u0080', 'latin1'), Buffer.alloc(509)])],
    ['something after its zeros', Buffer.concat([Buffer.from('{}\u0080', 'latin1'), Buffer.alloc(252), Buffer.from([1])])],
  ])('is refused by who has the key and padded it with %s', (_name, padded) => {
    const cipher = createCipheriv('aes-256-gcm', hkdf(key, salt, 'countersign/v1/seal-key\n'), Buffer.alloc(12));
    cipher.setAAD(Buffer.from(`countersign/v1/seal\n${origin}\n7\noperations\n${kid}\n`));
    const ciphertext = Buffer.concat([cipher.update(padded), cipher.final(), cipher.getAuthTag()]);
    const { field } = seal(place, key, person);
    const forged = { ...field, ct: sha256(ciphertext), len: ciphertext.byteLength };
    expect(outcome(() => open(origin, 7, forged, { ...place, salt, ciphertext }, key))).toBe('padding');
  });

  it('says that it was erased when the row is blank, and keeps nothing that a guess could be checked against', () => {
    const { field, row } = seal(place, key, person);
    const blank = { ...row, salt: new Uint8Array(), ciphertext: new Uint8Array() };
    expect(outcome(() => open(origin, 7, field, blank, key))).toBe('erased');
    expect(rowState(field, blank)).toBe('erased');
    expect(rowState(field, undefined)).toBe('missing');
    expect(rowState(field, { ...row, kid: '1f'.repeat(16) })).toBe('changed');
    expect(rowState(field, { ...row, ciphertext: new Uint8Array() })).toBe('changed');
  });
});

describe('two sealings of the same fields', () => {
  it('have nothing in common', () => {
    const [a, b] = [seal(place, key, person), seal(place, key, person)];
    expect(a.field.cm).not.toBe(b.field.cm);
    expect(a.field.ct).not.toBe(b.field.ct);
  });

  it('commit to different bytes whenever place, salt or fields differ', () => {
    const inputs = fc.tuple(places, bytes32, fields);
    fc.assert(
      fc.property(inputs, inputs, ([p, s, f], [q, t, g]) => {
        const same =
          p.origin === q.origin && p.seq === q.seq && p.tier === q.tier && Buffer.compare(s, t) === 0 && serialise(f) === serialise(g);
        const [one, two] = [commitmentInput(p, s, Buffer.from(serialise(f))), commitmentInput(q, t, Buffer.from(serialise(g)))];
        expect(one.equals(two)).toBe(same);
      }),
    );
  });
});

describe('what cannot be sealed or read', () => {
  it.each([
    ['an origin with a line break', () => seal({ ...place, origin: 'a\n7' }, key, person)],
    ['a number that is none', () => seal({ ...place, seq: -1 }, key, person)],
    ['a key id that is none', () => seal({ ...place, kid: 'x' }, key, person)],
    ['a short key', () => seal(place, key.subarray(1), person)],
    ['fields that are too long', () => seal(place, key, { holder: 'x'.repeat(65_536) })],
  ])('%s is refused', (_name, run) => {
    expect(outcome(run)).toBe('RangeError');
  });

  const part = seal(place, key, person).field;
  it.each([
    ['nothing', []],
    ['a tier twice', [part, part]],
    ['tiers out of order', [{ ...part, tier: 'audit' }, part]],
    ['a length that no padding makes', [{ ...part, len: part.len + 1 }]],
    ['a field too many', [{ ...part, name: 'x' }]],
    ['upper case', [{ ...part, cm: part.cm.toUpperCase() }]],
  ])('%s is no `sealed` of an entry', (_name, value) => {
    expect(() => parseSealed(value)).toThrow('sealed');
  });
});
