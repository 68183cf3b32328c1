/** Messages of a USB card reader (CCID 1.1 section 6) for a reader with one slot that takes whole APDUs. Reading apart from doing. */

export const ccidCommand = {
  setParameters: 0x61,
  powerOn: 0x62,
  powerOff: 0x63,
  getSlotStatus: 0x65,
  getParameters: 0x6c,
  resetParameters: 0x6d,
  transfer: 0x6f,
} as const;

export const ccidAnswer = { dataBlock: 0x80, slotStatus: 0x81, parameters: 0x82 } as const;

/** Bits 0 and 1 of bStatus: what is with the card. */
export const cardStatus = { active: 0, inactive: 1, absent: 2 } as const;

/** Bits 6 and 7 of bStatus, and bError (table 6.2-2). */
const failed = 0x40;
export const ccidError = { mute: 0xfe, unsupported: 0x00 } as const;

const headLength = 10;

export interface CcidCommand {
  readonly type: number;
  readonly slot: number;
  readonly sequence: number;
  readonly data: Uint8Array;
}

/** Undefined when the length does not fit. */
export function parseCcid(bytes: Uint8Array): CcidCommand | undefined {
  if (bytes.length < headLength) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(1, true) !== bytes.length - headLength) return undefined;
  return { type: view.getUint8(0), slot: view.getUint8(5), sequence: view.getUint8(6), data: bytes.subarray(headLength) };
}

/** An answer; `error` makes it one that says that the command failed. `last` is the byte whose meaning depends on the type. */
export function ccidReply(
  type: number,
  to: Pick<CcidCommand, 'slot' | 'sequence'>,
  card: number,
  { data = new Uint8Array(), error, last = 0 }: { readonly data?: Uint8Array; readonly error?: number; readonly last?: number } = {},
): Uint8Array {
  const head = Buffer.alloc(headLength);
  head[0] = type;
  head.writeUInt32LE(data.length, 1);
  head.set([to.slot, to.sequence, error === undefined ? card : card | failed, error ?? 0, last], 5);
  return Buffer.concat([head, data]);
}

/** RDR_to_PC_NotifySlotChange (section 6.3.1): the slot changed, and whether a card is in it. */
export function slotChange(present: boolean): Uint8Array {
  return Uint8Array.of(0x50, present ? 3 : 2);
}

/**
 * The class descriptor (section 5.1): one slot, 5 V, T=0 and T=1, short APDUs whole, everything else automatic, no keypad and no display. That last byte
 * but one is what tells this reader from the one that QEMU has: QEMU's says that it has a keypad, and has none.
 */
export function ccidDescriptor(): Uint8Array {
  const bytes = Buffer.alloc(54);
  bytes.set([54, 0x21, 0x10, 0x01, 0, 1]);
  bytes.writeUInt32LE(3, 6);
  bytes.writeUInt32LE(4000, 10);
  bytes.writeUInt32LE(4000, 14);
  bytes.writeUInt32LE(9600, 19);
  bytes.writeUInt32LE(115_200, 23);
  bytes.writeUInt32LE(254, 28);
  bytes.writeUInt32LE(0x0002_00fe, 40);
  bytes.writeUInt32LE(271, 44);
  bytes.set([0xff, 0xff, 0, 0, 0, 1], 48);
  return bytes;
}
