/**
 * A USB device outside of the machine: QEMU connects to its socket and shows it to the guest's kernel as if it were plugged in. What it is stands in its
 * descriptors; what it does with reports is the business of whoever made it.
 */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { descriptorOf, type EmulatedIdentity } from './descriptors.ts';
import {
  bulkPayload,
  controlAnswer,
  deviceConnectPayload,
  encodeRedir,
  endpointInfoPayload,
  helloPayload,
  interfaceInfoPayload,
  interruptPayload,
  offersEnough,
  parseBulk,
  parseControl,
  redirStatus,
  redirType,
  RedirReader,
  type RedirMessage,
} from './redir-messages.ts';

/** Standard and HID requests (USB 2.0 table 9-4, HID 1.11 section 7.2) by their type and number. */
const asked = { getStatusMask: 0x80, getDescriptor: 6, setIdle: 0x0a, setProtocol: 0x0b, clearFeature: 1 } as const;

export interface RedirDeviceOptions {
  readonly identity: EmulatedIdentity;
  /** A report that the host wrote to an interrupt endpoint. */
  readonly onReport?: (report: Uint8Array, endpoint: number) => void;
  /** What the host wrote to a bulk endpoint. Where nobody takes it, those endpoints stall. */
  readonly onBulk?: (bytes: Uint8Array, endpoint: number) => void;
  /** It was plugged in, or reset by the host: nothing from before holds. */
  readonly onReset?: () => void;
}

export class RedirDevice {
  readonly #options: RedirDeviceOptions;
  readonly #server: Server;
  readonly #listening = new Set<number>();
  /** Bulk transfers that wait for the device, and what the device has for the next ones. */
  #wanted: { readonly endpoint: number; readonly id: bigint }[] = [];
  #ready: { readonly endpoint: number; readonly bytes: Uint8Array }[] = [];
  readonly #unread: { readonly endpoint: number; readonly report: Uint8Array }[] = [];
  #socket: Socket | undefined;
  #reader = new RedirReader();
  #greet: () => void = () => undefined;
  readonly #greeted: Promise<void>;
  #packet = 0n;
  #plugged = false;

  private constructor(options: RedirDeviceOptions) {
    this.#options = options;
    this.#greeted = new Promise((resolve) => (this.#greet = resolve));
    this.#server = createServer((socket) => this.#meet(socket));
  }

