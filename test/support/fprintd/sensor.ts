/** The other end of libfprint's virtual sensor: a socket that takes images as a sensor would give them (libfprint, virtual-image.c). */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { SystemBus } from '../../../drivers/fprintd/bus.ts';
import { deviceInterface, fprintService } from '../../../drivers/fprintd/names.ts';
import type { PrintImage } from './print.ts';

/** FpDeviceRetry: what the sensor says of a scan that is none. */
export const retry = { general: 0, tooShort: 1, offCentre: 2, removeFinger: 3 } as const;

export class VirtualSensor {
  readonly #path: string;
  readonly #address: string;
  #bus: Promise<SystemBus> | undefined;
  #closed = false;

  /** The socket of the sensor, and the address of the bus on which fprintd says whether it waits for a finger. */
  constructor(path: string, address: string) {
    this.#path = path;
    this.#address = address;
  }

  /** Lays a finger down and takes it away. Like all of these it waits until the sensor waits: what comes before that is lost. */
  lay({ width, height, grey }: PrintImage): Promise<void> {
    return this.#send(Buffer.concat([integers(width, height), grey]));
  }

  /** A scan that does not count. */
  fail(why: number): Promise<void> {
    // The finger comes, cannot be read, and goes.
    return this.#send(integers(-4, 1, -1, why, -4, 0));
  }

  /** FpDeviceError: the sensor itself is at fault. */
  breakDown(error: number): Promise<void> {
    return this.#send(integers(-2, error));
  }

  /** Pulls the cable. */
  unplug(): Promise<void> {
    return this.#send(integers(-5, 0));
  }

  /** Lets go of the bus; a finger that still waits for the sensor is taken away. */
  async close(): Promise<void> {
    this.#closed = true;
    (await this.#bus)?.close();
  }

  async #send(bytes: Uint8Array): Promise<void> {
    try {
      await this.#fingerNeeded();
    } catch (error) {
      if (this.#closed) return;
      throw error;
    }
    await new Promise<void>((resolve, reject) => {
      const socket = connect(this.#path, () => socket.end(bytes, resolve));
      socket.once('error', reject);
    });
  }

  async #fingerNeeded(): Promise<void> {
    this.#bus ??= SystemBus.connect(this.#address, { deadlineMs: 5000 });
    const bus = await this.#bus;
    const call = {
      destination: fprintService,
      path: '/net/reactivated/Fprint/Device/0',
      interface: 'org.freedesktop.DBus.Properties',
      member: 'Get',
      signature: 'ss',
      body: [deviceInterface, 'finger-needed'],
    };
    const end = Date.now() + 10_000;
    while ((await bus.call(call, { deadlineMs: 5000 }))[0] !== true) {
      if (Date.now() > end) throw new Error('the sensor does not wait for a finger');
      await sleep(20);
    }
  }
}

function integers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => bytes.writeInt32LE(value, 4 * index));
  return bytes;
}
