/** What the guest's kernel has made of a USB device, read from sysfs, and what comes out of its keys. */
import { closeSync, constants, openSync, readdirSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const devices = '/sys/bus/usb/devices';

function line(...path: readonly string[]): string {
  try {
    return readFileSync(join(...path), 'utf8').trim();
  } catch {
    return '';
  }
}

/** Event devices (evdev) of a device, by the ids that the kernel keeps with each. */
function eventDevices(vendor: string, product: string): string[] {
  return readdirSync('/sys/class/input')
    .filter((name) => name.startsWith('event'))
    .filter((name) => {
      const at = (id: string): string => line('/sys/class/input', name, 'device/id', id);
      return at('vendor') === vendor && at('product') === product;
    })
    .map((name) => join('/dev/input', name));
}

function readWhatIsThere(file: number): number {
  try {
    return readSync(file, Buffer.alloc(4096));
  } catch (error) {
    // Nothing is there; or the device went away, and nothing will be.
    if (error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'ENODEV')) return 0;
    throw error;
  }
}

export const usbCalls = {
  /** Undefined: there is no such device. Ids in four hex digits. */
  usbDevice(vendor: string, product: string): { readonly authorized: string; readonly drivers: readonly string[] } | undefined {
    const name = readdirSync(devices).find(
      (one) => line(devices, one, 'idVendor') === vendor && line(devices, one, 'idProduct') === product,
    );
    if (name === undefined) return undefined;
    const interfaces = readdirSync(devices).filter((one) => one.startsWith(`${name}:`));
    const drivers = interfaces.map((one) => /^DRIVER=(.*)$/m.exec(line(devices, one, 'uevent'))?.[1] ?? 'none');
    return { authorized: line(devices, name, 'authorized'), drivers };
  },

  /** Input devices of it that can be typed with. */
  inputsOf: (vendor: string, product: string): readonly string[] => eventDevices(vendor, product),

  /** What comes out of its input devices, bytes: waits until something does, for at most some time. */
  async typedWith(vendor: string, product: string, atMostMs: number): Promise<number> {
    const files = eventDevices(vendor, product).map((path) => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
    const end = Date.now() + atMostMs;
    let count = 0;
    while (count === 0 && Date.now() < end) {
      await sleep(50);
      for (const file of files) count += readWhatIsThere(file);
    }
    for (const file of files) closeSync(file);
    return count;
  },

  /** What a new device meets at every port from now on: '1' lets it in, '0' does not. As the kernel parameter usbcore.authorized_default does. */
  setAuthorizedDefault(value: '0' | '1'): void {
    for (const name of readdirSync(devices).filter((one) => one.startsWith('usb')))
      writeFileSync(join(devices, name, 'authorized_default'), value);
  },
};
