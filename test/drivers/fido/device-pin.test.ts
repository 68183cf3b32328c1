import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { BioEnrolment } from '../../../drivers/fido/bio-enrolment.ts';
import { changePin, pinTries, setPin, tokenByPin } from '../../../drivers/fido/device-pin.ts';
import type { Secret } from '../../../drivers/secret.ts';
import { clientOf, clientWithPin, factoryKey, officerOf, secretOf, short, textOf } from './factory-key.ts';
import { enrolled, finger, openReader, refusal, rpId } from './plugged-in.ts';
import { tapped } from './tapped-cable.ts';

const pin = '4711-0815';
const wrong = '0000-0000';
const ctapError = (value: number, more: object = {}): unknown => refusal('device-error', { origin: { kind: 'ctap', value }, ...more });

describe.each([
  { name: 'protocol two', protocols: [2, 1] as const },
  { name: 'protocol one', protocols: [1] as const },
])('the PIN of a key with $name', ({ protocols }) => {
  test('is set once, opens the fingers, and can be changed', async () => {
    const { ctap, info } = await clientOf(factoryKey({ protocols }));
    expect((await info()).options.get('clientPin')).toBe(false);
    await setPin(ctap, await info(), secretOf(pin), short);
    expect((await info()).options.get('clientPin')).toBe(true);
    const again = setPin(ctap, await info(), secretOf('12345678'), short);
    await expect(again).rejects.toEqual(ctapError(0x33));
    await changePin(ctap, await info(), { current: secretOf(pin), next: secretOf('Grüße, 世界') }, short);
    await expect(tokenByPin(ctap, await info(), secretOf(pin), short)).rejects.toEqual(ctapError(0x31, { triesLeft: 7 }));
    const token = await tokenByPin(ctap, await info(), secretOf('Grüße, 世界'), short);
    expect(await new BioEnrolment(ctap, await info()).enumerate(token, short)).toEqual([]);
    expect(await pinTries(ctap, short)).toEqual({ left: 8, unplugFirst: false });
  });

  test('that is wrong is counted once and never tried again by itself', async () => {
    const key = factoryKey({ protocols });
    const { ctap, info } = await clientWithPin(key, pin);
    const error = ctapError(0x31, { triesLeft: 7, recover: 'ask-staff' });
    await expect(tokenByPin(ctap, await info(), secretOf(wrong), short)).rejects.toEqual(error);
    expect(key.pinTriesLeft).toBe(7);
    const change = changePin(ctap, await info(), { current: secretOf(wrong), next: secretOf(pin) }, short);
    await expect(change).rejects.toEqual(ctapError(0x31, { triesLeft: 6 }));
    await tokenByPin(ctap, await info(), secretOf(pin), short);
    expect(key.pinTriesLeft).toBe(8);
  });

  test('three wrong ones in a row stop it until it is unplugged, and then the right one is not even sent', async () => {
    const key = factoryKey({ protocols });
    const { ctap, info } = await clientWithPin(key, pin);
    const token = async (text: string) => tokenByPin(ctap, await info(), secretOf(text), short);
    await expect(token(wrong)).rejects.toEqual(ctapError(0x31));
    await expect(token(wrong)).rejects.toEqual(ctapError(0x31, { triesLeft: 6 }));
    await expect(token(wrong)).rejects.toEqual(refusal('reader-locked', { origin: { kind: 'ctap', value: 0x34 } }));
    expect(await pinTries(ctap, short)).toEqual({ left: 5, unplugFirst: true });
    await expect(token(pin)).rejects.toEqual(refusal('reader-locked', { triesLeft: 5, origin: { kind: 'ctap', value: 0x34 } }));
    key.unplug();
    key.plug();
    const replugged = await clientOf(key);
    await tokenByPin(replugged.ctap, await replugged.info(), secretOf(pin), short);
    expect(key.pinTriesLeft).toBe(8);
  });

  test('eight wrong ones in a row end it for good, whatever is unplugged', async () => {
    const key = factoryKey({ protocols });
    await clientWithPin(key, pin);
    const seen: unknown[] = [];
    for (let round = 0; round < 8; round += 1) {
      if (round % 3 === 0) {
        key.unplug();
        key.plug();
      }
      const { ctap, info } = await clientOf(key);
      await tokenByPin(ctap, await info(), secretOf(wrong), short).catch((error: unknown) =>
        seen.push((error as { origin?: { value: unknown } }).origin?.value),
      );
    }
    expect(seen).toEqual([0x31, 0x31, 0x34, 0x31, 0x31, 0x34, 0x31, 0x32]);
    key.unplug();
    key.plug();
    const { ctap, info } = await clientOf(key);
    const last = tokenByPin(ctap, await info(), secretOf(pin), short);
    await expect(last).rejects.toEqual(refusal('reader-locked', { triesLeft: 0, origin: { kind: 'ctap', value: 0x32 } }));
  });
});

