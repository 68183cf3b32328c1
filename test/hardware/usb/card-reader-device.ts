/** A USB card reader without a keypad, with a virtual card in it or none: what libccid in the guest talks to. */
import type { VirtualCard } from '../../../drivers/virtual/virtual-card.ts';
import {
  cardStatus,
  ccidAnswer,
  ccidCommand,
  type CcidCommand,
  ccidDescriptor,
  ccidError,
  ccidReply,
  parseCcid,
  slotChange,
} from './ccid-messages.ts';
import type { EmulatedIdentity } from './descriptors.ts';
import { RedirDevice } from './redir-device.ts';

const [out, into, changes] = [0x02, 0x82, 0x83];

/** libccid takes readers of its list alone: this number in it belongs to free firmware (Gnuk), for which it makes no exceptions. */
const identity: EmulatedIdentity = {
  ...{ vendorId: 0x234b, productId: 0x0000, manufacturer: 'Countersign demo', product: 'Countersign virtual card reader', serial: '1' },
  interfaces: [
    {
      codes: [0x0b, 0, 0],
      ofClass: ccidDescriptor(),
      endpoints: [
        { address: into, type: 2, interval: 0, maxPacketSize: 64 },
        { address: out, type: 2, interval: 0, maxPacketSize: 64 },
        { address: changes, type: 3, interval: 16, maxPacketSize: 8 },
      ],
    },
  ],
};

/** T=1 as a card of the demo has it: TA1, guard time, checksum by XOR, waiting times, stop of the clock, 254 bytes (table 6.2.3). */
const parameters = Uint8Array.of(0x11, 0x10, 0, 0x4d, 0, 0xfe, 0);

export class CardReaderDevice {
  readonly #usb: RedirDevice;
  #card: VirtualCard | undefined;
  #powered = false;
  #work = Promise.resolve();

  private constructor(usb: RedirDevice) {
    this.#usb = usb;
  }

  /** Listens for QEMU; the reader is not plugged in yet. */
  static async listen(path: string): Promise<CardReaderDevice> {
    const device: CardReaderDevice = new CardReaderDevice(
      await RedirDevice.listen(path, {
        identity,
        onBulk: (bytes) => {
          // A rejection here is a bug in a card: it stays unhandled, so that it is seen.
          device.#work = device.#work.then(() => device.#command(bytes));
        },
        onReset: () => (device.#powered = false),
      }),
    );
    return device;
  }

  plug(): Promise<void> {
    return this.#usb.plug();
  }

  unplug(): void {
    this.#usb.unplug();
  }

  insert(card: VirtualCard): void {
    this.#card = card;
    this.#powered = false;
    this.#usb.report(changes, slotChange(true));
  }

  /** Takes the card out, whatever it is doing. */
  remove(): void {
    if (this.#card === undefined) return;
    this.#card.reset();
    this.#card = undefined;
    this.#powered = false;
    this.#usb.report(changes, slotChange(false));
  }

  close(): void {
    this.#usb.close();
  }

  get #status(): number {
    return this.#card === undefined ? cardStatus.absent : this.#powered ? cardStatus.active : cardStatus.inactive;
  }

  async #command(bytes: Uint8Array): Promise<void> {
    const command = parseCcid(bytes);
    if (command === undefined) throw new Error('libccid sent a message that is none');
    this.#usb.sendBulk(into, await this.#answer(command));
  }

  async #answer(command: CcidCommand): Promise<Uint8Array> {
    const card = this.#card;
    switch (command.type) {
      case ccidCommand.getSlotStatus:
        return ccidReply(ccidAnswer.slotStatus, command, this.#status);
      case ccidCommand.powerOff:
        this.#powered = false;
        card?.reset();
        return ccidReply(ccidAnswer.slotStatus, command, this.#status);
      case ccidCommand.powerOn:
        if (card === undefined) return ccidReply(ccidAnswer.dataBlock, command, this.#status, { error: ccidError.mute });
        card.reset();
        this.#powered = true;
        return ccidReply(ccidAnswer.dataBlock, command, this.#status, { data: card.atr });
      case ccidCommand.getParameters:
      case ccidCommand.setParameters:
      case ccidCommand.resetParameters:
        return ccidReply(ccidAnswer.parameters, command, this.#status, { data: parameters, last: 1 });
      case ccidCommand.transfer: {
        const answer = this.#powered ? await card?.transmit(command.data) : undefined;
        if (answer === 'pulled') this.remove();
        const lost = !(answer instanceof Uint8Array) || card !== this.#card;
        return ccidReply(ccidAnswer.dataBlock, command, this.#status, lost ? { error: ccidError.mute } : { data: answer });
      }
      default:
        return ccidReply(ccidAnswer.slotStatus, command, this.#status, { error: ccidError.unsupported });
    }
  }
}
