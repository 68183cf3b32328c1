/** Runs the signing machine: events in, numbered public messages out. The machine's state is never saved (a restored "signing" would sign twice). */
import { randomBytes } from 'node:crypto';
import { createActor, type Actor } from 'xstate';
import type { ReaderPrompt } from '../../drivers/fingerprint.ts';
import type { Secret } from '../../drivers/secret.ts';
import type { PadMoment, TokenInfo } from '../../drivers/token.ts';
import type { Action } from '../contract/api.ts';
import type { PublicState, StateMessage, StationView } from '../contract/state.ts';
import type { signingActors } from './actors.ts';
import type { DeskView } from './desk.ts';
import { guards, tokenGone } from './guards.ts';
import { signingMachine, type SigningMachine } from './machine.ts';
import type { Limits, LogEnds } from './model.ts';
import { publicState, visitState, type VisitSnapshot } from './view.ts';

export interface VisitOptions {
  readonly actors: ReturnType<typeof signingActors>;
  /** Ends the login at the token, if one is open. */
  readonly endLogin: () => void;
  readonly limits: Limits;
  readonly tokens: readonly TokenInfo[];
  readonly station: () => StationView;
  /** A bug of ours came up inside an actor or the machine. */
  readonly onFault: (error: unknown) => void;
  readonly clock?: { setTimeout: (run: () => void, ms: number) => unknown; clearTimeout: (id: unknown) => void };
}

/** States in which the document's bytes may be fetched by the screen. */
const shownStates: ReadonlySet<string> = new Set(['reviewing', 'confirming', 'recordingConsent']);

export class Visit {
  readonly #actor: Actor<SigningMachine>;
  readonly #station: () => StationView;
  readonly #onFault: (error: unknown) => void;
  readonly #listeners = new Set<(message: StateMessage) => void>();
  #message: StateMessage;
  #shown = '';

