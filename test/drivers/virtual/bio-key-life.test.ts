import { describe, expect, test, vi } from 'vitest';
import { authenticate } from '../../../drivers/fido/pin-uv-protocol.ts';
import { VirtualBioKey } from '../../../drivers/virtual/bio-key.ts';
import type { BioKeyJson } from '../../../drivers/virtual/bio-key-store.ts';
import { RawKey } from './raw-key.ts';

const pin = '4711-0815';
const [info, reset, bio, selection] = [0x04, 0x07, 0x09, 0x0b];

describe('a virtual bio key', () => {
  test('says of itself what it can do, and nothing that it cannot', async () => {
    const raw = await RawKey.of({ minPinLength: 6 });
    const { fields } = await raw.ask(info);
    expect(fields.raw(4)).toEqual(
      new Map([
        ['rk', false],
        ['up', true],
        ['uv', false],
        ['plat', false],
        ['bioEnroll', false],
        ['clientPin', false],
        ['pinUvAuthToken', true],
        ['userVerificationMgmtPreview', false],
      ]),
    );
    expect([fields.raw(0x0c), fields.raw(0x0d), fields.raw(0x12)]).toEqual([false, 6, 2]);
  });

  test('waits for a touch to be selected, and can be told to stop', async () => {
    const raw = await RawKey.of({ touchTimeoutMs: 150 });
    expect(await raw.status(selection)).toBe(0x2f);
    raw.key.autoTouch('anybody');
    expect(await raw.status(selection)).toBe(0);
  });

  test('is reset within ten seconds after it was plugged in, and not later', async () => {
    const raw = await RawKey.of({ fingers: ['right index'] });
    await raw.setPin(pin);
    raw.key.autoTouch('anybody');
    const now = performance.now();
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now + 10_001);
    try {
      expect(await raw.status(reset)).toBe(0x30);
      expect(await raw.option('clientPin')).toBe(true);
    } finally {
      clock.mockRestore();
    }
    expect(await raw.status(reset)).toBe(0);
    expect(await raw.option('clientPin')).toBe(false);
    expect(await raw.option('uv')).toBe(false);
  });

  test('keeps PIN, wrong tries, fingers and their names without power and in a file', async () => {
    const raw = await RawKey.of({ fingers: ['right index'] });
    const token = await raw.officerToken(pin);
    const { fields } = await raw.ask(bio, raw.bio(token, 4));
    const [template] = fields.list(7) as ReadonlyMap<number, Uint8Array>[];
    const id = template?.get(1) ?? new Uint8Array(0);
    expect(
      await raw.status(
        bio,
        raw.bio(token, 5, [
          [1, id],
          [2, 'Zeigefinger'],
        ]),
      ),
    ).toBe(0);
    expect(await raw.token('0000', 0x08)).toBe(0x31);
    const text = JSON.stringify(raw.key);
    const again = await RawKey.on(VirtualBioKey.fromJSON(JSON.parse(text) as BioKeyJson));
    expect(JSON.stringify(again.key)).toBe(text);
    expect(again.key.pinTriesLeft).toBe(7);
    const right = await again.fingerToken(pin);
    const listed = (await again.ask(bio, again.bio(right, 4))).fields.list(7);
    expect(listed).toEqual([
      new Map<number, unknown>([
        [1, id],
        [2, 'Zeigefinger'],
      ]),
    ]);
  });

  test('of a file from before there were PINs is read, with its fingers', () => {
    const now = VirtualBioKey.create({ fingers: ['right index', 'left index'] }).toJSON();
    const old = Object.entries(now).filter(([name]) => !['templates', 'maxTemplates', 'pin'].includes(name));
    const before = { ...Object.fromEntries(old), version: 1, fingers: ['right index', 'left index'] } as unknown as BioKeyJson;
    const key = VirtualBioKey.fromJSON(before);
    expect([...key.fingers]).toEqual(['right index', 'left index']);
    expect(key.toJSON()).toMatchObject({ version: 2, serial: now.serial, pin: { retries: 8, mustChange: false } });
  });

  test('authenticates a token under the protocol that it was given for, and no other', async () => {
    const raw = await RawKey.of();
    const token = await raw.officerToken(pin);
    const param = authenticate(1, token, Uint8Array.of(1, 4));
    expect(
      await raw.status(bio, [
        [1, 1],
        [2, 4],
        [4, 1],
        [5, param],
      ]),
    ).toBe(0x33);
    expect(await raw.status(bio, raw.bio(token, 4))).toBe(0x2c);
  });
});
