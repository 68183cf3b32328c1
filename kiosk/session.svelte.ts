/** The page's session with the agent: the state to show, and whether the agent is there at all. */
import type { Action } from '../agent/contract/api.ts';
import type { StateMessage } from '../agent/contract/state.ts';
import { Connection, type SendResult } from './connection.ts';
import type { Link } from './link.ts';
import { wipePin } from './pin-buffer.ts';
import { settings } from './settings.svelte.ts';
import { forgetShown } from './shown-document.ts';

/** "Somebody is here" is said at most this often, ms. */
const aliveEveryMs = 1000;

class Session implements Link {
  /** The newest message; undefined until the first one came. */
  message = $state.raw<StateMessage>();
  reachable = $state(true);
  #aliveAt = 0;

  readonly #connection = new Connection(
    { origin: '' },
    {
      message: (message) => this.#take(message),
      reachable: (reachable) => {
        this.reachable = reachable;
        if (!reachable) wipePin();
      },
    },
  );

  /** Connects, and returns how to end that. */
  open(): () => void {
    void this.#connection.run();
    return () => this.#connection.stop();
  }

  act(action: Action): Promise<SendResult> {
    return this.#connection.act(action);
  }

  sendPin(body: Uint8Array<ArrayBuffer>): Promise<SendResult> {
    return this.#connection.sendPin(body);
  }

  fetchDocument(id: string): Promise<Uint8Array<ArrayBuffer>> {
    return this.#connection.fetchDocument(id);
  }

  headers(): Record<string, string> {
    return this.#connection.headers();
  }

  /** Somebody touched the screen. */
  alive(): void {
    const now = performance.now();
    if (this.message === undefined || (this.#aliveAt !== 0 && now - this.#aliveAt < aliveEveryMs)) return;
    this.#aliveAt = now;
    void this.#connection.act({ type: 'alive' });
  }

  #take(message: StateMessage): void {
    const before = this.message;
    if (before !== undefined && before.visit !== message.visit) {
      wipePin();
      forgetShown();
      // Language and text size chosen at the start screen belong to the visit that begins there.
      if (before.state.screen !== 'start') settings.reset();
    }
    this.message = message;
  }
}

export const session = new Session();
