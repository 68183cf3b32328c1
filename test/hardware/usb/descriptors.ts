/** USB descriptors (USB 2.0 section 9.6; HID 1.11 section 6.2) of emulated devices, made from what they are. */
import type { RedirEndpoint } from './redir-messages.ts';

export interface EmulatedInterface {
  /** Class, subclass, protocol. */
  readonly codes: readonly [number, number, number];
  readonly endpoints: readonly Omit<RedirEndpoint, 'interface'>[];
  /** Report descriptor of a HID interface. */
  readonly report?: Uint8Array;
  /** What stands behind the descriptor of an interface of another class. */
  readonly ofClass?: Uint8Array;
}

export interface EmulatedIdentity {
  readonly vendorId: number;
  readonly productId: number;
  readonly manufacturer: string;
  readonly product: string;
  readonly serial: string;
  readonly interfaces: readonly EmulatedInterface[];
}

const word = (value: number): [number, number] => [value & 0xff, value >> 8];

function deviceDescriptor({ vendorId, productId }: EmulatedIdentity): Buffer {
  return Buffer.from([18, 1, ...word(0x0200), 0, 0, 0, 64, ...word(vendorId), ...word(productId), ...word(0x0100), 1, 2, 3, 1]);
}

function hidDescriptor(report: Uint8Array): number[] {
  return [9, 0x21, ...word(0x0110), 0, 1, 0x22, ...word(report.length)];
}

function configurationDescriptor(interfaces: readonly EmulatedInterface[]): Buffer {
  const body = interfaces.flatMap(({ codes, endpoints, report, ofClass }, number) => [
    ...[9, 4, number, 0, endpoints.length, ...codes, 0],
    ...(report === undefined ? [] : hidDescriptor(report)),
    ...(ofClass ?? []),
    ...endpoints.flatMap(({ address, type, maxPacketSize, interval }) => [7, 5, address, type, ...word(maxPacketSize), interval]),
  ]);
  // Powered by the bus, 100 mA.
  return Buffer.from([9, 2, ...word(9 + body.length), interfaces.length, 1, 0, 0x80, 50, ...body]);
}

function stringDescriptor(text: string): Buffer {
  const utf16 = Buffer.from(text, 'utf16le');
  return Buffer.concat([Buffer.from([2 + utf16.length, 3]), utf16]);
}

/** What GET_DESCRIPTOR answers. `value` is type and index, `index` the interface for those of HID. Undefined: there is none, the device stalls. */
export function descriptorOf(identity: EmulatedIdentity, value: number, index: number): Uint8Array | undefined {
  const report = identity.interfaces[index]?.report;
  switch (value >> 8) {
    case 1:
      return deviceDescriptor(identity);
    case 2:
      return (value & 0xff) === 0 ? configurationDescriptor(identity.interfaces) : undefined;
    case 3: {
      const texts = [undefined, identity.manufacturer, identity.product, identity.serial];
      if ((value & 0xff) === 0) return Buffer.from([4, 3, ...word(0x0409)]);
      const text = texts[value & 0xff];
      return text === undefined ? undefined : stringDescriptor(text);
    }
    case 0x21:
      return report === undefined ? undefined : Buffer.from(hidDescriptor(report));
    case 0x22:
      return report;
    default:
      return undefined;
  }
}
