/** The two slots of one virtual reader, which begin anew whenever it is plugged in. */
import { CardSlot } from './card-slot.ts';
import type { VirtualCard } from './virtual-card.ts';

/** vpcd gives two slots to each reader. */
export type SlotNumber = 0 | 1;

export class ReaderSlots {
  readonly name: string;
  /** The first of its two ports. */
  readonly port: number;
  readonly #onChange: () => void;
  #slots: readonly [CardSlot, CardSlot];
  #gone = false;

  constructor(name: string, port: number, onChange: () => void) {
    this.name = name;
    this.port = port;
    this.#onChange = onChange;
    this.#slots = this.#fresh();
  }

  get inserted(): readonly [VirtualCard | undefined, VirtualCard | undefined] {
    return [this.#slots[0].card, this.#slots[1].card];
  }

  /** Must be called whenever pcscd says that a card was inserted or removed. */
  announce(slot: SlotNumber, present: boolean): void {
    this.#slots[slot].announce(present);
  }

  async insert(card: VirtualCard, slot: SlotNumber): Promise<void> {
    if (this.#gone) throw new Error('this reader is not plugged in');
    await this.#slots[slot].insert(card);
  }

  async remove(slot: SlotNumber): Promise<void> {
    this.#slots[slot].remove();
    await this.#slots[slot].empty();
  }

  /** Takes both cards out and does not wait until pcscd has noticed. */
  takeOut(): void {
    for (const slot of this.#slots) slot.remove();
  }

  /** Must be called when pcscd has let the reader go: from now on nothing is announced. */
  unplugged(): void {
    this.#gone = true;
    this.takeOut();
    for (const slot of this.#slots) slot.announce(false);
  }

  /** Must be called before pcscd gets the reader again. */
  renew(): void {
    this.#slots = this.#fresh();
    this.#gone = false;
  }

  #fresh(): readonly [CardSlot, CardSlot] {
    return [new CardSlot(this.port, this.#onChange), new CardSlot(this.port + 1, this.#onChange)];
  }
}
