/** Keyboards that nobody asked for: one that says it is a drive, too, and one that does not say that it is a keyboard until it is asked for its reports. */
import type { EmulatedIdentity, EmulatedInterface } from './descriptors.ts';
import { RedirDevice } from './redir-device.ts';

const keys = 0x81;

/** HID 1.11 appendix E.6: the report descriptor of a keyboard that a boot firmware understands. */
const report = Buffer.from(
  '05010906a101050719e029e71500250175019508810295017508810195057501050819012905910295017503910195067508150025650507190029658100c0',
  'hex',
);

const keyboard = (codes: EmulatedInterface['codes']): EmulatedInterface => ({
  codes,
  report,
  endpoints: [{ address: keys, type: 3, interval: 10, maxPacketSize: 8 }],
});

const drive: EmulatedInterface = {
  codes: [0x08, 0x06, 0x50],
  endpoints: [
    { address: 0x82, type: 2, interval: 0, maxPacketSize: 64 },
    { address: 0x02, type: 2, interval: 0, maxPacketSize: 64 },
  ],
};

/** 0x1209:0x0002 is a test number of pid.codes. */
const identityOf = (interfaces: readonly EmulatedInterface[]): EmulatedIdentity => ({
  ...{ vendorId: 0x1209, productId: 0x0002, manufacturer: 'Nobody', product: 'Free gift', serial: '1' },
  interfaces,
});

export class KeyboardDevice {
  readonly #usb: RedirDevice;

  private constructor(usb: RedirDevice) {
    this.#usb = usb;
  }

  /** A drive with a keyboard in it. Not plugged in yet. */
  static async inDrive(path: string): Promise<KeyboardDevice> {
    return new KeyboardDevice(await RedirDevice.listen(path, { identity: identityOf([drive, keyboard([3, 1, 1])]) }));
  }

  /** A keyboard whose interface looks like that of a FIDO key. Not plugged in yet. */
  static async inDisguise(path: string): Promise<KeyboardDevice> {
    return new KeyboardDevice(await RedirDevice.listen(path, { identity: identityOf([keyboard([3, 0, 0])]) }));
  }

  plug(): Promise<void> {
    return this.#usb.plug();
  }

  unplug(): void {
    this.#usb.unplug();
  }

  /** Presses and lets go the key A. */
  type(): void {
    this.#usb.report(keys, Uint8Array.of(0, 0, 4, 0, 0, 0, 0, 0));
    this.#usb.report(keys, new Uint8Array(8));
  }

  close(): void {
    this.#usb.close();
  }
}
