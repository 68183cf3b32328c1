/** The virtual bio key as a USB device: its 64-byte reports go in and out of a HID interface with the FIDO usage page (CTAP 2.1 section 11.2.8). */
import type { HidChannel } from '../../../drivers/fido/transport.ts';
import type { VirtualBioKey } from '../../../drivers/virtual/bio-key.ts';
import type { EmulatedIdentity } from './descriptors.ts';
import { RedirDevice } from './redir-device.ts';

const [into, out] = [0x81, 0x01];

/** Usage page F1D0, usage 01; one input and one output report of 64 bytes, no report ids. */
const report = Buffer.from('06d0f10901a1010920150026ff007508954081020921150026ff00750895409102c0', 'hex');

function identityOf(info: {
  vendorId: number;
  productId: number;
  product: string;
  manufacturer: string;
  serial: string;
}): EmulatedIdentity {
  const endpoint = { type: 3, interval: 5, maxPacketSize: 64 } as const;
  const endpoints = [
    { ...endpoint, address: into },
    { ...endpoint, address: out },
  ];
  return { ...info, interfaces: [{ codes: [3, 0, 0], endpoints, report }] };
}

export class KeyDevice {
  readonly key: VirtualBioKey;
  readonly #usb: RedirDevice;
  #channel: HidChannel | undefined;

  private constructor(key: VirtualBioKey, usb: RedirDevice) {
    this.key = key;
    this.#usb = usb;
  }

  /** Listens for QEMU; the key is not plugged in yet. */
  static async listen(path: string, key: VirtualBioKey): Promise<KeyDevice> {
    const [info] = await key.transport.list();
    if (info === undefined) throw new Error('this virtual key is unplugged');
    const device: KeyDevice = new KeyDevice(
      key,
      await RedirDevice.listen(path, {
        identity: identityOf(info),
        onReport: (bytes) => void device.#channel?.write(bytes),
      }),
    );
    return device;
  }

  async plug(): Promise<void> {
    this.key.plug();
    const [info] = await this.key.transport.list();
    this.#channel = await this.key.transport.open(info?.path ?? '', {
      onReport: (bytes) => this.#usb.report(into, bytes),
      onGone: () => undefined,
    });
    await this.#usb.plug();
  }

  /** Pulls it out, whatever it is doing. */
  unplug(): void {
    this.#channel = undefined;
    this.#usb.unplug();
    this.key.unplug();
  }

  close(): void {
    this.#usb.close();
  }
}
