import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bodyLimit,
  consentHash,
  type Json,
  leafHash,
  makeBody,
  noPrev,
  parseBody,
  separatedHash,
  serialise,
} from '../../../agent/log/record.ts';

const bytes = (text: string) => Buffer.from(text, 'utf8');
const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');

const key = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/);
const wellFormed = fc.string({ unit: 'binary' });
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', maxDepth: 6 },
    wellFormed,
    fc.maxSafeInteger().map((n) => (n === 0 ? 0 : n)),
    fc.boolean(),
    fc.array(tie('json'), { maxLength: 5 }),
    fc.dictionary(key, tie('json'), { maxKeys: 5, noNullPrototype: true }),
  ),
}));
const object = fc.dictionary(key, json, { maxKeys: 6, noNullPrototype: true });

describe('an entry has exactly one form', () => {
  it.each([
    ['keys are sorted, nothing is spaced', { b: 1, a: [true, false, 'x'], a_1: {} }, '{"a":[true,false,"x"],"a_1":{},"b":1}'],
    [
      'control characters are escaped in lower case',
      { a: '\u0000\b\t\n\f\r\u001f"\\/\u007f' },
      '{"a":"\\u0000\\b\\t\\n\\f\\r\\u001f\\"\\\\/\u007f"}',
    ],
    ['other letters stay as they are', { a: 'é€𝄞\u2028' }, '{"a":"é€𝄞\u2028"}'],
    [
      'the largest whole numbers',
      { a: 9007199254740991, b: -9007199254740991, c: 0 },
      '{"a":9007199254740991,"b":-9007199254740991,"c":0}',
    ],
  ])('%s', (_name, value, text) => {
    expect(serialise(value)).toBe(text);
    expect(parseBody(bytes(text))).toEqual(value);
  });

  it('is what another implementation of RFC 8785 writes, for any value', () => {
    fc.assert(fc.property(json, (value) => serialise(value) === canonicalize(value)));
  });

  it('comes back from its bytes as it was', () => {
    fc.assert(
      fc.property(object, (value) => {
        expect(parseBody(bytes(serialise(value)))).toEqual(value);
      }),
    );
  });
});

describe('what cannot be written in one form is refused', () => {
  const refused: readonly (readonly [string, unknown])[] = [
    ['a fraction', { a: 1.5 }],
    ['a number that is too large', { a: 2 ** 53 }],
    ['minus zero', { a: -0 }],
    ['not a number', { a: NaN }],
    ['null', { a: null }],
    ['undefined', { a: undefined }],
    ['a hole in an array', { a: new Array<number>(2) }],
    ['half a surrogate pair', { a: '\ud834' }],
    ['a key in upper case', { A: 1 }],
    ['a key that is a prototype', JSON.parse('{"__proto__":1}')],
    ['a date', { a: new Date(0) }],
    ['bytes', { a: new Uint8Array(2) }],
    ['a big number', { a: 1n }],
    ['seventeen levels', Array.from({ length: 17 }).reduce<unknown>((inner) => [inner], [])],
  ];
  it.each(refused)('%s', (_name, value) => {
    expect(() => serialise(value as Json)).toThrow(/^\$/);
  });
});

describe('bytes in any other form are refused', () => {
  it.each([
    ['a space', '{"a": 1}'],
    ['keys out of order', '{"b":1,"a":1}'],
    ['the same key twice', '{"a":1,"a":1}'],
    ['a fraction that is a whole number', '{"a":1.0}'],
    ['an exponent', '{"a":1e3}'],
    ['minus zero', '{"a":-0}'],
    ['a needless escape', '{"a":"\\u0061"}'],
    ['an escaped slash', '{"a":"\\/"}'],
    ['an escape in upper case', '{"a":"\\u001F"}'],
    ['half a surrogate pair', '{"a":"\\ud834"}'],
    ['null', '{"a":null}'],
    ['null alone', 'null'],
    ['an array', '[]'],
    ['a byte order mark', '\ufeff{}'],
    ['a line feed at the end', '{}\n'],
    ['nothing', ''],
    ['half an object', '{"a":'],
  ])('%s', (_name, text) => {
    expect(() => parseBody(bytes(text))).toThrow(/^\$/);
  });

  it('bytes that are not UTF-8, and bytes that are too many', () => {
    expect(() => parseBody(Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]))).toThrow('$: not JSON in UTF-8');
    expect(() => parseBody(bytes(`{"a":"${'x'.repeat(bodyLimit)}"}`))).toThrow('longer');
  });
});

describe('hashes', () => {
  const envelope = {
    origin: 'a.example/e1',
    seq: 0,
    prev: noPrev,
    at: { time: '2026-01-02T03:04:05.678Z', boot: '0b'.repeat(16), mono: 7 },
    station: { software: 'countersign 0.1.0', config: 'c0'.repeat(32) },
  };
  const body =
    '{"actor":{"id":"station","role":"station"},"at":{"boot":"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b","mono":7,"time":"2026-01-02T03:04:05.678Z"},' +
    `"fields":{},"op":"token-out","origin":"a.example/e1","prev":"${noPrev}","seq":0,` +
    `"station":{"config":"${'c0'.repeat(32)}","software":"countersign 0.1.0"},"v":1}`;

  it('the body of an entry is these bytes, and its leaf is SHA-256 over a zero byte and them', () => {
    const made = makeBody(envelope, { op: 'token-out', actor: { id: 'station', role: 'station' } });
    expect(Buffer.from(made).toString('utf8')).toBe(body);
    expect(hex(leafHash(made))).toBe('33b839add6d0bdedc2ca90a5c75cc17d00f5c62edc88715c1a9cb336655db84c');
    expect(hex(leafHash(made))).toBe(
      createHash('sha256')
        .update(Buffer.concat([Buffer.from([0]), bytes(body)]))
        .digest('hex'),
    );
    expect(hex(leafHash(Buffer.alloc(0)))).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
  });

  it('a consent is hashed for its own purpose', () => {
    expect(consentHash({ v: 1, nonce: '00' })).toBe('5af0567db30b85ef04bbd7adcfa785107c209c6fa47a5a3f11ac07a89353d3f6');
    expect(hex(separatedHash('consent', '{}'))).not.toBe(hex(separatedHash('other', '{}')));
  });

  it('an entry that is too long is refused before it is made', () => {
    const actor = { id: 'station', role: 'station' };
    expect(() => makeBody(envelope, { op: 'x', actor, ...{ text: 'x'.repeat(bodyLimit) } })).toThrow('longer');
  });
});
