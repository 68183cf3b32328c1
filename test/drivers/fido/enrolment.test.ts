import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { verifyAssertion } from '../../../agent/people/assertion.ts';
import type { FingerSample } from '../../../drivers/finger-keeper.ts';
import { createReaderSource } from '../../../drivers/fido/source.ts';
import { KeyEnrolment } from '../../../drivers/fido/enrolment.ts';
import type { VirtualBioKey } from '../../../drivers/virtual/bio-key.ts';
import { clientWithPin, factoryKey, officerOf, secretOf } from './factory-key.ts';
import { openReader, refusal, rpId, until } from './plugged-in.ts';
import { names, prepared, safe } from './prepared-key.ts';

const ctapError = (value: number, more: object = {}): unknown => refusal('device-error', { origin: { kind: 'ctap', value }, ...more });

describe('a key from the factory', () => {
  test('is made ready: a PIN that was kept, two fingers, and both of them sign', async () => {
    const key = factoryKey();
    const officer = await officerOf(key);
    expect(await officer.state()).toEqual({ pinSet: false, fingersEnrolled: false, fingerTries: 3 });
    const { kept, keep } = safe();
    const turns: string[] = [];
    const samples: FingerSample[] = [];
    const prompts: string[] = [];
    const fingers = await officer.prepare(
      { names, keep },
      {
        onFinger: (name, index) => {
          turns.push(`${index}: ${name}`);
          key.autoTouch(name);
        },
        onSample: (sample) => samples.push(sample),
        onPrompt: (prompt) => prompts.push(prompt),
      },
    );
    expect(fingers.map(({ name }) => name)).toEqual(names);
    expect(turns).toEqual(['0: right index', '1: left index']);
    expect(samples.map(({ remaining }) => remaining)).toEqual([3, 2, 1, 0, 3, 2, 1, 0]);
    expect(samples.every(({ feedback, native }) => feedback === 'good' && native === 0)).toBe(true);
    expect(prompts.filter((prompt) => prompt === 'touch')).toHaveLength(8);
    expect(kept).toHaveLength(1);
    expect(kept[0]).toMatch(/^[0-9a-hjkmnp-tv-z]{24}$/);
    const state = { pinSet: true, fingersEnrolled: true, fingerTries: 3, pinTries: { left: 8, unplugFirst: false } };
    expect(await officer.state()).toEqual(state);

    const reader = await openReader(key.transport);
    const credential = await reader.enrol({ rpId, userId: randomBytes(32), clientDataHash: randomBytes(32) });
    for (const [index, name] of names.entries()) {
      key.autoTouch(name);
      const clientDataHash = randomBytes(32);
      const assertion = await reader.verify({ rpId, credentialId: credential.credentialId, clientDataHash });
      expect(verifyAssertion({ assertion, credential, rpId, clientDataHash })).toEqual({ ok: true, signCount: 2 + index });
    }
    key.autoTouch('left thumb');
    const stranger = reader.verify({ rpId, credentialId: credential.credentialId, clientDataHash: randomBytes(32) });
    await expect(stranger).rejects.toEqual(refusal('not-matched'));
  });

  test('gets no PIN before the PIN is kept', async () => {
    const key = factoryKey();
    const officer = await officerOf(key);
    let setWhileKeeping: boolean | undefined;
    const keep = async (): Promise<void> => {
      setWhileKeeping = (await officer.state()).pinSet;
      throw new Error('the safe is full');
    };
    await expect(officer.prepare({ names, keep })).rejects.toThrow('the safe is full');
    expect(setWhileKeeping).toBe(false);
    expect((await officer.state()).pinSet).toBe(false);
  });

  test('gets a longer PIN where it asks for one', async () => {
    const key = factoryKey({ minPinLength: 40 });
    const { kept } = await prepared(key);
    expect(kept[0]).toHaveLength(40);
  });

  test('never gets the PIN of another', async () => {
    const [one, other] = [await prepared(factoryKey()), await prepared(factoryKey())];
    expect(one.kept[0]).not.toBe(other.kept[0]);
  });

  test.each([
    ['one finger', ['right index']],
    ['none', []],
    ['the same name twice', ['right index', 'right index']],
    ['two of three names the same', ['right index', 'left index', 'right index']],
  ])('is not made ready with %s', async (_, few) => {
    const officer = await officerOf(factoryKey());
    const { kept, keep } = safe();
    await expect(officer.prepare({ names: few, keep })).rejects.toThrow(RangeError);
    expect(kept).toEqual([]);
  });
});

