/** Devices that nobody asked for stay dead: decided by the real kernel and udev, by the rules that the station ships. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Bench } from '../bench.ts';
import type { KeyboardDevice } from '../usb/keyboard-device.ts';

const rules = new URL('../../../deploy/udev/73-countersign-usb.rules', import.meta.url);
const soon = { timeout: 10_000, interval: 50 } as const;
const id = ['1209', '0002'] as const;

/** The fingerprint reader must be plugged in; it is afterwards, and the rules are in force from then on. */
export function unwantedScenes(bench: () => Bench): void {
  const device = () => bench().call('usbDevice', ...id);
  const inputs = () => bench().call('inputsOf', ...id);

  /** How often the kernel has made a keyboard of it, by its own log. */
  async function timesLetIn(): Promise<number> {
    return (await bench().call('run', 'dmesg', [])).out.split('Keyboard [Nobody Free gift]').length - 1;
  }

  /** Plugs a keyboard in for as long as `work` takes. */
  async function withKeyboard(keyboard: KeyboardDevice, work: (keyboard: KeyboardDevice) => Promise<void>): Promise<void> {
    await bench().call('usbChanges');
    await keyboard.plug();
    try {
      await work(keyboard);
    } finally {
      keyboard.unplug();
      await expect.poll(device, soon).toBeUndefined();
    }
  }

  /** How much of a key that is pressed arrives, within some time. */
  async function typed(keyboard: KeyboardDevice, atMostMs: number): Promise<number> {
    const count = bench().call('typedWith', ...id, atMostMs);
    await bench().call('sleep', 100);
    keyboard.type();
    return count;
  }

  describe('a keyboard that pretends to be a drive', () => {
    test('types on a computer that lets everything in', () =>
      withKeyboard(bench().parts.driveKeyboard, async (keyboard) => {
        await expect.poll(inputs, soon).toHaveLength(1);
        expect(await typed(keyboard, 5000)).toBeGreaterThan(0);
      }));

    test('stays dead where the rules of the station are in force, and is no drive to it', async () => {
      await bench().call('writeText', '/etc/udev/rules.d/73-countersign-usb.rules', readFileSync(rules, 'utf8'));
      await bench().call('run', 'udevadm', ['control', '--reload']);
      await bench().call('setAuthorizedDefault', '0');
      await withKeyboard(bench().parts.driveKeyboard, async (keyboard) => {
        await expect.poll(() => bench().call('usbChanges'), soon).toEqual([{ what: 'attached', kinds: [], id: '1209:2' }]);
        await bench().call('run', 'udevadm', ['settle']);
        expect(await device()).toEqual({ authorized: '0', drivers: [] });
        expect([await inputs(), await typed(keyboard, 1000)]).toEqual([[], 0]);
      });
    });

    test('that looks like a FIDO key at first is put out again once its reports are known', async () => {
      const before = await timesLetIn();
      await withKeyboard(bench().parts.keyKeyboard, async (keyboard) => {
        await expect.poll(timesLetIn, soon).toBe(before + 1);
        await expect.poll(device, soon).toEqual({ authorized: '0', drivers: [] });
        await expect.poll(inputs, soon).toEqual([]);
        expect(await typed(keyboard, 1000)).toBe(0);
      });
    });

    test('does not take a fingerprint reader along: that one is let in by the same rules', async () => {
      const { reader } = bench().parts;
      reader.unplug();
      await expect.poll(() => bench().call('readers'), soon).toHaveLength(0);
      await reader.plug();
      await expect.poll(() => bench().call('readers'), soon).toHaveLength(1);
      expect(await bench().call('usbDevice', '1209', '0001')).toEqual({ authorized: '1', drivers: ['usbhid'] });
    });
  });
}
