/** The other end of libfprint's virtual sensor: a socket that takes images as a sensor would give them (libfprint, virtual-image.c). */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PrintImage } from './print.ts';

/** FpDeviceRetry: what the sensor says of a scan that is none. */
export const retry = { general: 0, tooShort: 1, offCentre: 2, removeFinger: 3 } as const;

export class VirtualSensor {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Lays a finger down and takes it away. Waits until the sensor is active, for it has no socket before. */
  lay({ width, height, grey }: PrintImage): Promise<void> {
    return this.#send(Buffer.concat([integers(width, height), grey]));
  }

  /** A scan that does not count. */
  fail(why: number): Promise<void> {
    return this.#send(integers(-1, why));
  }

  /** FpDeviceError: the sensor itself is at fault. */
  breakDown(error: number): Promise<void> {
    return this.#send(integers(-2, error));
  }

  /** Pulls the cable. */
  unplug(): Promise<void> {
    return this.#send(integers(-5, 0));
  }

  async #send(bytes: Uint8Array): Promise<void> {
    const end = Date.now() + 10_000;
    for (;;) {
      const socket = await this.#connected();
      if (socket !== undefined) {
        // The sensor reads to the end and closes its side when it is deactivated; both are fine here.
        socket.on('error', () => undefined);
        await new Promise<void>((resolve) => socket.end(bytes, resolve));
        return;
      }
      if (Date.now() > end) throw new Error('the virtual sensor does not listen');
      await sleep(10);
    }
  }

  #connected(): Promise<Socket | undefined> {
    return new Promise((resolve) => {
      const socket = connect(this.#path, () => resolve(socket));
      socket.once('error', () => resolve(undefined));
    });
  }
}

function integers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => bytes.writeInt32LE(value, 4 * index));
  return bytes;
}
