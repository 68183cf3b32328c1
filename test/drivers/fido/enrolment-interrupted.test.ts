import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { FingerCall, FingerSample } from '../../../drivers/finger-keeper.ts';
import type { EnrolmentOptions } from '../../../drivers/fido/enrolment.ts';
import type { BioKeyOptions } from '../../../drivers/virtual/bio-key.ts';
import { clientWithPin, factoryKey, officerOf, secretOf } from './factory-key.ts';
import { refusal, until } from './plugged-in.ts';

const pin = '4711-0815';

async function session(options: Partial<BioKeyOptions> = {}, patience: EnrolmentOptions = {}) {
  const key = factoryKey({ samples: 3, ...options });
  const { channel } = await clientWithPin(key, pin);
  await channel.close();
  const officer = await officerOf(key, patience);
  return { key, officer, session: await officer.unlock(secretOf(pin)) };
}

describe('an enrolment that is called off', () => {
  test('while the key waits for a sample leaves nothing behind, and the key ready', async () => {
    const { key, session: fingers } = await session();
    const abort = new AbortController();
    const call: FingerCall = { signal: abort.signal, onSample: () => setImmediate(() => abort.abort()) };
    key.nextTouches({ finger: 'left thumb' });
    await expect(fingers.enrolFinger('left thumb', call)).rejects.toEqual(refusal('cancelled', { origin: { kind: 'ctap', value: 0x2d } }));
    expect(key.waiting).toBe(false);
    expect(await fingers.fingers()).toEqual([]);
    key.autoTouch('left thumb');
    await fingers.enrolFinger('left thumb');
  });

  test('between two samples asks for no more of them', async () => {
    const { key, session: fingers } = await session();
    const abort = new AbortController();
    key.autoTouch('left thumb');
    let samples = 0;
    const call: FingerCall = {
      signal: abort.signal,
      onSample: () => {
        samples += 1;
        abort.abort();
      },
    };
    await expect(fingers.enrolFinger('left thumb', call)).rejects.toEqual(refusal('cancelled', { origin: undefined }));
    expect(samples).toBe(1);
    expect(key.fingers.size).toBe(0);
  });

  test('before it began does not touch the key', async () => {
    const { key, session: fingers } = await session();
    key.autoTouch('left thumb');
    const call = fingers.enrolFinger('left thumb', { signal: AbortSignal.abort() });
    await expect(call).rejects.toEqual(refusal('cancelled'));
    expect(key.fingers.size).toBe(0);
  });

  test('when the last sample is in comes too late: the finger is enrolled, and said to be', async () => {
    const { key, session: fingers } = await session();
    const abort = new AbortController();
    key.autoTouch('left thumb');
    const onSample = ({ remaining }: FingerSample): void => {
      if (remaining === 0) abort.abort();
    };
    const finger = await fingers.enrolFinger('left thumb', { signal: abort.signal, onSample });
    expect(await fingers.fingers()).toEqual([finger]);
  });

  test('in the very moment of the last sample ends in one of the two, and the key agrees with what was said', async () => {
    const outcomes = new Set<string>();
    const { key, session: fingers } = await session({ samples: 1 });
    for (let round = 0; round < 24; round += 1) {
      const abort = new AbortController();
      const call = fingers.enrolFinger('left thumb', { signal: abort.signal }).catch((error: unknown) => error);
      await until(() => key.waiting);
      if (round % 2 === 0) {
        key.touch('left thumb');
        for (let turn = 0; turn < round; turn += 2) await new Promise(setImmediate);
        abort.abort();
      } else {
        abort.abort();
        for (let turn = 1; turn < round; turn += 2) await new Promise(setImmediate);
        key.touch('left thumb');
      }
      const outcome = await call;
      const known = await fingers.fingers();
      if (outcome instanceof Error) {
        expect(outcome).toEqual(refusal('cancelled'));
        expect(known).toEqual([]);
        outcomes.add('cancelled');
      } else {
        expect(known).toEqual([outcome]);
        outcomes.add('enrolled');
        await fingers.removeFinger(known[0]?.id ?? '');
      }
    }
    expect(outcomes).toEqual(new Set(['cancelled', 'enrolled']));
  });
});

