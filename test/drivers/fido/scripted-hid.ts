/** A HID device that does what a test tells it, report by report: for what no well-behaved authenticator would do. */
import { Assembler, encodeMessage, hidCommand, parseFrame } from '../../../drivers/fido/framing.ts';
import type { HidListener, HidTransport } from '../../../drivers/fido/transport.ts';

export interface Message {
  readonly channel: number;
  readonly command: number;
  readonly payload: Uint8Array;
}

export class ScriptedHid {
  readonly transport: HidTransport;
  /** Everything that came from the host, INIT included. */
  readonly received: Message[] = [];
  /** Called for every message but INIT. */
  onMessage: (message: Message) => void = () => undefined;
  /** Answers INIT; replace it to misbehave. */
  onInit: (message: Message) => void = (message) => this.answerInit(message);
  writeFails: Error | undefined;
  readonly channel = 0x00c0ffee;
  #listener: HidListener | undefined;
  readonly #assembler = new Assembler();

  constructor() {
    this.transport = {
      list: () => Promise.resolve([{ path: 'scripted', vendorId: 1, productId: 1, product: 'Scripted', manufacturer: '', serial: '' }]),
      watch: () => () => undefined,
      open: (_, listener) => {
        this.#listener = listener;
        return Promise.resolve({
          write: (report: Uint8Array) => this.#write(report),
          close: () => {
            this.#listener = undefined;
            return Promise.resolve();
          },
        });
      },
    };
  }

  count(command: number): number {
    return this.received.filter((message) => message.command === command).length;
  }

  answerInit({ channel, payload }: Message): void {
    const answer = Buffer.alloc(17);
    answer.set(payload);
    answer.writeUInt32BE(this.channel, 8);
    answer.set([2, 1, 0, 0, 0x04], 12);
    this.send(hidCommand.init, answer, channel);
  }

  send(command: number, payload: Uint8Array, channel = this.channel): void {
    for (const report of encodeMessage(channel, command, payload)) this.sendReport(report);
  }

  sendReport(report: Uint8Array): void {
    setImmediate(() => this.#listener?.onReport(report));
  }

  pull(): void {
    this.#listener?.onGone('device disconnected');
  }

  #write(report: Uint8Array): Promise<void> {
    if (this.writeFails !== undefined) return Promise.reject(this.writeFails);
    const frame = parseFrame(report);
    const assembly = frame && this.#assembler.accept(frame);
    if (frame !== undefined && assembly?.kind === 'message') {
      const message = { channel: frame.channel, command: assembly.command, payload: assembly.payload };
      this.received.push(message);
      if (message.command === hidCommand.init) this.onInit(message);
      else this.onMessage(message);
    }
    return Promise.resolve();
  }
}
