/** Long commands in parts and long answers in parts, as cards with short APDUs do it (ISO/IEC 7816-4 sections 5.3.3 and 5.3.4). */
import { response, status, type CommandApdu } from './apdu.ts';

/** Longest command that may be put together, in bytes. */
const maxCommand = 4096;

/** The transmission protocol of ISO/IEC 7816-3: T=1 carries whole commands and answers, T=0 data in one direction only. */
export type Protocol = 't0' | 't1';

export class ApduChaining {
  readonly #protocol: Protocol;
  #collected: CommandApdu | undefined;
  #remaining: Uint8Array = new Uint8Array();

  constructor(protocol: Protocol) {
    this.#protocol = protocol;
  }

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

  /**
   * The first part of an answer: what fits into Le. The rest waits for GET RESPONSE, and over T=0 all of it does when the command brought data, because
   * one exchange carries data in one direction only (ISO/IEC 7816-3 section 12.2.5).
   */
  send(data: Uint8Array, command: CommandApdu): Uint8Array {
    this.#remaining = data;
    return this.next(this.#protocol === 't0' && command.data.length > 0 ? 0 : (command.le ?? 256));
  }

  /** The next part, at most `le` bytes, with 61xx while more is left. */
  next(le: number): Uint8Array {
    const part = this.#remaining.subarray(0, le);
    this.#remaining = this.#remaining.subarray(part.length);
    const left = this.#remaining.length;
    return response(left === 0 ? status.ok : status.bytesRemaining + (left > 0xff ? 0 : left), part);
  }
}