  constructor(options: VisitOptions) {
    this.#station = options.station;
    this.#onFault = options.onFault;
    this.#actor = createActor(signingMachine.provide({ actors: options.actors }), {
      input: { limits: options.limits, tokens: options.tokens, newOperation: () => randomBytes(16).toString('hex') },
      ...(options.clock === undefined ? {} : { clock: options.clock }),
      inspect: (event) => {
        // A child that failed with something other than a named problem is a bug of ours: it is shown as a fault and reported.
        if (event.type === '@xstate.event' && event.event.type.startsWith('xstate.error.actor')) this.#childFailed(event.event);
      },
    });
    this.#message = { seq: 0, visit: 0, station: options.station(), state: { screen: 'start', documentsWaiting: 0 } };
    this.#actor.subscribe({
      next: (snapshot) => {
        // Wherever the visit went: what knows the PIN lives no longer than it is needed.
        if (!needsLogin(snapshot)) options.endLogin();
        this.#show(snapshot);
      },
      error: (error) => this.#onFault(error),
    });
    this.#actor.start();
  }

  /** The newest message. */
  message(): StateMessage {
    return this.#message;
  }

  subscribe(listener: (message: StateMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What a person did at the screen; false when the state does not take it. */
  act(action: Action): boolean {
    if (!this.#actor.getSnapshot().can(action)) return false;
    this.#actor.send({ type: 'alive' });
    this.#actor.send(action);
    return true;
  }

  takesPin(): boolean {
    return visitState(this.#actor.getSnapshot()) === 'enteringPin';
  }

  /** Hands the PIN to the card; false (and the PIN stays the caller's) when no PIN is asked for. */
  enterPin(pin: Secret): boolean {
    if (!this.takesPin()) return false;
    this.#actor.send({ type: 'alive' });
    this.#actor.send({ type: 'pin', pin });
    return true;
  }

  documentBytes(documentId: string): Uint8Array | undefined {
    const snapshot = this.#actor.getSnapshot();
    const { document } = snapshot.context;
    if (document?.view.id !== documentId || document.view.other !== undefined) return undefined;
    return shownStates.has(visitState(snapshot)) ? document.bytes : undefined;
  }

  tokensChanged(tokens: readonly TokenInfo[]): void {
    this.#actor.send({ type: 'tokens', tokens });
  }

  inboxChanged({ documents, refused }: DeskView): void {
    this.#actor.send({ type: 'inbox', documents, refused });
  }

  promptChanged(prompt: ReaderPrompt): void {
    this.#actor.send({ type: 'prompt', prompt });
  }

  padChanged(moment: PadMoment): void {
    this.#actor.send({ type: 'pad', moment });
  }

  /** The station's own line changed (a reader was plugged in): tells the screen. */
  stationChanged(): void {
    this.#show(this.#actor.getSnapshot());
  }

  /** Takes the station out of service: for bugs that came up elsewhere. */
  fault(): void {
    this.#actor.send({ type: 'fault' });
  }

  /** Id of the operation that is under way; empty where there is none. */
  get operation(): string {
    return this.#actor.getSnapshot().context.operation;
  }

  /**
   * Takes the station out of service because the log takes nothing more. A step that writes documents is let finish first, because what it leaves is looked
   * at next; the token is not waited for.
   */
  async logLost(): Promise<void> {
    await this.#until((snapshot) => !busy(snapshot) || visitState(snapshot) === 'signing');
    this.#actor.send({ type: 'log-lost' });
  }

  /** The log is open again. */
  logMended(ends: LogEnds): void {
    this.#actor.send({ type: 'log-mended', ends });
  }

  /** Resolves when no actor of the visit is at work. */
  async settled(): Promise<void> {
    await this.#until((snapshot) => !busy(snapshot));
  }

  /** Ends the visit in order: a step that must not be cut off finishes, and an intent that is still open ends as cancelled, never as a riddle. */
  async end(): Promise<void> {
    await this.settled();
    if (this.#actor.getSnapshot().context.intents.length > 0 && this.act({ type: 'cancel' })) await this.settled();
    this.#actor.stop();
  }

  async #until(holds: (snapshot: VisitSnapshot) => boolean): Promise<void> {
    while (!holds(this.#actor.getSnapshot())) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  #show(snapshot: VisitSnapshot): void {
    const state: PublicState = publicState(snapshot) ?? this.#message.state;
    const { idleSecondsLeft, visit, key } = snapshot.context;
    const body = {
      visit,
      station: this.#station(),
      state,
      ...(key?.vouch === undefined ? {} : { withoutFinger: true as const }),
      ...(idleSecondsLeft > 0 ? { idle: { secondsLeft: idleSecondsLeft } } : {}),
    };
    const shown = JSON.stringify(body);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#message = { seq: this.#message.seq + 1, ...body };
    for (const listener of this.#listeners) listener(this.#message);
  }

  #childFailed(event: object): void {
    const error: unknown = 'error' in event ? event.error : undefined;
    if (error instanceof Error && error.name === 'SigningProblem') return;
    this.#onFault(error);
  }
}

/** The token is asked to sign, or will be again under the same login: the finger matched, documents are left, and the card is in. */
function needsLogin(snapshot: VisitSnapshot): boolean {
  const { context } = snapshot;
  const state = visitState(snapshot);
  if (state === 'signing') return true;
  if (tokenGone(context)) return false;
  if (state === 'preparing') return context.fingerMatched;
  return (state === 'checking' || state === 'saving') && guards.moreToSign({ context });
}

/** Steps that must not be cut off by an orderly stop: the token or the log is at work. */
function busy(snapshot: VisitSnapshot): boolean {
  if (snapshot.matches({ visit: { signedTokenOut: 'recording' } })) return true;
  return ['recordingConsent', 'preparing', 'takingVouch', 'signing', 'checking', 'saving', 'failing', 'abandoning', 'leaving'].includes(
    visitState(snapshot),
  );
}
