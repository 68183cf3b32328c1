/** One slot of the virtual card reader: which card is in it, and what pcscd knows of that. */
import { setTimeout as wait } from 'node:timers/promises';
import type { VirtualCard } from './virtual-card.ts';
import { openVpcdLink, vpcdControl, type VpcdLink } from './vpcd-link.ts';

/** pcscd looks into a slot every 400 ms; anything near this long means that it hangs. */
const noticeMs = 10_000;
/** A card that was asked for its ATR and left before pcscd announced it is announced still, if at all, within this time. */
const lateNoticeMs = 1000;
/** pcscd announces a card within this time of powering it on, if it announces it. */
const poweredMs = 50;

export class CardSlot {
  readonly #port: number;
  readonly #onChange: () => void;
  #card: VirtualCard | undefined;
  #link: VpcdLink | undefined;
  /** What pcscd last said: a card is in. */
  #announced = false;
  /** The card in the link has answered for its ATR, so pcscd will announce it. */
  #asked = false;
  /** It has been powered on. */
  #powered = false;
  /** pcscd says nothing of a card that is there when it first looks into the slot. */
  #neverAnnounced = true;
  readonly #waiting = new Set<() => void>();
  /** Settles when pcscd knows that the last card is gone. */
  #emptied: Promise<void> = Promise.resolve();

  /** `port`: where vpcd waits for the card of this slot. `onChange` is called when a card goes in or comes out. */
  constructor(port: number, onChange: () => void) {
    this.#port = port;
    this.#onChange = onChange;
  }

  get card(): VirtualCard | undefined {
    return this.#card;
  }

  /** Must be called whenever pcscd says that a card was inserted or removed. */
  announce(present: boolean): void {
    this.#announced = present;
    this.#neverAnnounced = false;
    for (const check of this.#waiting) check();
  }

  /** Resolves when pcscd knows that the slot is empty. Throws when it does not notice in time. */
  async empty(): Promise<void> {
    await this.#emptied;
  }

  /**
   * Resolves when pcscd has announced the card. Waits first until it has announced that the last one is gone: a card that comes back
   * sooner, after a pull in the middle of a command, is no card at all to pcscd, for ever. Throws when there is a card already, or it is
   * taken out meanwhile.
   */
  async insert(card: VirtualCard): Promise<void> {
    if (this.#card !== undefined) throw new Error('there is a card in this slot already');
    this.#card = card;
    this.#onChange();
    await this.#emptied;
    if (this.#isOut(card)) throw new Error('the card was taken out again');
    card.reset();
    this.#asked = false;
    this.#powered = false;
    const link = openVpcdLink(this.#port, (message) => this.#answer(card, message));
    this.#link = link;
    void link.closed.then(() => {
      if (this.#link === link) this.remove();
    });
    await this.#until(() => this.#announced || this.#isOut(card), noticeMs, 'pcscd did not notice the card');
    if (this.#isOut(card)) throw new Error('the card was taken out again');
  }

  /** Takes the card out, whatever it is doing. Does nothing when there is none. */
  remove(): void {
    const link = this.#link;
    if (this.#card === undefined) return;
    this.#card.reset();
    this.#card = undefined;
    this.#link = undefined;
    if (link !== undefined) {
      link.cut();
      this.#emptied = this.#gone();
      this.#emptied.catch(() => undefined);
    }
    for (const check of this.#waiting) check();
    this.#onChange();
  }

  /** Read again after every wait: a card can leave at any moment. */
  #isOut(card: VirtualCard): boolean {
    return this.#card !== card;
  }

  async #answer(card: VirtualCard, message: Uint8Array): Promise<Uint8Array | undefined> {
    if (message.length !== 1) {
      const answer = await card.transmit(message);
      if (answer === 'pulled' && !this.#isOut(card)) this.remove();
      return typeof answer === 'string' ? undefined : answer;
    }
    if (message[0] === vpcdControl.atr) {
      this.#asked = true;
      if (this.#powered && this.#neverAnnounced) void this.#announceMyself(card);
      return card.atr;
    }
    this.#powered = message[0] === vpcdControl.on;
    card.reset();
    return undefined;
  }

  async #announceMyself(card: VirtualCard): Promise<void> {
    await wait(poweredMs, undefined, { ref: false });
    if (this.#neverAnnounced && !this.#isOut(card)) this.announce(true);
  }

  async #gone(): Promise<void> {
    if (this.#asked) await this.#until(() => this.#announced, lateNoticeMs, '').catch(() => undefined);
    await this.#until(() => !this.#announced, noticeMs, 'pcscd did not notice that the card is gone');
  }

  #until(condition: () => boolean, deadlineMs: number, message: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = new AbortController();
      const check = (): void => {
        if (!condition()) return;
        late.abort();
        this.#waiting.delete(check);
        resolve();
      };
      wait(deadlineMs, undefined, { signal: late.signal, ref: false }).then(
        () => {
          this.#waiting.delete(check);
          reject(new Error(message));
        },
        () => undefined,
      );
      this.#waiting.add(check);
      check();
    });
  }
}
