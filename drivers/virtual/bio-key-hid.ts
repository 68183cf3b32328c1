/** The device end of CTAPHID (CTAP 2.1 section 11.2): channels, one transaction at a time, keepalives, cancel, errors. It knows messages, not commands of CTAP2. */
import {
  Assembler,
  broadcastChannel,
  capability,
  encodeMessage,
  type Frame,
  hidCommand,
  hidError,
  keepaliveStatus,
  parseFrame,
} from '../fido/framing.ts';

/** One CTAP2 request on its way through the authenticator. */
export interface Task {
  /** Aborts on CANCEL, on INIT of the same channel, and on an unplug. */
  readonly signal: AbortSignal;
  /** Sets the status that keepalives carry (`keepaliveStatus`), and sends one. */
  status(status: number): void;
}

export interface HidDeviceOptions {
  /** Pause between keepalives, milliseconds. */
  readonly keepaliveMs: number;
  readonly send: (report: Uint8Array) => void;
  /** Answers one CTAPHID_CBOR message. */
  readonly handle: (request: Uint8Array, task: Task) => Promise<Uint8Array>;
}

interface Transaction {
  readonly channel: number;
  readonly assembler: Assembler;
  readonly timer: NodeJS.Timeout;
  /** Set once the message is complete and being worked on. */
  cancel?: AbortController;
}

/** How long the rest of a message may take to come, milliseconds (section 11.2.5.1 leaves it to the device). */
const assemblyMs = 500;

export class CtapHidDevice {
  readonly #options: HidDeviceOptions;
  readonly #channels = new Set<number>();
  #nextChannel = 1;
  #transaction: Transaction | undefined;

  constructor(options: HidDeviceOptions) {
    this.#options = options;
  }

  /** Forgets channels and ends what is going on, as a power cycle does. */
  reset(): void {
    this.#channels.clear();
    this.#abandon();
  }

  /** Takes one output report of a host. */
  receive(report: Uint8Array): void {
    const frame = parseFrame(report);
    if (frame === undefined) return;
    if (frame.kind === 'continuation') {
      if (this.#transaction?.channel === frame.channel && this.#transaction.cancel === undefined) this.#assemble(this.#transaction, frame);
      return;
    }
    if (frame.command === hidCommand.init) {
      this.#init(frame.channel, frame.data.subarray(0, frame.length));
      return;
    }
    if (!this.#channels.has(frame.channel)) {
      this.#error(frame.channel, hidError.invalidChannel);
      return;
    }
    const current = this.#transaction;
    if (frame.command === hidCommand.cancel) {
      // It has no answer of its own: the request ends with a status, or has ended before.
      if (current?.channel === frame.channel) current.cancel?.abort();
    } else if (current === undefined) {
      this.#begin(frame);
    } else if (current.channel !== frame.channel || current.cancel !== undefined) {
      this.#error(frame.channel, hidError.channelBusy);
    } else {
      this.#abandon();
      this.#error(frame.channel, hidError.invalidSequence);
    }
  }

  #init(channel: number, nonce: Uint8Array): void {
    if (channel !== broadcastChannel && !this.#channels.has(channel)) {
      this.#error(channel, hidError.invalidChannel);
      return;
    }
    if (nonce.length !== 8) {
      this.#error(channel, hidError.invalidLength);
      return;
    }
    let allocated = channel;
    if (channel === broadcastChannel) {
      allocated = this.#nextChannel;
      this.#nextChannel += 1;
      this.#channels.add(allocated);
    } else if (this.#transaction?.channel === channel) {
      this.#abandon();
    }
    const answer = new Uint8Array(17);
    answer.set(nonce);
    new DataView(answer.buffer).setUint32(8, allocated);
    // CTAPHID version 2, device version 1.0.0, no U2F.
    answer.set([2, 1, 0, 0, capability.cbor | capability.noMsg], 12);
    this.#message(channel, hidCommand.init, answer);
  }

  #begin(frame: Frame): void {
    const timer = setTimeout(() => {
      this.#abandon();
      this.#error(frame.channel, hidError.timeout);
    }, assemblyMs);
    const transaction = { channel: frame.channel, assembler: new Assembler(), timer };
    this.#transaction = transaction;
    this.#assemble(transaction, frame);
  }

  #assemble(transaction: Transaction, frame: Frame): void {
    const assembly = transaction.assembler.accept(frame);
    if (assembly.kind === 'fault') {
      this.#abandon();
      this.#error(transaction.channel, assembly.error === 'length' ? hidError.invalidLength : hidError.invalidSequence);
    } else if (assembly.kind === 'message') {
      clearTimeout(transaction.timer);
      void this.#perform(transaction, assembly.command, assembly.payload);
    }
  }

  async #perform(transaction: Transaction, command: number, payload: Uint8Array): Promise<void> {
    const { channel } = transaction;
    if (command !== hidCommand.cbor) {
      this.#abandon();
      if (command === hidCommand.ping) this.#message(channel, command, payload);
      else this.#error(channel, hidError.invalidCommand);
      return;
    }
    if (payload.length === 0) {
      this.#abandon();
      this.#error(channel, hidError.invalidLength);
      return;
    }
    const cancel = new AbortController();
    transaction.cancel = cancel;
    let status: number = keepaliveStatus.processing;
    const keepAlive = (): void => this.#message(channel, hidCommand.keepalive, Uint8Array.of(status));
    const timer = setInterval(keepAlive, this.#options.keepaliveMs);
    try {
      const answer = await this.#options.handle(payload, {
        signal: cancel.signal,
        status: (now) => {
          status = now;
          if (this.#transaction === transaction) keepAlive();
        },
      });
      // After INIT or an unplug nobody waits for it any more.
      if (this.#transaction === transaction) this.#message(channel, command, answer);
    } finally {
      clearInterval(timer);
      if (this.#transaction === transaction) this.#transaction = undefined;
    }
  }

  #abandon(): void {
    const transaction = this.#transaction;
    this.#transaction = undefined;
    clearTimeout(transaction?.timer);
    transaction?.cancel?.abort();
  }

  #error(channel: number, error: number): void {
    this.#message(channel, hidCommand.error, Uint8Array.of(error));
  }

  #message(channel: number, command: number, payload: Uint8Array): void {
    for (const report of encodeMessage(channel, command, payload)) this.#options.send(report);
  }
}
