/** The pipe through which PINs reach a host: raw bytes, read into memory that the host zeroes. */
import { readSync } from 'node:fs';

/** Number of the file descriptor in the host, and of the pipe in the agent's list. */
export const pinPipe = 4;

/** Reads a PIN of this length; it lies in the pipe already when the request that names its length arrives. Throws when the pipe ends before. */
export function readPin(length: number): Uint8Array {
  const pin = Buffer.alloc(length);
  for (let at = 0; at < length;) {
    const got = readSync(pinPipe, pin, at, length - at, null);
    if (got === 0) throw new Error('the pipe for PINs has ended');
    at += got;
  }
  return pin;
}
