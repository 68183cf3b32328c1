/**
 * USB devices that come and go, told at once: through libusb, which listens to udev, by the package `usb`. Version 2 of it and not 3: that one is a
 * rewrite on another library (nusb) with another interface, without the list of devices and their descriptors that is read here.
 *
 * It only says that something happened, and what it may have been. Whoever is told looks for themselves, and must also look from time to time: a
 * computer without udev tells nothing. Nothing here throws.
 */
import type * as Usb from 'usb';
import { kindsOf, type UsbInterface, type UsbKind } from './device-kinds.ts';

export interface UsbChange {
  readonly what: 'attached' | 'detached';
  /** What it may be; empty where it is nothing to the station, or went before it could be asked. */
  readonly kinds: ReadonlySet<UsbKind>;
  readonly vendorId: number;
  readonly productId: number;
}

export interface UsbWatch {
  /** Whether changes are told, once that is known: false where there is no libusb, or nothing that tells it. */
  readonly live: Promise<boolean>;
  stop(): void;
}

type UsbPackage = Pick<typeof Usb, 'usb' | 'getDeviceList'>;

/** Loaded at the first use, so that a computer without the system library still starts. */
const loadPackage = (): Promise<UsbPackage> => import('usb');

/** Calls back on every change from now on. It does not keep the process up. */
export function watchUsb(onChange: (change: UsbChange) => void, load: () => Promise<UsbPackage> = loadPackage): UsbWatch {
  let stopped = false;
  let end = (): void => undefined;
  const begin = async (): Promise<boolean> => {
    const { usb, getDeviceList } = await load();
    // Without these events the package would list all devices twice a second: whoever watches looks by themselves then.
    if (stopped || usb.INIT_ERROR !== 0 || !usb._supportedHotplugEvents()) return false;
    const known = new Map<string, ReadonlySet<UsbKind>>();
    const attached = (device: Usb.Device): void => {
      const kinds = kindsOfDevice(device);
      known.set(nameOf(device), kinds);
      onChange({ what: 'attached', kinds, ...idsOf(device) });
    };
    const detached = (device: Usb.Device): void => {
      const kinds = known.get(nameOf(device)) ?? kindsOfDevice(device);
      known.delete(nameOf(device));
      onChange({ what: 'detached', kinds, ...idsOf(device) });
    };
    // A device that went cannot always be asked any more what it was.
    for (const device of getDeviceList()) known.set(nameOf(device), kindsOfDevice(device));
    usb.on('attach', attached);
    usb.on('detach', detached);
    usb.unrefHotplugEvents();
    end = () => {
      usb.off('attach', attached);
      usb.off('detach', detached);
    };
    return true;
  };
  return {
    live: begin().catch(() => false),
    stop() {
      stopped = true;
      end();
    },
  };
}

/** Place on the bus: no two devices have the same at one time. */
function nameOf({ busNumber, deviceAddress }: Usb.Device): string {
  return `${busNumber}:${deviceAddress}`;
}

function idsOf({ deviceDescriptor }: Usb.Device): Pick<UsbChange, 'vendorId' | 'productId'> {
  return { vendorId: deviceDescriptor.idVendor, productId: deviceDescriptor.idProduct };
}

/** Reads every configuration: a device that nobody has authorised has none that is active. */
function kindsOfDevice(device: Usb.Device): ReadonlySet<UsbKind> {
  try {
    return kindsOf(device.allConfigDescriptors.flatMap(({ interfaces }) => interfaces.flat().map(interfaceOf)));
  } catch {
    return new Set();
  }
}

function interfaceOf(one: Usb.InterfaceDescriptor): UsbInterface {
  return { classCode: one.bInterfaceClass, subclass: one.bInterfaceSubClass, protocol: one.bInterfaceProtocol };
}