describe('a person who', () => {
  test('lays the finger on badly is told how, sample by sample, and gets there', async () => {
    const { key, session: fingers } = await session();
    const left = { finger: 'left thumb' };
    key.nextTouches({ ...left, manner: 'dirty' }, left, { ...left, manner: 'too-left' }, { ...left, manner: 'too-fast' }, left, {
      ...left,
      manner: 0x77,
    });
    const samples: FingerSample[] = [];
    const call = fingers.enrolFinger('left thumb', {
      onSample: (sample) => {
        samples.push(sample);
        if (key.touchesToCome === 0) key.autoTouch('left thumb');
      },
    });
    await call;
    expect(samples.map(({ feedback, remaining }) => `${feedback} ${remaining}`)).toEqual([
      'poor-quality 3',
      'good 2',
      'too-left 2',
      'too-fast 2',
      'good 1',
      'unknown 1',
      'good 0',
    ]);
    expect(samples[5]?.native).toBe(0x77);
  });

  test('does not come is waited for until the time for the finger is over', async () => {
    const { key, session: fingers } = await session({}, { sampleMs: 40, fingerMs: 800 });
    const seen: string[] = [];
    const call = fingers.enrolFinger('left thumb', { onSample: ({ feedback }) => seen.push(feedback) });
    await expect(call).rejects.toEqual(refusal('touch-timeout'));
    expect(seen.length).toBeGreaterThan(1);
    expect(new Set(seen)).toEqual(new Set(['no-finger']));
    expect(key.waiting).toBe(false);
    expect(await fingers.fingers()).toEqual([]);
  });

  test('has one finger enrolled cannot have it enrolled as another', async () => {
    const { key, session: fingers } = await session({}, { fingerMs: 1500 });
    key.autoTouch('left thumb');
    await fingers.enrolFinger('left thumb');
    const seen = new Set<string>();
    const call = fingers.enrolFinger('right thumb', { onSample: ({ feedback }) => seen.add(feedback) });
    await expect(call).rejects.toEqual(refusal('touch-timeout'));
    expect(seen).toEqual(new Set(['exists']));
    expect(await fingers.fingers()).toHaveLength(1);
  });

  test('has more fingers than the key has room for is told so', async () => {
    const { key, session: fingers } = await session({ maxTemplates: 1 });
    key.autoTouch('left thumb');
    await fingers.enrolFinger('left thumb');
    await expect(fingers.enrolFinger('right thumb')).rejects.toEqual(refusal('device-error', { origin: { kind: 'ctap', value: 0x17 } }));
    const other = await session();
    other.key.autoTouch('left thumb', 0x0c);
    await expect(other.session.enrolFinger('left thumb')).rejects.toEqual(refusal('device-error', { recover: 'ask-staff' }));
  });
});

describe('the cable', () => {
  test('pulled between two samples ends it at once, and nothing of the finger is on the key', async () => {
    const { key, session: fingers } = await session();
    key.nextTouches({ finger: 'left thumb' });
    const call = fingers.enrolFinger('left thumb');
    const ended = expect(call).rejects.toEqual(refusal('reader-lost'));
    await until(() => key.touchesToCome === 0 && key.waiting);
    await sleep(20);
    const began = performance.now();
    key.unplug();
    await ended;
    expect(performance.now() - began).toBeLessThan(500);
    key.plug();
    expect(key.fingers.size).toBe(0);
    const again = await (await officerOf(key)).unlock(secretOf(pin));
    key.autoTouch('left thumb');
    await again.enrolFinger('left thumb');
  });

  test('pulled and put back ends the officer’s right: the PIN is needed again', async () => {
    const { key, session: fingers } = await session();
    key.unplug();
    key.plug();
    await expect(fingers.fingers()).rejects.toEqual(refusal('reader-lost'));
    await (await officerOf(key)).unlock(secretOf(pin));
  });

  test('pulled in the middle of making a key ready leaves a key that the kept PIN opens', async () => {
    const key = factoryKey();
    const officer = await officerOf(key);
    let kept = '';
    const call = officer.prepare(
      {
        names: ['right index', 'left index'],
        keep: (secret) => secret.take((bytes) => void (kept = new TextDecoder().decode(bytes))),
      },
      {
        onFinger: (name, index) => {
          key.autoTouch(index === 0 ? name : undefined);
          if (index === 1) setTimeout(() => key.unplug(), 30);
        },
      },
    );
    await expect(call).rejects.toEqual(refusal('reader-lost'));
    key.plug();
    const fingers = await (await officerOf(key)).unlock(secretOf(kept));
    expect((await fingers.fingers()).map(({ name }) => name)).toEqual(['right index']);
    key.autoTouch('left index');
    await fingers.enrolFinger('left index');
    expect(await fingers.fingers()).toHaveLength(2);
  });
});
