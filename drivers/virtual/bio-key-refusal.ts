/** How the parts of a virtual bio key end a command with a status other than 0 (CTAP 2.1 section 8.2), and how they take what a client encrypted. */
import type { SharedSecret } from '../fido/pin-uv-protocol.ts';
import { ctapStatus } from '../fido/status.ts';

export class Refusal extends Error {
  override readonly name = 'Refusal';
  /** `ctapStatus`. */
  readonly status: number;

  constructor(status: number) {
    super(`status 0x${status.toString(16)}`);
    this.status = status;
  }
}

/** What a client encrypted under the shared secret. Throws Refusal 0x02 when it is not of exactly `length` bytes in the clear. */
export function decrypted(secret: SharedSecret, bytes: Uint8Array, length: number): Uint8Array {
  let plain: Uint8Array;
  try {
    plain = secret.decrypt(bytes);
  } catch {
    throw new Refusal(ctapStatus.invalidParameter);
  }
  if (plain.length !== length) throw new Refusal(ctapStatus.invalidParameter);
  return plain;
}
