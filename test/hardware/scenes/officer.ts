/** A key from the factory on real hidraw in an officer's hands: made ready with samples that are bad, used, locked, unlocked. Leaves nothing plugged in. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Bench } from '../bench.ts';

const rpId = 'countersign.example';
const soon = { timeout: 5000, interval: 20 } as const;
const hash = (): string => randomBytes(32).toString('base64url');

export function officerScenes(bench: () => Bench): void {
  const device = () => bench().parts.factoryKey;
  const key = () => device().key;
  const fingerIsAwaited = () => expect.poll(() => key().waiting, soon).toBe(true);
  let credentialId = '';

  const verifying = (finger: string) => {
    key().nextTouches({ finger });
    return bench().call('verify', rpId, credentialId, hash());
  };

  describe('a key from the factory on hidraw', () => {
    test('is plugged in alone, and knows neither PIN nor finger', async () => {
      bench().parts.reader.unplug();
      await expect.poll(() => bench().call('hidDevices'), soon).toEqual([]);
      await device().plug();
      await expect.poll(() => bench().call('hidDevices'), soon).toHaveLength(1);
      expect(await bench().call('keyState')).toEqual({ pinSet: false, fingersEnrolled: false, fingerTries: 3 });
    });

    test('is made ready with two fingers, though some samples are bad', async () => {
      const [right, left] = [{ finger: 'right index' }, { finger: 'left index' }];
      const forRight = [{ ...right, manner: 'dirty' }, right, { ...right, manner: 'too-fast' }, right, left, right, right] as const;
      key().nextTouches(...forRight, { ...left, manner: 'too-left' }, left, right, left, left, left);
      const { fingers, samples } = await bench().call('prepareKey', ['right index', 'left index']);
      expect(samples.map(({ feedback, remaining }) => `${feedback} ${remaining}`)).toEqual([
        ...['poor-quality 4', 'good 3', 'too-fast 3', 'good 2', 'merge-failure 2', 'good 1', 'good 0'],
        ...['too-left 4', 'good 3', 'exists 3', 'good 2', 'good 1', 'good 0'],
      ]);
      expect(fingers.map(({ name }) => name)).toEqual(['right index', 'left index']);
    });

    test('signs for each of them, and for nobody else', async () => {
      await expect.poll(() => bench().call('readers'), soon).toHaveLength(1);
      key().nextTouches({ finger: 'left index' });
      ({ credentialId } = await bench().call('enrol', rpId, randomBytes(16).toString('base64url'), hash()));
      await expect(verifying('right index')).resolves.toHaveProperty('signature');
      await expect(verifying('left index')).resolves.toHaveProperty('signature');
      await expect(verifying('somebody else')).rejects.toMatchObject({ code: 'not-matched', details: { triesLeft: 2 } });
    });

    test('is locked by strangers, also for its holder, until the officer gives it its PIN', async () => {
      await expect(verifying('somebody else')).rejects.toMatchObject({ code: 'not-matched', details: { triesLeft: 1 } });
      await expect(verifying('somebody else')).rejects.toMatchObject({ code: 'reader-locked' });
      await expect(bench().call('verify', rpId, credentialId, hash())).rejects.toMatchObject({ code: 'reader-locked' });
      expect(await bench().call('knownFingers')).toHaveLength(2);
      await expect(verifying('right index')).resolves.toHaveProperty('signature');
    });

    test('enrols nothing when the officer thinks better of it', async () => {
      const work = bench().call('enrolOneMore', 'left thumb');
      work.catch(() => undefined);
      key().nextTouches({ finger: 'left thumb' });
      await expect.poll(() => key().touchesToCome, soon).toBe(0);
      await fingerIsAwaited();
      await bench().call('callOff');
      await expect(work).rejects.toMatchObject({ code: 'cancelled' });
      expect(await bench().call('knownFingers')).toHaveLength(2);
    });

    test('takes a wrong PIN three times in a row and then none before it was unplugged', async () => {
      for (const triesLeft of [7, 6]) {
        await expect(bench().call('tryPin', '0000-0000')).rejects.toMatchObject({ code: 'device-error', details: { triesLeft } });
      }
      await expect(bench().call('tryPin', '0000-0000')).rejects.toMatchObject({ code: 'reader-locked' });
      await expect(bench().call('knownFingers')).rejects.toMatchObject({ code: 'reader-locked' });
      device().unplug();
      await expect.poll(() => bench().call('readers'), soon).toEqual([]);
      await device().plug();
      await expect.poll(() => bench().call('readers'), soon).toHaveLength(1);
      expect(await bench().call('knownFingers')).toHaveLength(2);
    });

    test('pulled out while a finger is enrolled ends that at once, and has forgotten the half of it', async () => {
      const work = bench().call('enrolOneMore', 'left thumb');
      work.catch(() => undefined);
      key().nextTouches({ finger: 'left thumb' });
      await expect.poll(() => key().touchesToCome, soon).toBe(0);
      await fingerIsAwaited();
      const start = performance.now();
      device().unplug();
      await expect(work).rejects.toMatchObject({ code: 'reader-lost' });
      expect(performance.now() - start).toBeLessThan(1000);
      expect([...key().fingers]).toEqual(['right index', 'left index']);
    });
  });
}
