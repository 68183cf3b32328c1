import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { factoryKey, officerOf, secretOf } from './factory-key.ts';
import { openReader, refusal, rpId } from './plugged-in.ts';
import { prepared } from './prepared-key.ts';

const ctapError = (value: number, more: object = {}): unknown => refusal('device-error', { origin: { kind: 'ctap', value }, ...more });

describe('the PIN of a key', () => {
  test('is renewed, and the one before it opens nothing', async () => {
    const { officer, kept, keep, pin } = await prepared(factoryKey());
    const old = kept[0] ?? '';
    await officer.renewPin(pin(), keep);
    expect(kept).toHaveLength(2);
    await expect(officer.unlock(secretOf(old))).rejects.toEqual(ctapError(0x31));
    expect(await (await officer.unlock(pin())).fingers()).toHaveLength(2);
  });

  test('stays when the new one could not be kept', async () => {
    const { officer, pin } = await prepared(factoryKey());
    const current = pin();
    await expect(officer.renewPin(current, () => Promise.reject(new Error('the safe is full')))).rejects.toThrow('the safe is full');
    expect(current.length).toBe(0);
    await officer.unlock(pin());
  });
});

describe('a key in an officer’s hand', () => {
  test('is told from others by a touch', async () => {
    const key = factoryKey();
    const impatient = await officerOf(key, { touchMs: 60 });
    await expect(impatient.selection()).rejects.toEqual(refusal('touch-timeout'));
    key.autoTouch('any finger');
    await (await officerOf(key)).selection();
  });

  test('is reset right after it was plugged in, by a touch, and is then as it came from the factory', async () => {
    const key = factoryKey();
    const { officer } = await prepared(key);
    const reader = await openReader(key.transport);
    key.autoTouch('right index');
    const { credentialId } = await reader.enrol({ rpId, userId: randomBytes(32), clientDataHash: randomBytes(32) });
    await officer.reset();
    expect(await officer.state()).toEqual({ pinSet: false, fingersEnrolled: false, fingerTries: 3 });
    const { fingers } = await prepared(key);
    expect(fingers).toHaveLength(2);
    key.autoTouch('right index');
    const again = await openReader(key.transport);
    await expect(again.verify({ rpId, credentialId, clientDataHash: randomBytes(32) })).rejects.toEqual(refusal('no-usable-key'));
  });
});
