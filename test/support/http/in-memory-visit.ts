/** A small visit that really keeps its state in memory: it takes actions that fit, numbers its messages, and tells its listeners. */
import type { Secret } from '../../../drivers/secret.ts';
import type { Action } from '../../../agent/contract/api.ts';
import type { PublicState, StateMessage } from '../../../agent/contract/state.ts';
import type { VisitPort } from '../../../agent/http/ports.ts';

export const documentId = 'doc-1';

export class InMemoryVisit implements VisitPort {
  readonly acted: Action[] = [];
  /** PINs as they were when they arrived; the secret itself is wiped. */
  readonly pins: string[] = [];
  readonly secrets: Secret[] = [];
  readonly listeners = new Set<(message: StateMessage) => void>();
  readonly document = new TextEncoder().encode('%PDF-1.7 the very bytes');
  reviewing = false;
  wantsPin = false;
  refusesPin = false;
  #seq = 0;
  #state: PublicState = { screen: 'start', documentsWaiting: 1 };

  message(): StateMessage {
    const station = { name: 'branch-12.example.org', demo: true, logSize: 3, cardReaderReady: true, fingerprintReaderReady: true };
    return { seq: this.#seq, visit: 1, station, state: this.#state };
  }

  subscribe(listener: (message: StateMessage) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Moves to a state and tells everybody. */
  show(state: PublicState): void {
    this.#seq += 1;
    this.#state = state;
    for (const listener of this.listeners) listener(this.message());
  }

  act(action: Action): boolean {
    if (action.type === 'alive') return true;
    if (action.type === 'cancel' && this.#state.screen === 'start') return false;
    this.acted.push(action);
    if (action.type === 'begin') this.show({ screen: 'insert-card' });
    if (action.type === 'cancel') this.show({ screen: 'start', documentsWaiting: 1 });
    return true;
  }

  takesPin(): boolean {
    return this.wantsPin;
  }

  enterPin(pin: Secret): boolean {
    this.secrets.push(pin);
    if (this.refusesPin) return false;
    this.wantsPin = false;
    void pin.take((bytes) => {
      this.pins.push(new TextDecoder().decode(bytes));
    });
    return true;
  }

  documentBytes(id: string): Uint8Array | undefined {
    return this.reviewing && id === documentId ? this.document : undefined;
  }
}
