/**
 * One CTAPHID channel (CTAP 2.1 section 11.2): INIT, one call at a time, keepalives, cancel, and getting back in step after a call that was given up.
 * It knows messages, not CTAP2 commands.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeviceError } from '../errors.ts';
import { broadcastChannel, encodeMessage, hidCommand, hidError } from './framing.ts';
import { Inbox } from './inbox.ts';
import type { HidChannel, HidListener, HidTransport } from './transport.ts';

export interface ChannelOptions {
  /** How long the reader may say nothing, not even a keepalive, milliseconds. Keys send one about every 100 ms. */
  readonly silenceMs?: number;
  /** How long a call that was cancelled may take to end, milliseconds. */
  readonly cancelGraceMs?: number;
  /** How long the reader may take to answer INIT, milliseconds. */
  readonly initMs?: number;
  /** How long a reader that is busy with another program is asked again, milliseconds. */
  readonly busyMs?: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once per change of the status byte (`keepaliveStatus`). */
  readonly onKeepalive?: ((status: number) => void) | undefined;
  /** Overall limit, milliseconds, however many keepalives come. */
  readonly deadlineMs: number;
}

const busyPauseMs = 100;
const cancelPauseMs = 250;

/** A stuck reader is a matter for staff: no person at the counter can put it right. */
function outOfStep(message: string): DeviceError {
  return new DeviceError('device-error', message, { recover: 'ask-staff' });
}

function errorOf(payload: Uint8Array): DeviceError {
  const value = payload[0] ?? hidError.other;
  const busy = value === hidError.channelBusy || value === hidError.lockRequired;
  const message = busy
    ? 'the fingerprint reader is busy with another program'
    : `the fingerprint reader answered with CTAPHID error ${value}`;
  return new DeviceError(busy ? 'busy' : 'device-error', message, { origin: { kind: 'ctaphid', value } });
}

export class CtapChannel implements HidListener {
  readonly #options: Required<ChannelOptions>;
  #hid: HidChannel | undefined;
  readonly #inbox = new Inbox();
  #id = broadcastChannel;
  #capabilities = 0;
  #calling = false;
  /** A call was given up: its answer may still come, so the channel is initialised again before the next one. */
  #stale = false;

