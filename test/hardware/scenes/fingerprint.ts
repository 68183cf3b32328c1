/** The fingerprint reader on real hidraw, by the station's own driver: found, used, refused, pulled out and put back. */
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Bench } from '../bench.ts';

const rpId = 'countersign.example';
const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');
const soon = { timeout: 5000, interval: 20 } as const;

export function fingerprintScenes(bench: () => Bench): void {
  const reader = () => bench().parts.reader;
  const key = () => bench().parts.reader.key;
  const fingerIsAwaited = () => expect.poll(() => key().waiting, soon).toBe(true);
  const readerIsThere = () => expect.poll(() => bench().call('readers'), soon).toHaveLength(1);
  const readerIsGone = () => expect.poll(() => bench().call('readers'), soon).toHaveLength(0);
  let credential: { readonly credentialId: string; readonly publicKey: string };

  /** Lays a finger on the reader when it is awaited. */
  async function withFinger<T>(finger: string, work: Promise<T>): Promise<T> {
    // Whoever awaits it learns of a failure; it must not count as unhandled while the finger is on its way.
    work.catch(() => undefined);
    await fingerIsAwaited();
    key().touch(finger);
    return work;
  }

  const verifying = (text: string) => bench().call('verify', rpId, credential.credentialId, digest(text));

  describe('a fingerprint reader on hidraw', () => {
    test('nothing is there before it is plugged in; then node-hid and libusb both have it, with its names', async () => {
      expect(await bench().call('usbLive')).toBe(true);
      expect(await bench().call('hidDevices')).toEqual([]);
      await reader().plug();
      await expect
        .poll(() => bench().call('hidDevices'), soon)
        .toMatchObject([{ product: 'Countersign virtual bio key', manufacturer: 'Countersign demo', vendorId: 0x1209, productId: 1 }]);
      await expect
        .poll(() => bench().call('usbChanges'), soon)
        .toEqual([{ what: 'attached', kinds: ['fingerprint-reader'], id: '1209:1' }]);
    });

    test('the driver, which does not poll here, was told of it and has asked it what it is', async () => {
      await readerIsThere();
      const [info] = await bench().call('readers');
      expect(info).toMatchObject({ name: 'Countersign virtual bio key', assurance: 'signed-by-reader' });
      expect(await bench().call('troubles')).toEqual([]);
    });

    test('a finger makes a credential', async () => {
      const made = await withFinger('right-index', bench().call('enrol', rpId, randomBytes(16).toString('base64url'), digest('enrolment')));
      expect(made.format).toBe('packed');
      credential = made;
    });

    test('a finger makes an assertion over one digest, which holds for it and for no other', async () => {
      const made = await withFinger('right-index', verifying('consent'));
      const publicKey = createPublicKey({ key: Buffer.from(credential.publicKey, 'base64url'), format: 'der', type: 'spki' });
      const holds = (hash: string): boolean =>
        verify(
          'sha256',
          Buffer.concat([made.authenticatorData, hash].map((part) => Buffer.from(part, 'base64url'))),
          publicKey,
          Buffer.from(made.signature, 'base64url'),
        );
      expect([holds(digest('consent')), holds(digest('consent, changed'))]).toEqual([true, false]);
      expect(await bench().call('prompts')).toContain('touch');
    });

    test('the wrong finger is refused with the tries that are left, until the reader locks itself', async () => {
      for (const triesLeft of [2, 1]) {
        await expect(withFinger('somebody else', verifying('consent'))).rejects.toMatchObject({
          code: 'not-matched',
          details: { triesLeft },
        });
      }
      await expect(withFinger('somebody else', verifying('consent'))).rejects.toMatchObject({ code: 'reader-locked' });
      await expect(verifying('consent')).rejects.toMatchObject({ code: 'reader-locked' });
      key().unlock();
      await expect(withFinger('right-index', verifying('consent'))).resolves.toHaveProperty('signature');
    });
  });

  describe('a fingerprint reader that is pulled out', () => {
    test('while a finger is awaited, ends the wait as lost within a second', async () => {
      const work = verifying('consent');
      work.catch(() => undefined);
      await fingerIsAwaited();
      const start = performance.now();
      reader().unplug();
      await expect(work).rejects.toMatchObject({ code: 'reader-lost' });
      expect(performance.now() - start).toBeLessThan(1000);
    });

    test('is gone from the list without a poll, and USB has said so', async () => {
      await readerIsGone();
      expect(await bench().call('usbChanges')).toContainEqual({ what: 'detached', kinds: ['fingerprint-reader'], id: '1209:1' });
    });

    test('and put back, signs without a restart', async () => {
      await reader().plug();
      await readerIsThere();
      await expect(withFinger('right-index', verifying('consent'))).resolves.toHaveProperty('signature');
    });

    test('while it compares and signs, ends the call as lost within a second, and works again when it is back', async () => {
      const work = verifying('consent');
      work.catch(() => undefined);
      await fingerIsAwaited();
      key().touch('right-index');
      // It takes 300 ms to compare.
      await new Promise((resolve) => setTimeout(resolve, 100));
      const start = performance.now();
      reader().unplug();
      await expect(work).rejects.toMatchObject({ code: 'reader-lost' });
      expect(performance.now() - start).toBeLessThan(1000);
      await readerIsGone();
      await reader().plug();
      await readerIsThere();
      await expect(withFinger('right-index', verifying('consent'))).resolves.toHaveProperty('signature');
    });
  });

  describe('a computer whose udev says nothing', () => {
    test('tells of no change, and polling finds it all the same', async () => {
      const udevd = await bench().call('run', 'pidof', ['systemd-udevd']);
      await bench().call('usbChanges');
      await bench().call('run', 'kill', ['-STOP', ...udevd.out.trim().split(' ')]);
      await bench().call('startPolling', 300);
      await bench().call('sleep', 500);
      reader().unplug();
      await expect.poll(() => bench().call('polledChanges'), soon).toBe(1);
      expect(await bench().call('usbChanges')).toEqual([]);
      await bench().call('run', 'kill', ['-CONT', ...udevd.out.trim().split(' ')]);
      await bench().call('stopPolling');
      await expect.poll(() => bench().call('usbChanges'), soon).toMatchObject([{ what: 'detached' }]);
      await readerIsGone();
      await reader().plug();
      await readerIsThere();
    });
  });
}
