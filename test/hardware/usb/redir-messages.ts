/**
 * The messages of the usbredir protocol (usb-redir, docs/usb-redirection-protocol.md, version 0.7) as they lie on the wire, little-endian: reading apart from
 * doing. Only what a device without isochronous endpoints needs. We always offer 64-bit ids, so that they are used whenever QEMU offers them too.
 */

export const redirType = {
  hello: 0,
  deviceConnect: 1,
  deviceDisconnect: 2,
  reset: 3,
  interfaceInfo: 4,
  endpointInfo: 5,
  setConfiguration: 6,
  getConfiguration: 7,
  configurationStatus: 8,
  setAltSetting: 9,
  getAltSetting: 10,
  altSettingStatus: 11,
  startInterruptReceiving: 15,
  stopInterruptReceiving: 16,
  interruptReceivingStatus: 17,
  cancelDataPacket: 21,
  control: 100,
  bulk: 101,
  interrupt: 103,
} as const;

export const redirStatus = { success: 0, cancelled: 1, stall: 4 } as const;

/** Without the last three QEMU drops the device on a USB 3 controller, and says nothing. */
const capability = { connectDeviceVersion: 1, endpointMaxPacketSize: 4, ids64: 5, bulkLength32: 6 } as const;
const offered = Object.values(capability).reduce((bits, bit) => bits | (1 << bit), 0);

export interface RedirMessage {
  readonly type: number;
  readonly id: bigint;
  readonly payload: Buffer;
}

/** One message. Until both sides have said hello, ids have 32 bits. */
export function encodeRedir({ type, id, payload }: RedirMessage, longIds: boolean): Buffer {
  const head = Buffer.alloc(longIds ? 16 : 12);
  head.writeUInt32LE(type, 0);
  head.writeUInt32LE(payload.length, 4);
  if (longIds) head.writeBigUInt64LE(id, 8);
  else head.writeUInt32LE(Number(id), 8);
  return Buffer.concat([head, payload]);
}

/** Cuts a stream into messages, whatever pieces it comes in. */
export class RedirReader {
  #received: Buffer = Buffer.alloc(0);
  /** From the hello on, which itself has a short one. */
  longIds = false;

  *read(bytes: Uint8Array): Generator<RedirMessage> {
    this.#received = Buffer.concat([this.#received, bytes]);
    for (;;) {
      const head = this.longIds ? 16 : 12;
      if (this.#received.length < head) return;
      const end = head + this.#received.readUInt32LE(4);
      if (this.#received.length < end) return;
      const type = this.#received.readUInt32LE(0);
      const id = this.longIds ? this.#received.readBigUInt64LE(8) : BigInt(this.#received.readUInt32LE(8));
      const payload = this.#received.subarray(head, end);
      this.#received = this.#received.subarray(end);
      yield { type, id, payload };
    }
  }
}

/** Who we are (64 bytes), and what we can do. */
export function helloPayload(): Buffer {
  const payload = Buffer.alloc(68);
  payload.write('countersign hardware test');
  payload.writeUInt32LE(offered, 64);
  return payload;
}

/** Whether the other side has all that this implementation stands on. */
export function offersEnough(hello: Buffer): boolean {
  return hello.length >= 68 && (hello.readUInt32LE(64) & offered) === offered;
}

export interface RedirEndpoint {
  /** With the direction in bit 7, as in a descriptor. */
  readonly address: number;
  /** 2 bulk, 3 interrupt. */
  readonly type: 2 | 3;
  readonly interval: number;
  readonly interface: number;
  readonly maxPacketSize: number;
}

/** All 32 places: 16 out, 16 in. Endpoint 0 is of type 0 both ways, what is not there of type 255. */
export function endpointInfoPayload(endpoints: readonly RedirEndpoint[]): Buffer {
  const payload = Buffer.alloc(3 * 32 + 2 * 32);
  payload.fill(255, 0, 32);
  for (const place of [0, 16]) {
    payload[place] = 0;
    payload.writeUInt16LE(64, 96 + 2 * place);
  }
  for (const { address, type, interval, interface: number, maxPacketSize } of endpoints) {
    const place = ((address & 0x80) >> 3) | (address & 0x0f);
    payload[place] = type;
    payload[32 + place] = interval;
    payload[64 + place] = number;
    payload.writeUInt16LE(maxPacketSize, 96 + 2 * place);
  }
  return payload;
}

/** Class, subclass and protocol of each interface, in the order of their numbers. */
export function interfaceInfoPayload(interfaces: readonly (readonly [number, number, number])[]): Buffer {
  const payload = Buffer.alloc(4 + 4 * 32);
  payload.writeUInt32LE(interfaces.length, 0);
  interfaces.forEach((codes, number) => {
    payload[4 + number] = number;
    codes.forEach((code, place) => (payload[36 + 32 * place + number] = code));
  });
  return payload;
}

/** A full-speed device whose class stands in its interfaces. */
export function deviceConnectPayload(vendorId: number, productId: number): Buffer {
  const payload = Buffer.alloc(10);
  payload[0] = 1;
  payload.writeUInt16LE(vendorId, 4);
  payload.writeUInt16LE(productId, 6);
  payload.writeUInt16LE(0x0100, 8);
  return payload;
}

export interface ControlPacket {
  readonly endpoint: number;
  readonly request: number;
  readonly requestType: number;
  readonly value: number;
  readonly index: number;
  readonly length: number;
  readonly data: Buffer;
}

export function parseControl(payload: Buffer): ControlPacket {
  return {
    endpoint: payload.readUInt8(0),
    request: payload.readUInt8(1),
    requestType: payload.readUInt8(2),
    value: payload.readUInt16LE(4),
    index: payload.readUInt16LE(6),
    length: payload.readUInt16LE(8),
    data: payload.subarray(10),
  };
}

/** The answer to a control packet: its own ten bytes, with what became of it. */
export function controlAnswer(asked: Buffer, status: number, length: number, data: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.from(asked.subarray(0, 10));
  head.writeUInt8(status, 3);
  head.writeUInt16LE(length, 8);
  return Buffer.concat([head, data]);
}

export interface BulkPacket {
  readonly endpoint: number;
  /** What was written, or how much is wanted. */
  readonly length: number;
  readonly data: Buffer;
}

export function parseBulk(payload: Buffer): BulkPacket {
  return { endpoint: payload.readUInt8(0), length: payload.readUInt16LE(2) + (payload.readUInt16LE(8) << 16), data: payload.subarray(10) };
}

/** A bulk packet: what a device sends (with data), or what became of what was written (with the length alone). */
export function bulkPayload(endpoint: number, status: number, length: number, data: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(10);
  head[0] = endpoint;
  head[1] = status;
  head.writeUInt16LE(length & 0xffff, 2);
  head.writeUInt16LE(length >>> 16, 8);
  return Buffer.concat([head, data]);
}

/** An interrupt packet: what a device reports (with data), or that it took what was written (with the length alone). */
export function interruptPayload(endpoint: number, length: number, data: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.from([endpoint, redirStatus.success, 0, 0]);
  head.writeUInt16LE(length, 2);
  return Buffer.concat([head, data]);
}
