/** What of hotplug shows on a computer without USB: it says nothing, and harms nobody. That it tells of real devices is shown by the hardware test. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { kindsOf, type UsbInterface } from '../../../drivers/usb/device-kinds.ts';
import { watchUsb } from '../../../drivers/usb/hotplug.ts';

const hid: UsbInterface = { classCode: 0x03, subclass: 0, protocol: 0 };
const keyboard: UsbInterface = { classCode: 0x03, subclass: 1, protocol: 1 };
const storage: UsbInterface = { classCode: 0x08, subclass: 6, protocol: 0x50 };
const card: UsbInterface = { classCode: 0x0b, subclass: 0, protocol: 0 };
const vendor: UsbInterface = { classCode: 0xff, subclass: 0, protocol: 0 };

describe('what a device may be', () => {
  test.each([
    ['a FIDO key', [hid], ['fingerprint-reader']],
    ['a reader that libfprint knows', [vendor], ['fingerprint-reader']],
    ['a card reader', [card], ['card-reader']],
    ['a key that types, signs and is a card', [keyboard, hid, card], ['card-reader', 'fingerprint-reader']],
    ['a drive', [storage], ['drive']],
    ['a drive with two ways to be spoken to', [storage, { ...storage, protocol: 0x62 }], ['drive']],
    ['a keyboard', [keyboard], []],
    ['a keyboard that says it is a drive besides', [storage, keyboard], []],
    ['a drive with a network card in it', [storage, { classCode: 0x02, subclass: 6, protocol: 0 }], []],
    ['a device without interfaces', [], []],
  ])('%s', (_name, interfaces, kinds) => {
    expect([...kindsOf(interfaces)].sort()).toEqual(kinds);
  });
});

test('a package that cannot be loaded makes nothing but silence', async () => {
  const watch = watchUsb(
    () => undefined,
    () => Promise.reject(new Error('libusb is not here')),
  );
  expect(await watch.live).toBe(false);
  watch.stop();
});

test('a program that watches can still come to its end, and one that stops twice is not hurt', async () => {
  const module = fileURLToPath(new URL('../../../drivers/usb/hotplug.ts', import.meta.url));
  const program = `
    import { watchUsb } from ${JSON.stringify(module)};
    const left = watchUsb(() => undefined);
    const stopped = watchUsb(() => undefined);
    console.log(typeof (await left.live), typeof (await stopped.live));
    stopped.stop();
    stopped.stop();`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
  expect(stdout).toBe('boolean boolean\n');
});
