/**
 * A virtual card in the card reader of the machine: QEMU's own USB reader (CCID) asks us for what the card says, by the messages of its virtual smartcard
 * protocol (libcacard, docs/libcacard.txt): type, reader and length as big-endian words, then the bytes. The reader speaks T=0 alone.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { VirtualCard } from '../../../drivers/virtual/virtual-card.ts';

const message = { init: 1, error: 2, readerAdd: 3, atr: 5, cardRemove: 6, apdu: 7 } as const;
const headLength = 12;

interface VscMessage {
  readonly type: number;
  readonly body: Buffer;
}

export function encodeVsc(type: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(headLength);
  head.writeUInt32BE(type, 0);
  head.writeUInt32BE(body.length, 8);
  return Buffer.concat([head, body]);
}

/** The first message of a stream and what is left of it; undefined as long as it is not whole. */
export function takeVsc(received: Buffer): { readonly message: VscMessage; readonly rest: Buffer } | undefined {
  if (received.length < headLength) return undefined;
  const end = headLength + received.readUInt32BE(8);
  if (received.length < end) return undefined;
  return { message: { type: received.readUInt32BE(0), body: received.subarray(headLength, end) }, rest: received.subarray(end) };
}

/** Magic, version 0.0.2, no capabilities. */
function hello(): Buffer {
  const body = Buffer.from('VSCD\0\0\0\0\0\0\0\0', 'latin1');
  body.writeUInt32BE(2, 4);
  return body;
}

export class CardDevice {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #card: VirtualCard | undefined;
  #work = Promise.resolve();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
  }

  /** Connects to the reader; no card is in it yet. Throws when nobody listens there. */
  static async connect(path: string): Promise<CardDevice> {
    const socket = connect(path);
    await once(socket, 'connect');
    const device = new CardDevice(socket);
    device.#send(message.init, hello());
    device.#send(message.readerAdd, new Uint8Array());
    return device;
  }

  insert(card: VirtualCard): void {
    card.reset();
    this.#card = card;
    this.#send(message.atr, card.atr);
  }

  remove(): void {
    this.#card = undefined;
    this.#send(message.cardRemove, new Uint8Array());
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(type: number, body: Uint8Array): void {
    this.#socket.write(encodeVsc(type, body));
  }

  #take(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    for (let next = takeVsc(this.#received); next !== undefined; next = takeVsc(this.#received)) {
      this.#received = next.rest;
      const { type, body } = next.message;
      const command = new Uint8Array(body);
      // A rejection here is a bug in a card: it stays unhandled, so that it is seen.
      if (type === message.apdu) this.#work = this.#work.then(() => this.#answer(command));
      if (type === message.error && body.readUInt32BE(0) !== 0)
        throw new Error(`the machine's card reader refuses: ${body.readUInt32BE(0)}`);
    }
  }

  async #answer(command: Uint8Array): Promise<void> {
    const card = this.#card;
    const answer = await card?.transmit(command);
    if (answer === 'pulled') this.remove();
    else if (answer instanceof Uint8Array && card === this.#card) this.#send(message.apdu, answer);
  }
}
