/** Long commands in parts and long answers in parts, as cards with short APDUs do it (ISO/IEC 7816-4 sections 5.3.3 and 5.3.4). */
import { response, status, type CommandApdu } from './apdu.ts';

/** Longest command that may be put together, in bytes. */
const maxCommand = 4096;

export class ApduChaining {
  #collected: CommandApdu | undefined;
  #remaining: Uint8Array = new Uint8Array();

  /** Forgets what was collected and what was left to fetch. */
  reset(): void {
    this.#collected = undefined;
    this.#remaining = new Uint8Array();
  }

  /** The whole command when `part` is its last part; otherwise the answer to the part (bit 5 of CLA set: more to come). */
  collect(part: CommandApdu): { readonly command: CommandApdu } | { readonly answer: Uint8Array } {
    const earlier = this.#collected;
    const goesOn = earlier?.ins === part.ins && earlier.p1 === part.p1 && earlier.p2 === part.p2;
    const command = goesOn ? { ...part, data: Buffer.concat([earlier.data, part.data]) } : part;
    this.reset();
    if (command.data.length > maxCommand) return { answer: response(status.wrongLength) };
    if ((part.cla & 0x10) === 0) return { command };
    this.#collected = command;
    return { answer: response(status.ok) };
  }

  /** The first part of an answer: what fits into Le. The rest waits for GET RESPONSE. */
  send(data: Uint8Array, { le }: CommandApdu): Uint8Array {
    this.#remaining = data;
    return this.next(le ?? 256);
  }

  /** The next part, at most `le` bytes, with 61xx while more is left. */
  next(le: number): Uint8Array {
    const part = this.#remaining.subarray(0, le);
    this.#remaining = this.#remaining.subarray(part.length);
    const left = this.#remaining.length;
    return response(left === 0 ? status.ok : status.bytesRemaining + (left > 0xff ? 0 : left), part);
  }
}
