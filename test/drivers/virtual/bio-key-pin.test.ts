import { randomBytes } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { authenticate } from '../../../drivers/fido/pin-uv-protocol.ts';
import { hashOf, padded, type Params, RawKey } from './raw-key.ts';

const pin = '4711-0815';
const rpId = 'branch-12.example.org';
const clientPin = 0x06;
const bio = 0x09;
const be = 0x08;

async function tokenOf(raw: RawKey, permissions: number | undefined, organisation?: string): Promise<Uint8Array> {
  const token = await raw.token(pin, permissions, organisation);
  if (typeof token === 'number') throw new Error(`no token: status ${token}`);
  return token;
}

describe.each([1, 2] as const)('clientPIN of a virtual bio key under protocol %i', (version) => {
  const plugIn = (options = {}) => RawKey.of(options, version);

  test.each([
    ['shorter than four characters', new TextEncoder().encode('123'), 0x37],
    ['of four characters', new TextEncoder().encode('1234'), 0],
    ['of three characters in many bytes', new TextEncoder().encode('€€€'), 0x37],
    ['of nothing', new Uint8Array(0), 0x37],
    ['that is no UTF-8', Uint8Array.of(0xff, 0xfe, 0x31, 0x32, 0x33, 0x34), 0x37],
    ['without a zero at its end', new Uint8Array(64).fill(0x31), 0x37],
    ['of 63 bytes', new Uint8Array(63).fill(0x31), 0],
  ])('a PIN %s is answered as the standard says', async (_, bytes, status) => {
    const raw = await plugIn();
    expect(await raw.setPin(bytes)).toBe(status);
    expect(await raw.option('clientPin')).toBe(status === 0);
  });

  test('a PIN that a stranger on the cable changed is not set', async () => {
    const raw = await plugIn();
    const { secret, cose } = await raw.agree();
    const sent = secret.encrypt(padded(pin));
    const param = secret.authenticate(sent);
    const other = Uint8Array.from(sent, (byte, index) => (index === 40 ? byte ^ 1 : byte));
    const fields = (enc: Uint8Array): Params => [
      [1, version],
      [2, 3],
      [3, cose],
      [4, param],
      [5, enc],
    ];
    expect(await raw.status(clientPin, fields(other))).toBe(0x33);
    expect(await raw.option('clientPin')).toBe(false);
    expect(await raw.status(clientPin, fields(sent))).toBe(0);
    expect(await raw.status(clientPin, fields(sent))).toBe(0x33);
  });

  test('a wrong PIN makes the shared secret worthless, so that guesses need a new one each', async () => {
    const raw = await plugIn();
    await raw.setPin(pin);
    const { secret, cose } = await raw.agree();
    const fields = (guess: string): Params => [
      [1, version],
      [2, 9],
      [3, cose],
      [6, secret.encrypt(hashOf(guess))],
      [9, be],
    ];
    expect(await raw.status(clientPin, fields('0000'))).toBe(0x31);
    expect(await raw.status(clientPin, fields(pin))).toBe(0x31);
    expect(await tokenOf(raw, be)).toHaveLength(32);
  });

  test.each([
    ['no PIN set', undefined, be, undefined, 0x35],
    ['no permission', pin, 0, undefined, 0x02],
    ['a permission that it does not have', pin, 0x04, undefined, 0x40],
    ['a permission that it does not have, beside one that it has', pin, be | 0x20, undefined, 0x40],
    ['a permission for credentials, but no organisation', pin, 0x01, undefined, 0x14],
  ])('a token with %s is refused', async (_, set, permissions, organisation, status) => {
    const raw = await plugIn();
    if (set !== undefined) await raw.setPin(set);
    expect(await raw.token(pin, permissions, organisation)).toBe(status);
    expect(raw.key.pinTriesLeft).toBe(8);
  });

  test.each([
    ['half a block', Uint8Array.from({ length: 24 }, () => 1)],
    ['nothing', new Uint8Array(0)],
    ['too much', new Uint8Array(64)],
  ])('a PIN hash that is %s is refused, and counts as a try', async (_, hash) => {
    const raw = await plugIn();
    await raw.setPin(pin);
    const { cose } = await raw.agree();
    expect(
      await raw.status(clientPin, [
        [1, version],
        [2, 9],
        [3, cose],
        [6, hash],
        [9, be],
      ]),
    ).toBe(0x02);
    expect(raw.key.pinTriesLeft).toBe(7);
  });

  test('the token of old is for credentials and for the first organisation that uses it', async () => {
    const raw = await plugIn();
    await raw.setPin(pin);
    const token = await tokenOf(raw, undefined);
    expect(await raw.status(bio, raw.bio(token, 4))).toBe(0x33);
    raw.key.autoTouch('anybody');
    const hash = randomBytes(32);
    const make: Params = [
      [1, hash],
      [2, new Map([['id', rpId]])],
      [3, new Map([['id', Uint8Array.of(1)]])],
      [4, [new Map([['alg', -7]])]],
      [8, authenticate(version, token, hash)],
      [9, version],
    ];
    const { status, fields } = await raw.ask(0x01, make);
    expect(status).toBe(0);
    // A person was there, and verified: by the PIN. Nothing in the answer says that it was no finger.
    expect((fields.bytes(2)[32] ?? 0) & 0x05).toBe(0x05);
    expect(await raw.status(0x01, make)).toBe(0x33);
  });
});