describe('a key that is not as it came from the factory', () => {
  test.each([
    ['with a PIN', (key: VirtualBioKey): Promise<unknown> => clientWithPin(key, '12345678'), {}],
    ['with a finger', (): Promise<unknown> => Promise.resolve(), { fingers: ['somebody'] }],
  ])('%s is refused before anything is done to it', async (_, use, options) => {
    const key = factoryKey(options);
    await use(key);
    const before = JSON.stringify(key);
    const { kept, keep } = safe();
    const call = (await officerOf(key)).prepare({ names, keep });
    await expect(call).rejects.toEqual(refusal('device-error', { recover: 'ask-staff' }));
    expect(kept).toEqual([]);
    expect(JSON.stringify(key)).toBe(before);
  });

  test('because it is too old to sign is refused in the same way, and its fingers can be looked after all the same', async () => {
    const key = factoryKey({ generation: '2.1-preview', fingers: [] });
    const before = JSON.stringify(key);
    const officer = await officerOf(key);
    const { kept, keep } = safe();
    await expect(officer.prepare({ names, keep })).rejects.toEqual(refusal('mechanism-unsupported', { recover: 'ask-staff' }));
    expect(kept).toEqual([]);
    expect(JSON.stringify(key)).toBe(before);
    await clientWithPin(key, '12345678');
    const session = await officer.unlock(secretOf('12345678'));
    key.autoTouch('left thumb');
    await session.enrolFinger('left thumb');
    expect([...key.fingers]).toEqual(['left thumb']);
  });

  test('is refused when it is not plugged in', async () => {
    await expect(KeyEnrolment.open(factoryKey().transport, 'fido-0000')).rejects.toEqual(refusal('reader-lost'));
  });

  test('from a ReaderSource is found under the same name', async () => {
    const key = factoryKey();
    const source = createReaderSource(key.transport);
    await until(() => source.readers().length > 0);
    const officer = await KeyEnrolment.open(key.transport, source.readers()[0]?.id ?? '');
    expect((await officer.state()).pinSet).toBe(false);
    await officer.close();
    await source.close();
  });
});

describe('the fingers of a key, with its PIN', () => {
  test('are listed, renamed and removed, and another one is enrolled', async () => {
    const key = factoryKey();
    const { officer, fingers, pin } = await prepared(key);
    const session = await officer.unlock(pin());
    expect(await session.fingers()).toEqual(fingers);
    await session.renameFinger(fingers[0]?.id ?? '', 'rechts');
    await session.removeFinger(fingers[1]?.id ?? '');
    key.autoTouch('left thumb');
    const added = await session.enrolFinger('left thumb');
    expect(await session.fingers()).toEqual([{ ...fingers[0], name: 'rechts' }, added]);
    expect([...key.fingers]).toEqual(['right index', 'left thumb']);
    await session.close();
    await expect(session.fingers()).rejects.toThrow('wiped');
  });

  test('have names that the key can keep', async () => {
    const key = factoryKey();
    expect(await (await officerOf(key)).longestName()).toBe(64);
    const { officer, fingers, pin } = await prepared(key);
    const session = await officer.unlock(pin());
    await session.renameFinger(fingers[0]?.id ?? '', 'é'.repeat(32));
    for (const name of ['', 'é'.repeat(33)]) {
      await expect(session.renameFinger(fingers[0]?.id ?? '', name)).rejects.toThrow(RangeError);
      await expect(session.enrolFinger(name)).rejects.toThrow(RangeError);
    }
    await expect(session.removeFinger('no hex')).rejects.toThrow(RangeError);
    await expect(session.removeFinger('00ff')).rejects.toEqual(ctapError(0x2c));
    expect(key.waiting).toBe(false);
  });

  test('do not open to a wrong PIN, and it is tried once', async () => {
    const key = factoryKey();
    const { officer } = await prepared(key);
    await expect(officer.unlock(secretOf('0000-0000'))).rejects.toEqual(ctapError(0x31, { triesLeft: 7 }));
    expect(key.pinTriesLeft).toBe(7);
  });

  test('are open again after strangers locked the key', async () => {
    const key = factoryKey({ maxTries: 2 });
    const { officer, pin } = await prepared(key);
    const reader = await openReader(key.transport);
    key.autoTouch('a stranger');
    const verify = () => reader.verify({ rpId, credentialId: randomBytes(32), clientDataHash: randomBytes(32) });
    await expect(verify()).rejects.toEqual(refusal('not-matched'));
    await expect(verify()).rejects.toEqual(refusal('reader-locked'));
    key.autoTouch('right index');
    await expect(verify()).rejects.toEqual(refusal('reader-locked'));
    expect((await officer.state()).fingerTries).toBe(0);
    await (await officer.unlock(pin())).close();
    expect((await officer.state()).fingerTries).toBe(2);
    await expect(verify()).rejects.toEqual(refusal('no-usable-key'));
  });
});
