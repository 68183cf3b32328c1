import { createHash, generateKeyPairSync, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCommand } from '../../../drivers/virtual/apdu.ts';
import { readOneTlv, readTlvs, tlv } from '../../../drivers/virtual/ber-tlv.ts';
import { signDigest } from '../../../drivers/virtual/ecdsa-digest.ts';

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('bytes that travel between card and reader', () => {
  test('what is written as BER-TLV is read back, at every length', () => {
    const tag = fc.constantFrom(0x30, 0x53, 0x7e, 0x5f2f, 0x7f49, 0x5fc105);
    fc.assert(
      fc.property(fc.array(fc.tuple(tag, fc.uint8Array({ maxLength: 300 })), { maxLength: 4 }), (objects) => {
        const found = readTlvs(Buffer.concat(objects.map(([t, value]) => tlv(t, value))));
        expect(found.map((one) => [one.tag, Uint8Array.from(one.value)])).toEqual(objects);
      }),
    );
    expect(readOneTlv(tlv(0x53, new Uint8Array(70_000))).value.length).toBe(70_000);
  });

  test('a BER-TLV object that is cut short anywhere is refused', () => {
    const whole = tlv(0x5fc105, new Uint8Array(200));
    for (let length = 1; length < whole.length; length += 1) expect(() => readTlvs(whole.subarray(0, length))).toThrow();
    expect(() => readTlvs(hex('30 80 00 00'))).toThrow();
    expect(() => readOneTlv(hex('05 00 05 00'))).toThrow();
  });

  test.each([
    ['no data, no answer', '00 20 00 80', { data: '', le: undefined }],
    ['an answer of any length', '00 CB 3F FF 00', { data: '', le: 256 }],
    ['data', '00 20 00 80 02 31 32', { data: '3132', le: undefined }],
    ['data and an answer', '00 CB 3F FF 03 5C 01 7E 00', { data: '5c017e', le: 256 }],
    ['a long answer', '00 CB 3F FF 00 00 00', { data: '', le: 65_536 }],
    ['long data and a long answer', '00 87 07 9A 00 00 02 AA BB 01 00', { data: 'aabb', le: 256 }],
  ])('a command with %s is understood', (_, bytes, { data, le }) => {
    const command = parseCommand(hex(bytes));
    expect(Buffer.from(command?.data ?? []).toString('hex')).toBe(data);
    expect(command?.le).toBe(le);
    expect(command).toBeDefined();
  });

  test.each(['00', '00 20 00', '00 20 00 80 03 31', '00 20 00 80 01 31 00 00', '00 20 00 80 00 00', '00 87 07 9A 00 00 02 AA'])(
    'a command whose lengths do not add up is refused: %s',
    (bytes) => expect(parseCommand(hex(bytes))).toBeUndefined(),
  );

  test.each([
    ['p-256', 'sha256'],
    ['p-384', 'sha384'],
    ['p-256', 'sha512'],
    ['p-384', 'sha256'],
  ] as const)('a %s signature over a ready-made %s digest verifies, and no two are made with the same random number', (curve, hash) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve.toUpperCase() });
    const seen = new Set<string>();
    for (let round = 0; round < 20; round += 1) {
      const message = Buffer.from(`message ${round % 2}`);
      const signature = signDigest(curve, privateKey, createHash(hash).update(message).digest());
      expect(verify(hash, message, publicKey, signature)).toBe(true);
      expect(verify(hash, Buffer.from('another'), publicKey, signature)).toBe(false);
      seen.add(Buffer.from(readTlvs(readOneTlv(signature).value)[0]?.value ?? []).toString('hex'));
    }
    expect(seen.size).toBe(20);
  });
});