describe('the tokens of a virtual bio key', () => {
  test('are for one organisation', async () => {
    const raw = await RawKey.of();
    await raw.setPin(pin);
    const token = await tokenOf(raw, 0x02, 'elsewhere.example.org');
    const hash = randomBytes(32);
    const fields: Params = [
      [1, rpId],
      [2, hash],
      [6, authenticate(2, token, hash)],
      [7, 2],
    ];
    expect(await raw.status(0x02, fields)).toBe(0x33);
  });

  test('end when the next one is given, when the PIN is changed, and without power', async () => {
    const raw = await RawKey.of();
    await raw.setPin(pin);
    const first = await tokenOf(raw, be);
    expect(await raw.status(bio, raw.bio(first, 4))).toBe(0x2c);
    const second = await tokenOf(raw, be);
    expect(await raw.status(bio, raw.bio(first, 4))).toBe(0x33);
    expect(await raw.status(bio, raw.bio(second, 4))).toBe(0x2c);
    expect(await raw.changePin(pin, '2222-3333')).toBe(0);
    expect(await raw.status(bio, raw.bio(second, 4))).toBe(0x33);
    expect(await raw.changePin('2222-3333', pin)).toBe(0);
    const third = await tokenOf(raw, be);
    raw.key.unplug();
    raw.key.plug();
    const again = await RawKey.on(raw.key);
    expect(await again.status(bio, again.bio(third, 4))).toBe(0x33);
  });

  test.each([
    ['half a minute without use', false, 30_001, 0x33],
    ['just under that', false, 29_000, 0x2c],
    ['half a minute after a use', true, 30_001, 0x2c],
    ['ten minutes after a use', true, 600_001, 0x33],
  ])('live %s or do not', async (_, used, laterMs, status) => {
    const raw = await RawKey.of();
    await raw.setPin(pin);
    const token = await tokenOf(raw, be);
    if (used) await raw.status(bio, raw.bio(token, 4));
    const now = performance.now();
    const clock = vi.spyOn(performance, 'now');
    clock.mockImplementation(() => now + laterMs);
    try {
      expect(await raw.status(bio, raw.bio(token, 4))).toBe(status);
    } finally {
      clock.mockRestore();
    }
  });

  test('by a finger are not given for the fingers themselves', async () => {
    const raw = await RawKey.of({ fingers: ['right index'] });
    const { cose } = await raw.agree();
    expect(
      await raw.status(clientPin, [
        [1, 2],
        [2, 6],
        [3, cose],
        [9, be],
      ]),
    ).toBe(0x40);
  });
});

describe('a key of the preview', () => {
  const preview = () => RawKey.of({ generation: '2.1-preview' }, 1);

  test('has the token of old, which is good for the fingers, and no other', async () => {
    const raw = await preview();
    await raw.setPin(pin);
    expect(await raw.token(pin, be)).toBe(0x3e);
    const token = await tokenOf(raw, undefined);
    expect(await raw.status(0x40, raw.bio(token, 4))).toBe(0x2c);
    expect(await raw.status(0x09, raw.bio(token, 4))).toBe(0x01);
  });

  test('says so', async () => {
    const raw = await preview();
    const { fields } = await raw.ask(0x04);
    expect(fields.list(1)).toEqual(['FIDO_2_0', 'FIDO_2_1_PRE']);
    expect(fields.list(6)).toEqual([1]);
    expect(await raw.option('bioEnroll')).toBeUndefined();
    expect(await raw.option('pinUvAuthToken')).toBeUndefined();
    expect(await raw.option('userVerificationMgmtPreview')).toBe(false);
  });
});