  /** Listens on a unix socket for QEMU. The device is not plugged in yet. */
  static async listen(path: string, options: RedirDeviceOptions): Promise<RedirDevice> {
    const device = new RedirDevice(options);
    await once(device.#server.listen(path), 'listening');
    return device;
  }

  get plugged(): boolean {
    return this.#plugged;
  }

  async plug(): Promise<void> {
    await this.#greeted;
    if (this.#plugged) return;
    this.#plugged = true;
    this.#options.onReset?.();
    const { identity } = this.#options;
    const endpoints = identity.interfaces.flatMap((one, number) => one.endpoints.map((endpoint) => ({ ...endpoint, interface: number })));
    this.#send(redirType.endpointInfo, endpointInfoPayload(endpoints));
    this.#send(redirType.interfaceInfo, interfaceInfoPayload(identity.interfaces.map(({ codes }) => codes)));
    this.#send(redirType.deviceConnect, deviceConnectPayload(identity.vendorId, identity.productId));
  }

  unplug(): void {
    if (!this.#plugged) return;
    this.#plugged = false;
    this.#listening.clear();
    this.#unread.length = 0;
    this.#wanted = [];
    this.#ready = [];
    this.#send(redirType.deviceDisconnect, Buffer.alloc(0));
  }

  /** Reports to the host, which gets it as soon as it listens. */
  report(endpoint: number, report: Uint8Array): void {
    if (!this.#plugged) return;
    if (!this.#listening.has(endpoint)) this.#unread.push({ endpoint, report });
    else this.#send(redirType.interrupt, interruptPayload(endpoint, report.length, report), this.#packet++);
  }

  /** Sends to the host, as soon as it asks. */
  sendBulk(endpoint: number, bytes: Uint8Array): void {
    if (!this.#plugged) return;
    this.#ready.push({ endpoint, bytes });
    this.#match();
  }

  close(): void {
    this.#socket?.destroy();
    this.#server.close();
  }

  #meet(socket: Socket): void {
    this.#socket = socket;
    this.#reader = new RedirReader();
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => {
      for (const message of this.#reader.read(bytes)) this.#take(message);
    });
    socket.write(encodeRedir({ type: redirType.hello, id: 0n, payload: helloPayload() }, false));
  }

  #send(type: number, payload: Buffer, id = 0n): void {
    this.#socket?.write(encodeRedir({ type, id, payload }, this.#reader.longIds));
  }

  #take({ type, id, payload }: RedirMessage): void {
    const answer = (kind: number, ...bytes: readonly number[]): void => this.#send(kind, Buffer.from(bytes), id);
    switch (type) {
      case redirType.hello:
        if (!offersEnough(payload)) throw new Error('this QEMU does not offer what USB devices need');
        this.#reader.longIds = true;
        this.#greet();
        return;
      case redirType.control:
        this.#control(payload, id);
        return;
      case redirType.setConfiguration:
        answer(redirType.configurationStatus, redirStatus.success, payload[0] ?? 0);
        return;
      case redirType.getConfiguration:
        answer(redirType.configurationStatus, redirStatus.success, 1);
        return;
      case redirType.setAltSetting:
        answer(redirType.altSettingStatus, redirStatus.success, payload[0] ?? 0, payload[1] ?? 0);
        return;
      case redirType.startInterruptReceiving:
        answer(redirType.interruptReceivingStatus, redirStatus.success, payload[0] ?? 0);
        this.#listen(payload[0] ?? 0);
        return;
      case redirType.stopInterruptReceiving:
        this.#listening.delete(payload[0] ?? 0);
        answer(redirType.interruptReceivingStatus, redirStatus.success, payload[0] ?? 0);
        return;
      case redirType.interrupt:
        this.#send(redirType.interrupt, interruptPayload(payload[0] ?? 0, payload.length - 4), id);
        if (this.#plugged) this.#options.onReport?.(new Uint8Array(payload.subarray(4)), payload[0] ?? 0);
        return;
      case redirType.bulk:
        this.#bulk(payload, id);
        return;
      case redirType.cancelDataPacket: {
        const cancelled = this.#wanted.find((one) => one.id === id);
        this.#wanted = this.#wanted.filter((one) => one !== cancelled);
        if (cancelled !== undefined) this.#send(redirType.bulk, bulkPayload(cancelled.endpoint, redirStatus.cancelled, 0), id);
        return;
      }
      case redirType.reset:
        this.#options.onReset?.();
        return;
      default:
    }
  }

  #bulk(payload: Buffer, id: bigint): void {
    const { endpoint, length, data } = parseBulk(payload);
    const { onBulk } = this.#options;
    if (onBulk === undefined) {
      this.#send(redirType.bulk, bulkPayload(endpoint, redirStatus.stall, 0), id);
    } else if ((endpoint & 0x80) === 0) {
      this.#send(redirType.bulk, bulkPayload(endpoint, redirStatus.success, length), id);
      if (this.#plugged) onBulk(new Uint8Array(data), endpoint);
    } else {
      this.#wanted.push({ endpoint, id });
      this.#match();
    }
  }

  /** Gives what is ready to the transfers that wait for it, first come first served. */
  #match(): void {
    for (const one of [...this.#ready]) {
      const wanted = this.#wanted.find(({ endpoint }) => endpoint === one.endpoint);
      if (wanted === undefined) continue;
      this.#ready = this.#ready.filter((other) => other !== one);
      this.#wanted = this.#wanted.filter((other) => other !== wanted);
      this.#send(redirType.bulk, bulkPayload(one.endpoint, redirStatus.success, one.bytes.length, one.bytes), wanted.id);
    }
  }

  #listen(endpoint: number): void {
    this.#listening.add(endpoint);
    const due = this.#unread.filter((one) => one.endpoint === endpoint);
    this.#unread.splice(0, this.#unread.length, ...this.#unread.filter((one) => one.endpoint !== endpoint));
    for (const { report } of due) this.report(endpoint, report);
  }

  #control(payload: Buffer, id: bigint): void {
    const { request, requestType, value, index, length } = parseControl(payload);
    const reply = (status: number, count: number, data?: Uint8Array): void =>
      this.#send(redirType.control, controlAnswer(payload, status, count, data), id);
    const incoming = (requestType & 0x80) !== 0;
    if (incoming && request === asked.getDescriptor) {
      const found = descriptorOf(this.#options.identity, value, index)?.subarray(0, length);
      if (found === undefined) reply(redirStatus.stall, 0);
      else reply(redirStatus.success, found.length, found);
    } else if (incoming && request === 0 && length === 2) {
      reply(redirStatus.success, 2, Buffer.alloc(2));
    } else if (!incoming && [asked.setIdle, asked.setProtocol, asked.clearFeature].some((one) => one === request)) {
      reply(redirStatus.success, 0);
    } else {
      reply(redirStatus.stall, 0);
    }
  }
}
