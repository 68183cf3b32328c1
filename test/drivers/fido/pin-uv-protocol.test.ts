import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { authenticate, SharedSecret } from '../../../drivers/fido/pin-uv-protocol.ts';

// Made once with Debian's python3-fido2 0.9.1 from two private keys: SHA-256("a") and SHA-256("b").
const header = '308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420';
const privateKey = (scalar: string, point: string) =>
  createPrivateKey({ key: Buffer.from(`${header}${scalar}a144034200${point}`, 'hex'), format: 'der', type: 'pkcs8' });
const a = privateKey(
  'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb',
  '044ff3893c70650ba2c8f879be1e8339630d0a2cc8e9a3e930e163f077243961533f71d70f91aa349522cbddf7c9653bcb94d52d37d2a0e875df9567fd8732532a',
);
const b = privateKey(
  '3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d',
  '04310577e49315ba62911ad18d962d491fc675f023396c74ba3d46d999a95dca0613dbaaefb958e1c478236c3ae6132dd89c11c0eb2eb78598db7067feaa31e8be',
);
const plain = Uint8Array.from({ length: 48 }, (_, index) => 64 + index);
const encrypted = {
  1: '0e8e998c413f494543f3942f30d68e7650f6a10971edb4e808d46ed1c5fe68fa9455ebd545f458c6c0d93ac303cb91c3',
  2: '643292fb803abdb5a1f58bdf44fee62a4fea9d6644b0c6543da468be11a2f8db015b7f717503bb1a7df354cdf6d9eceafbb72a1b8d733b4acc79e8ed7726235a',
} as const;

describe.each([1, 2] as const)('PIN/UV auth protocol %i', (version) => {
  test('what another implementation encrypted is read', () => {
    const secret = SharedSecret.of(version, b, createPublicKey(a));
    expect(secret.decrypt(Buffer.from(encrypted[version], 'hex'))).toEqual(plain);
  });

  test('both ends share one secret after a key agreement', () => {
    const device = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { publicKey, secret } = SharedSecret.encapsulate(version, device.publicKey);
    const other = SharedSecret.of(version, device.privateKey, publicKey);
    expect(other.decrypt(secret.encrypt(plain))).toEqual(plain);
    expect(secret.decrypt(other.encrypt(plain))).toEqual(plain);
    expect(SharedSecret.of(version, a, publicKey).decrypt(secret.encrypt(plain))).not.toEqual(plain);
  });

  test('half a block is refused', () => {
    const secret = SharedSecret.of(version, a, createPublicKey(b));
    expect(() => secret.encrypt(plain.subarray(0, 47))).toThrow();
    expect(() => secret.decrypt(plain.subarray(0, 40))).toThrow();
  });

  test('authentication gives the number of bytes and the value that another implementation gives', () => {
    const key = Uint8Array.from({ length: 32 }, (_, index) => index);
    const mac = '1e48b45db90677423761ed593cfec513373da43dbb9b320e93086c9e103be114';
    expect(Buffer.from(authenticate(version, key, Buffer.from('countersign'))).toString('hex')).toBe(
      version === 1 ? mac.slice(0, 32) : mac,
    );
  });
});

// Made once in the same way: python3-fido2 0.9.1, the two keys above, HMAC under the shared secret.
test.each([
  [1, 'b4e7a11c1d3e4514dc2ac625d411941a'],
  [2, 'c891daa6dda565034db5718b30cd542f735efee9a9d6453d391a8f427d0dfe37'],
] as const)('protocol %i authenticates a new PIN under the shared secret as another implementation does', (version, mac) => {
  for (const secret of [SharedSecret.of(version, a, createPublicKey(b)), SharedSecret.of(version, b, createPublicKey(a))]) {
    expect(Buffer.from(secret.authenticate(Buffer.from('countersign'))).toString('hex')).toBe(mac);
  }
});

test('protocol two encrypts the same bytes differently every time', () => {
  const secret = SharedSecret.of(2, a, createPublicKey(b));
  expect(secret.encrypt(plain)).not.toEqual(secret.encrypt(plain));
});
