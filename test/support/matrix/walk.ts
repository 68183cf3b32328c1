/** One holder at a station of the matrix: they go on as somebody who notices nothing, until their visit is over. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PivCard } from '../../../drivers/virtual/piv-card.ts';
import { Secret } from '../../../drivers/secret.ts';
import type { Action } from '../../../agent/contract/api.ts';
import type { PublicState, ScreenName } from '../../../agent/contract/state.ts';
import type { StoryStation } from '../station.ts';
import type { Held } from './hold.ts';

/** No other bytes of a station look like this by chance. */
export const holderPin = '73519924';
export const wrongPin = '40404040';
const patienceMs = 25_000;

/** How a visit ended: the last screen, and `over` when the page is gone and the station waits for the next holder. */
export type Ending = Extract<PublicState, { screen: 'signed' | 'trouble' | 'take-card' }> | { readonly screen: 'over' };

export class Walk {
  readonly story: StoryStation;
  readonly card: PivCard;
  /** Another holder's card. */
  readonly other: PivCard;
  /** What is held in the middle while the fault happens. */
  held: Held | undefined;
  /** The process that holds the module, where it is asked for this visit just now. */
  hostAtWork: number | undefined;
  typesWrongPin = false;
  unplugged = false;
  /** Every screen that was met. */
  readonly seen = new Set<string>();
  #visit: number | undefined;
  #inserted = false;

  constructor(story: StoryStation, card: PivCard, other: PivCard) {
    this.story = story;
    this.card = card;
    this.other = other;
  }

  get visit() {
    return this.story.running.visit;
  }

  get #reader() {
    return this.story.devices.reader;
  }

  /** The card has been put in by somebody, so the holder does not do it again. */
  cardIsIn(): void {
    this.#inserted = true;
  }

  /** From now on this visit is theirs, unless nobody's has begun: the next one is another. */
  begun(): void {
    const { visit, state } = this.visit.message();
    if (!waitsForCard(state)) this.#visit ??= visit;
  }

  /** Puts the card in; a reader that was unplugged is plugged in again for it. */
  async insert(): Promise<void> {
    this.#inserted = true;
    if (this.story.running.hardware.tokens.slots().length === 0) await this.plug();
    await this.#reader.insert(this.card);
  }

  /** Plugs the reader in, if it was unplugged, and waits until the driver sees it. */
  async plug(): Promise<void> {
    const { tokens } = this.story.running.hardware;
    if (this.unplugged) await this.#reader.plug();
    this.unplugged = false;
    const end = Date.now() + patienceMs;
    while (tokens.slots().length === 0) {
      if (Date.now() > end) throw new Error('the driver does not see the reader');
      await sleep(5);
    }
  }

  act(action: Action): void {
    this.visit.act(action);
  }

  /** Types a PIN; false when nobody asked for one. */
  type(digits: string): boolean {
    const pin = new Secret(Buffer.from(digits));
    const taken = this.visit.enterPin(pin);
    if (!taken) pin.wipe();
    return taken;
  }

  /** Goes on until a screen is shown. */
  async to<N extends ScreenName>(screen: N): Promise<Extract<PublicState, { screen: N }>> {
    const end = Date.now() + patienceMs;
    while (Date.now() < end) {
      const { state } = this.visit.message();
      this.seen.add(state.screen);
      if (state.screen === screen) return state as Extract<PublicState, { screen: N }>;
      await this.#next(state);
    }
    throw new Error(`waited for ${screen}, but the screen shows ${JSON.stringify(this.story.state)}`);
  }

  /** Goes on until the visit is over, or only the card is left to be taken. */
  async end(): Promise<Ending> {
    const limit = Date.now() + patienceMs;
    while (Date.now() < limit) {
      const { seq, visit, state } = this.visit.message();
      this.seen.add(state.screen);
      if (this.#visit !== undefined && visit !== this.#visit) return { screen: 'over' };
      const ending = this.#endingOf(state);
      if (ending === undefined) {
        await this.#next(state);
        continue;
      }
      // What is being recorded now may still change the page.
      await this.visit.settled();
      if (this.visit.message().seq === seq) return ending;
    }
    throw new Error(`the visit does not end, the screen shows ${JSON.stringify(this.story.state)}`);
  }

  #endingOf(state: PublicState): Ending | undefined {
    switch (state.screen) {
      case 'start':
      case 'insert-card':
        return this.#inserted && this.#reader.inserted.every((card) => card === undefined) ? { screen: 'over' } : undefined;
      case 'trouble':
        return state.problem === 'two-tokens' || this.#mayTryAgain(state) ? undefined : state;
      case 'signed':
      case 'take-card':
        return state;
      case 'check-choose':
      case 'checking-file':
      case 'check-verdict':
      case 'reading-card':
      case 'choose-certificate':
      case 'choose-document':
      case 'review-document':
      case 'confirm':
      case 'touch-reader':
      case 'last-try':
      case 'enter-pin':
      case 'signing':
        return undefined;
    }
  }

  #mayTryAgain({ canContinue, recover }: Extract<PublicState, { screen: 'trouble' }>): boolean {
    return canContinue && (recover === 're-enter-pin' || recover === 'retry');
  }

  /** One step of a holder who knows the way. */
  async #next(state: PublicState): Promise<void> {
    this.begun();
    switch (state.screen) {
      case 'start':
      case 'insert-card':
      case 'check-choose':
      case 'check-verdict':
        if (!this.#inserted) await this.insert();
        break;
      case 'choose-certificate':
        this.act({ type: 'choose-certificate', certificateSha256: state.certificates[0]?.certificateSha256 ?? '' });
        break;
      case 'choose-document':
        this.act({ type: 'choose-documents', documentIds: [state.documents[0]?.id ?? ''] });
        break;
      case 'review-document':
        this.act({ type: 'reviewed' });
        break;
      case 'confirm':
        this.act({ type: 'consent', digests: state.documents.map(({ digest }) => digest) });
        break;
      case 'touch-reader':
        this.story.devices.key.touch('right-index');
        break;
      case 'enter-pin':
        this.type(this.#pinToType());
        break;
      case 'last-try':
        this.act({ type: 'continue' });
        break;
      case 'trouble':
        if (state.problem === 'two-tokens') await this.#reader.remove(1);
        else this.act({ type: 'continue' });
        break;
      // Whoever waits for the verdict puts their card in afterwards.
      case 'checking-file':
      case 'reading-card':
      case 'signing':
      case 'signed':
      case 'take-card':
        break;
    }
    await sleep(5);
  }

  /** Everybody knows the PIN of their own card. */
  #pinToType(): string {
    if (this.typesWrongPin) {
      this.typesWrongPin = false;
      return wrongPin;
    }
    const inserted = this.#reader.inserted.find((one) => one instanceof PivCard);
    const card = inserted instanceof PivCard ? inserted : this.card;
    return card.toJSON().pin;
  }
}

function waitsForCard(state: PublicState): boolean {
  if (state.screen === 'check-choose' || state.screen === 'checking-file' || state.screen === 'check-verdict') return true;
  return state.screen === 'start' || state.screen === 'insert-card' || (state.screen === 'trouble' && state.problem === 'two-tokens');
}
