import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import * as der from '../../../agent/documents/der.ts';
import { DerRefused, children, readDer, readOid, readSetOf, readSmallInteger, readTime } from '../../../agent/documents/der-reader.ts';
import { readInteger } from '../../../agent/documents/der-reader.ts';

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

describe('what is written in DER', () => {
  test('has the encodings of the standard', () => {
    expect(hex(der.oid('1.2.840.113549.1.7.2'))).toBe('06092a864886f70d010702');
    expect(hex(der.oid('2.999.3'))).toBe('0603883703');
    expect([0, 127, 128, 255, 256, -1, -128, -129].map((value) => hex(der.integer(value)))).toEqual([
      '020100',
      '02017f',
      '02020080',
      '020200ff',
      '02020100',
      '0201ff',
      '020180',
      '0202ff7f',
    ]);
    expect(hex(der.unsignedInteger(Uint8Array.of(0, 0, 0x80)))).toBe('02020080');
    expect(hex(der.octetString(new Uint8Array(200)).subarray(0, 3))).toBe('0481c8');
    expect(hex(der.octetString(new Uint8Array(70_000)).subarray(0, 5))).toBe('0483011170');
    expect(hex(der.time(new Date('2049-12-31T23:59:59Z')))).toBe(`170d${hex(Buffer.from('491231235959Z'))}`);
    expect(hex(der.time(new Date('2050-01-01T00:00:00.789Z')))).toBe(`180f${hex(Buffer.from('20500101000000Z'))}`);
    expect(hex(der.context(0, true, der.nullValue()))).toBe('a0020500');
    expect(hex(der.bitString(Uint8Array.of(0xa0), 5))).toBe('030205a0');
  });

  test('has its sets in order of their encodings', () => {
    const members = [der.integer(300), der.integer(2), der.oid('1.2.3'), der.integer(1)];
    const set = der.setOf(members);
    expect(hex(set)).toBe(hex(der.setOf([...members].reverse())));
    expect(readSetOf(readDer(set)).map((member) => hex(member.bytes))).toEqual(['020101', '020102', '0202012c', '06022a03']);
    expect(() => readSetOf(readDer(der.element(0x31, der.integer(2), der.integer(1))))).toThrow(DerRefused);
  });

  test('is read by openssl as it was meant', () => {
    const bytes = der.sequence(der.oid('2.5.4.3'), der.utf8String('ნინო'), der.generalizedTime(new Date('2026-04-17T08:09:10Z')));
    const text = execFileSync('openssl', ['asn1parse', '-inform', 'DER'], { input: bytes, encoding: 'utf8' });
    expect(text).toMatch(/commonName[^]*ნინო[^]*20260417080910Z/);
  });

  test('comes back the same: whole numbers, names and times', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), fc.array(fc.nat(2 ** 30), { minLength: 1, maxLength: 9 }), (value, arcs) => {
        expect(readSmallInteger(readDer(der.integer(value)))).toBe(value);
        const dotted = `2.${arcs.join('.')}`;
        expect(readOid(readDer(der.oid(dotted)))).toBe(dotted);
      }),
    );
    const at = new Date('2026-02-28T12:13:14Z');
    expect(readTime(readDer(der.utcTime(at)))).toEqual(at);
    expect(readTime(readDer(der.generalizedTime(at)))).toEqual(at);
  });
});

describe('what is not DER', () => {
  test.each([
    ['an indefinite length', '30800000'],
    ['a length in more bytes than it needs', '30810100'],
    ['a long length with a leading zero', '3082000100'],
    ['an element that is cut off', '300502'],
    ['bytes behind it', '050000'],
    ['nothing', ''],
    ['a high tag number', '1f8100'],
  ])('is refused: %s', (_, bytes) => {
    expect(() => children(readDer(Buffer.from(bytes, 'hex')))).toThrow(DerRefused);
  });

  test('is refused: integers with padding, days that no calendar has', () => {
    expect(() => readInteger(readDer(Buffer.from('02020001', 'hex')))).toThrow(DerRefused);
    expect(() => readTime(readDer(Buffer.concat([Buffer.from('170d', 'hex'), Buffer.from('260230000000Z')])))).toThrow(DerRefused);
    expect(() => der.oid('3.1')).toThrow(RangeError);
    expect(() => der.generalizedTime(new Date(Number.NaN))).toThrow(RangeError);
  });
});
