/**
 * CTAPHID packets (CTAP 2.1 section 11.2.4), pure: messages to reports of 64 bytes and back. Used by both ends.
 */

/** Length of every report, bytes. */
export const reportLength = 64;
const initData = reportLength - 7;
const continuationData = reportLength - 5;
/** Longest message, bytes: one initialisation packet and 128 continuation packets. */
export const maxMessageLength = initData + 128 * continuationData;
/** The channel on which INIT allocates others. */
export const broadcastChannel = 0xffffffff;

/** CTAPHID commands (section 11.2.9), without the initialisation bit. */
export const hidCommand = {
  ping: 0x01,
  msg: 0x03,
  lock: 0x04,
  init: 0x06,
  wink: 0x08,
  cbor: 0x10,
  cancel: 0x11,
  keepalive: 0x3b,
  error: 0x3f,
} as const;

/** Bytes of the ERROR message (section 11.2.9.1.6). */
export const hidError = {
  invalidCommand: 0x01,
  invalidParameter: 0x02,
  invalidLength: 0x03,
  invalidSequence: 0x04,
  timeout: 0x05,
  channelBusy: 0x06,
  lockRequired: 0x0a,
  invalidChannel: 0x0b,
  other: 0x7f,
} as const;

/** Bytes of the KEEPALIVE message (section 11.2.9.2.1). */
export const keepaliveStatus = { processing: 1, userPresenceNeeded: 2 } as const;
/** Capability bits of the INIT answer. */
export const capability = { wink: 0x01, cbor: 0x04, noMsg: 0x08 } as const;

export type Frame =
  | { readonly kind: 'init'; readonly channel: number; readonly command: number; readonly length: number; readonly data: Uint8Array }
  | { readonly kind: 'continuation'; readonly channel: number; readonly sequence: number; readonly data: Uint8Array };

/** Splits a message into reports. Throws RangeError when the payload is longer than `maxMessageLength`. */
export function encodeMessage(channel: number, command: number, payload: Uint8Array): Uint8Array[] {
  if (payload.length > maxMessageLength) throw new RangeError(`a message of ${payload.length} bytes does not fit CTAPHID`);
  const first = new Uint8Array(reportLength);
  const view = new DataView(first.buffer);
  view.setUint32(0, channel);
  view.setUint8(4, command | 0x80);
  view.setUint16(5, payload.length);
  first.set(payload.subarray(0, initData), 7);
  const reports = [first];
  for (let offset = initData, sequence = 0; offset < payload.length; offset += continuationData, sequence += 1) {
    const next = new Uint8Array(reportLength);
    new DataView(next.buffer).setUint32(0, channel);
    next[4] = sequence;
    next.set(payload.subarray(offset, offset + continuationData), 5);
    reports.push(next);
  }
  return reports;
}

/** Reads one report; the data is a view of it. Undefined when it is not 64 bytes long. */
export function parseFrame(report: Uint8Array): Frame | undefined {
  if (report.length !== reportLength) return undefined;
  const view = new DataView(report.buffer, report.byteOffset, report.length);
  const channel = view.getUint32(0);
  const kind = view.getUint8(4);
  if (kind < 0x80) return { kind: 'continuation', channel, sequence: kind, data: report.subarray(5) };
  return { kind: 'init', channel, command: kind & 0x7f, length: view.getUint16(5), data: report.subarray(7) };
}

export type Assembly =
  | { readonly kind: 'message'; readonly command: number; readonly payload: Uint8Array }
  | { readonly kind: 'incomplete' }
  /** A continuation packet that belongs to no message. Section 11.2.4 lets both ends ignore it. */
  | { readonly kind: 'stray' }
  | { readonly kind: 'fault'; readonly error: 'sequence' | 'length' };

/** Puts the frames of one channel together. A new initialisation packet always begins anew; whether that was allowed is for the caller to say. */
export class Assembler {
  #command = 0;
  #payload: Uint8Array | undefined;
  #filled = 0;
  #sequence = 0;

  /** True between the first and the last packet of a message. */
  get receiving(): boolean {
    return this.#payload !== undefined;
  }

  /** Forgets a message that is not complete. */
  reset(): void {
    this.#payload = undefined;
  }

  accept(frame: Frame): Assembly {
    if (frame.kind === 'init') {
      this.reset();
      if (frame.length > maxMessageLength) return { kind: 'fault', error: 'length' };
      this.#command = frame.command;
      this.#payload = new Uint8Array(frame.length);
      this.#filled = 0;
      this.#sequence = 0;
    } else {
      if (this.#payload === undefined) return { kind: 'stray' };
      if (frame.sequence !== this.#sequence) {
        this.reset();
        return { kind: 'fault', error: 'sequence' };
      }
      this.#sequence += 1;
    }
    return this.#fill(frame.data);
  }

  #fill(data: Uint8Array): Assembly {
    const payload = this.#payload;
    if (payload === undefined) return { kind: 'stray' };
    const part = data.subarray(0, payload.length - this.#filled);
    payload.set(part, this.#filled);
    this.#filled += part.length;
    if (this.#filled < payload.length) return { kind: 'incomplete' };
    this.reset();
    return { kind: 'message', command: this.#command, payload };
  }
}