  private constructor(options: ChannelOptions) {
    this.#options = {
      silenceMs: options.silenceMs ?? 3000,
      cancelGraceMs: options.cancelGraceMs ?? 1500,
      initMs: options.initMs ?? 3000,
      busyMs: options.busyMs ?? 1000,
    };
  }

  /** Opens the device and allocates a channel. Throws DeviceError reader-lost, busy, device-error, and what the transport throws. */
  static async open(transport: HidTransport, path: string, options: ChannelOptions = {}): Promise<CtapChannel> {
    const channel = new CtapChannel(options);
    channel.#hid = await transport.open(path, channel);
    try {
      await channel.#initialise(broadcastChannel);
    } catch (error) {
      await channel.close();
      throw error;
    }
    return channel;
  }

  /** True once it was closed or the device went. */
  get closed(): boolean {
    return this.#inbox.lost !== undefined;
  }

  /** Capability bits of the INIT answer (`capability`). */
  get capabilities(): number {
    return this.#capabilities;
  }

  /**
   * Sends a message and waits for its answer. When `signal` aborts, CANCEL is sent and the answer is still awaited: it may be the status "cancelled"
   * (0x2D) or, when the reader was quicker, a normal answer; both are returned (section 11.2.9.1.5).
   * Throws DeviceError: busy (also while another call is going on), reader-lost, cancelled (aborted before the start, or no answer to CANCEL), device-error.
   */
  async call(command: number, payload: Uint8Array, options: CallOptions): Promise<Uint8Array> {
    if (this.#calling) throw new DeviceError('busy', 'another call to this fingerprint reader is going on');
    this.#calling = true;
    const aborted = (): boolean => options.signal?.aborted ?? false;
    try {
      if (aborted()) throw new DeviceError('cancelled', 'cancelled before the fingerprint reader was asked');
      if (this.#stale) await this.#initialise(this.#id);
      const patience = performance.now() + this.#options.busyMs;
      for (;;) {
        try {
          return await this.#exchange(command, payload, options);
        } catch (error) {
          const busy = error instanceof DeviceError && error.origin?.kind === 'ctaphid' && error.origin.value === hidError.channelBusy;
          if (!busy || performance.now() >= patience) throw error;
          await sleep(busyPauseMs);
          if (options.signal?.aborted === true)
            throw new DeviceError('cancelled', 'cancelled while the fingerprint reader was busy', { cause: error });
        }
      }
    } finally {
      this.#calling = false;
    }
  }

  /** Lets the device go; a call that is waiting ends with reader-lost. Safe to call twice. */
  async close(): Promise<void> {
    this.#inbox.lose(new DeviceError('reader-lost', 'the fingerprint reader was closed'));
    const hid = this.#hid;
    this.#hid = undefined;
    await hid?.close();
  }

  onReport(report: Uint8Array): void {
    this.#inbox.take(report);
  }

  onGone(cause: unknown): void {
    this.#inbox.lose(new DeviceError('reader-lost', 'the fingerprint reader was unplugged', { cause }));
  }

  async #send(channel: number, command: number, payload: Uint8Array): Promise<void> {
    for (const report of encodeMessage(channel, command, payload)) {
      if (this.#inbox.lost !== undefined) throw this.#inbox.lost;
      try {
        await this.#hid?.write(report);
      } catch (cause) {
        this.#inbox.lose(new DeviceError('reader-lost', 'the fingerprint reader took no data', { cause }));
      }
    }
  }

  /** INIT (section 11.2.9.1.3): on the broadcast channel it allocates one, on our own it puts the reader back in step. The nonce tells our answer from others'. */
  async #initialise(channel: number): Promise<void> {
    const nonce = randomBytes(8);
    const until = performance.now() + this.#options.initMs;
    this.#inbox.listen(channel);
    await this.#send(channel, hidCommand.init, nonce);
    for (;;) {
      const event = this.#inbox.next();
      if (
        event?.kind === 'message' &&
        event.command === hidCommand.init &&
        event.payload.length >= 17 &&
        nonce.equals(event.payload.subarray(0, 8))
      ) {
        this.#id = new DataView(event.payload.buffer).getUint32(8);
        this.#capabilities = event.payload[16] ?? 0;
        this.#inbox.listen(this.#id);
        this.#stale = false;
        return;
      }
      if (
        event?.kind === 'message' &&
        event.command === hidCommand.error &&
        channel !== broadcastChannel &&
        event.payload[0] === hidError.invalidChannel
      ) {
        await this.#initialise(broadcastChannel);
        return;
      }
      if (event?.kind === 'message' && event.command === hidCommand.error && event.payload[0] === hidError.channelBusy) {
        await sleep(busyPauseMs);
        await this.#send(channel, hidCommand.init, nonce);
      }
      if (performance.now() >= until) throw outOfStep('the fingerprint reader did not answer to INIT');
      await this.#inbox.wait(until, undefined);
    }
  }

  async #exchange(command: number, payload: Uint8Array, { signal, onKeepalive, deadlineMs }: CallOptions): Promise<Uint8Array> {
    const deadline = performance.now() + deadlineMs;
    let heard = performance.now();
    let status: number | undefined;
    let cancelled: number | undefined;
    let cancelSent = 0;
    const cancel = async (): Promise<void> => {
      cancelSent = performance.now();
      cancelled ??= cancelSent;
      await this.#send(this.#id, hidCommand.cancel, new Uint8Array(0));
    };
    this.#inbox.listen(this.#id);
    // Until the answer is here, whatever goes wrong leaves an answer that may still come.
    this.#stale = true;
    await this.#send(this.#id, command, payload);
    for (;;) {
      const event = this.#inbox.next();
      const now = performance.now();
      if (event?.kind === 'fault') throw outOfStep(`the fingerprint reader sent a message with a wrong ${event.error}`);
      if (event?.kind === 'message') {
        heard = now;
        if (event.command === hidCommand.keepalive) {
          // A CANCEL that came before the reader began to wait is ignored by some keys, so it is said again.
          if (cancelled !== undefined && now - cancelSent >= cancelPauseMs) await cancel();
          if (event.payload[0] !== status) {
            status = event.payload[0];
            if (status !== undefined && cancelled === undefined) onKeepalive?.(status);
          }
          continue;
        }
        if (event.command !== command && event.command !== hidCommand.error)
          throw outOfStep(`the fingerprint reader answered with command ${event.command}`);
        this.#stale = false;
        if (event.command === hidCommand.error) throw errorOf(event.payload);
        return event.payload;
      }
      if (signal?.aborted === true && cancelled === undefined) await cancel();
      const graceEnds = cancelled === undefined ? Infinity : cancelled + this.#options.cancelGraceMs;
      if (now >= graceEnds) throw new DeviceError('cancelled', 'the fingerprint reader did not answer to CANCEL');
      if (now >= deadline) {
        await this.#send(this.#id, hidCommand.cancel, new Uint8Array(0));
        throw outOfStep('the fingerprint reader did not finish in time');
      }
      if (now >= heard + this.#options.silenceMs) throw outOfStep('the fingerprint reader fell silent');
      await this.#inbox.wait(Math.min(deadline, graceEnds, heard + this.#options.silenceMs), cancelled === undefined ? signal : undefined);
    }
  }
}