describe('a PIN', () => {
  test.each([
    ['that is too short', '12345'],
    ['that is too short in characters, though not in bytes', 'äöüßé'],
    ['that is too long', '1'.repeat(64)],
    ['that ends in a zero byte', '1234567\0'],
  ])('%s is refused before the key hears of it', async (_, text) => {
    const key = factoryKey({ minPinLength: 6 });
    const { ctap, info } = await clientOf(key);
    const secret = secretOf(text);
    await expect(setPin(ctap, await info(), secret, short)).rejects.toMatchObject({ code: 'device-error', origin: undefined });
    expect(secret.length).toBe(0);
    expect((await info()).options.get('clientPin')).toBe(false);
  });

  test('of 63 bytes is taken', async () => {
    const { ctap, info } = await clientWithPin(factoryKey(), '9'.repeat(63));
    await tokenByPin(ctap, await info(), secretOf('9'.repeat(63)), short);
  });

  test('that must be changed first gives no token', async () => {
    const key = factoryKey();
    const { ctap, info } = await clientWithPin(key, pin);
    key.expirePin();
    expect((await info()).forcePinChange).toBe(true);
    await expect(tokenByPin(ctap, await info(), secretOf(pin), short)).rejects.toEqual(ctapError(0x31));
    const same = changePin(ctap, await info(), { current: secretOf(pin), next: secretOf(pin) }, short);
    await expect(same).rejects.toEqual(ctapError(0x37));
    await changePin(ctap, await info(), { current: secretOf(pin), next: secretOf('11223344') }, short);
    expect((await info()).forcePinChange).toBe(false);
    await tokenByPin(ctap, await info(), secretOf('11223344'), short);
  });

  test('is wiped when it was used, when it was wrong, and when the key was gone', async () => {
    const key = factoryKey();
    const { ctap, info } = await clientWithPin(key, pin);
    const known = await info();
    const right = secretOf(pin);
    await tokenByPin(ctap, known, right, short);
    const other = secretOf(wrong);
    await expect(tokenByPin(ctap, known, other, short)).rejects.toBeDefined();
    key.unplug();
    const [first, second, third, fourth] = [secretOf(pin), secretOf(pin), secretOf(pin), secretOf(pin)];
    await expect(tokenByPin(ctap, known, first, short)).rejects.toEqual(refusal('reader-lost'));
    await expect(setPin(ctap, known, second, short)).rejects.toEqual(refusal('reader-lost'));
    await expect(changePin(ctap, known, { current: third, next: fourth }, short)).rejects.toEqual(refusal('reader-lost'));
    for (const secret of [right, other, first, second, third, fourth]) expect(secret.length).toBe(0);
  });

  test('crosses the cable only encrypted, and stands in no error', async () => {
    const key = factoryKey();
    const cable = tapped(key.transport);
    const officer = await officerOf(key, {}, cable.transport);
    const pins: string[] = [];
    const keep = async (secret: Secret) => void pins.push(await textOf(secret));
    await officer.prepare({ names: ['right index', 'left index'], keep }, { onFinger: (name) => key.autoTouch(name) });
    await officer.renewPin(secretOf(pins[0] ?? ''), keep);
    const error: unknown = await officer.unlock(secretOf(`${pins[1]}x`)).catch((caught: unknown) => caught);
    const seen = `${Buffer.from(cable.said(), 'hex').toString('latin1')} ${inspect(error, { depth: 9, showHidden: true })}`;
    expect(pins).toHaveLength(2);
    for (const one of pins) expect(seen).not.toContain(one);
    // The control: what is said in the clear would be found.
    expect(seen).toContain('right index');
    expect(seen).toContain('pinInvalid');
  });

  test('is not asked of a key that cannot have one', async () => {
    const key = factoryKey();
    const { ctap, info } = await clientOf(key);
    const known = await info();
    const options = new Map([...known.options].filter(([name]) => name !== 'clientPin'));
    const call = setPin(ctap, { ...known, options }, secretOf(pin), short);
    await expect(call).rejects.toEqual(refusal('mechanism-unsupported', { recover: 'ask-staff' }));
  });
});

describe('a token by PIN', () => {
  test('signs nothing: it is good for the fingers alone', async () => {
    const key = factoryKey({ fingers: [finger] });
    const reader = await openReader(key.transport);
    const { credentialId } = await enrolled(key, reader);
    const { ctap, info } = await clientWithPin(key, pin);
    const token = await tokenByPin(ctap, await info(), secretOf(pin), short);
    const clientDataHash = randomBytes(32);
    const auth = token.authenticate(clientDataHash);
    await expect(ctap.getAssertion({ rpId, credentialId, clientDataHash, auth }, short)).rejects.toEqual(ctapError(0x33));
    const made = ctap.makeCredential({ rpId, userId: randomBytes(8), clientDataHash, auth }, short);
    await expect(made).rejects.toEqual(ctapError(0x33));
    // The control: the same token is in force, and does what it is for.
    expect(await new BioEnrolment(ctap, await info()).enumerate(token, short)).toHaveLength(1);
  });

  test('authenticates nothing once it was wiped', async () => {
    const { ctap, info } = await clientWithPin(factoryKey(), pin);
    const token = await tokenByPin(ctap, await info(), secretOf(pin), short);
    token.wipe();
    expect(() => token.authenticate(new Uint8Array(2))).toThrow('wiped');
  });

  test('gives back the tries of a key that locked itself', async () => {
    const key = factoryKey({ fingers: [finger], maxTries: 2 });
    const reader = await openReader(key.transport);
    const { credentialId } = await enrolled(key, reader);
    const { ctap, info } = await clientWithPin(key, pin);
    key.autoTouch('somebody else');
    const verify = () => reader.verify({ rpId, credentialId, clientDataHash: randomBytes(32) });
    await expect(verify()).rejects.toEqual(refusal('not-matched'));
    await expect(verify()).rejects.toEqual(refusal('reader-locked'));
    await expect(tokenByPin(ctap, await info(), secretOf(wrong), short)).rejects.toEqual(ctapError(0x31));
    expect(key.triesLeft).toBe(0);
    await tokenByPin(ctap, await info(), secretOf(pin), short);
    expect(key.triesLeft).toBe(2);
    key.autoTouch(finger);
    await verify();
  });
});
