/** What a USB device may be to the station, read from the class codes of its interfaces (USB class codes of the USB-IF). Nothing here touches a device. */

/** One interface of a device, as its descriptor says: bInterfaceClass, bInterfaceSubClass, bInterfaceProtocol. */
export interface UsbInterface {
  readonly classCode: number;
  readonly subclass: number;
  readonly protocol: number;
}

/** `fingerprint-reader` means that it may be one: only its reports (HID) or its driver (libfprint) tell. */
export type UsbKind = 'fingerprint-reader' | 'card-reader' | 'drive';

const classCode = { hid: 0x03, massStorage: 0x08, smartCard: 0x0b, vendor: 0xff } as const;

/** HID 1.11 section 4.2: a keyboard or mouse that a boot firmware understands. No FIDO key says that of its FIDO interface. */
const bootInterface = 0x01;

/**
 * The kinds that a device can be; none when it is nothing to the station. A key may be a fingerprint reader and a card reader in one, but a drive is a
 * drive and nothing besides: a stick that brings a keyboard along is not one.
 */
export function kindsOf(interfaces: readonly UsbInterface[]): ReadonlySet<UsbKind> {
  const kinds = new Set<UsbKind>();
  for (const one of interfaces) {
    if (one.classCode === classCode.smartCard) kinds.add('card-reader');
    if (one.classCode === classCode.vendor || (one.classCode === classCode.hid && one.subclass !== bootInterface))
      kinds.add('fingerprint-reader');
  }
  if (interfaces.length > 0 && interfaces.every((one) => one.classCode === classCode.massStorage)) kinds.add('drive');
  return kinds;
}
