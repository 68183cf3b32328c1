/**
 * The kiosk's only line to the agent: takes a session, reads the one stream of states, and sends what the person does. It reconnects by
 * itself, and says within two seconds when the agent has gone quiet. It must never repeat an action or a PIN by itself.
 */
import { csrfHeader, type Action } from '../agent/contract/api.ts';
import type { StateMessage } from '../agent/contract/state.ts';
import { EventStreamParser } from './event-stream.ts';

/** `not-now`: the agent has moved on; the next state says where to. `failed`: it was not reached or refused the request. */
export type SendResult = 'done' | 'not-now' | 'failed';

export interface ConnectionEvents {
  readonly message: (message: StateMessage) => void;
  /** False when nothing was heard for `silenceMs`; true with the next state. */
  readonly reachable: (reachable: boolean) => void;
}

export interface ConnectionOptions {
  /** Scheme, host and port; '' for the page's own. */
  readonly origin: string;
  readonly silenceMs?: number;
  readonly retryMs?: number;
}

/** The agent gives a sign of life every second; the screen must be covered two seconds after the last one at the latest. */
const standardSilenceMs = 1750;
const watchMs = 50;

/** A timer of 50 ms that comes this late was held up by the page itself; a hidden page's timers (one per second) are not counted so. */
const pageWasBusyMs = 1500;

/** One connection for the life of the page. */
export class Connection {
  readonly #origin: string;
  readonly #silenceMs: number;
  readonly #retryMs: number;
  readonly #events: ConnectionEvents;
  #csrf: string | undefined;
  #lastHeard = performance.now();
  #lastCheck = performance.now();
  #lastSeq: number | undefined;
  #reachable = true;
  #stopped = false;
  #stream: AbortController | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;

  constructor(options: ConnectionOptions, events: ConnectionEvents) {
    this.#origin = options.origin;
    this.#silenceMs = options.silenceMs ?? standardSilenceMs;
    this.#retryMs = options.retryMs ?? 300;
    this.#events = events;
  }

  /** Begins to listen, and goes on until `stop`. */
  async run(): Promise<void> {
    this.#lastHeard = performance.now();
    this.#lastCheck = this.#lastHeard;
    this.#watch = setInterval(() => this.#checkSilence(), watchMs);
    while (!this.#stopped) {
      this.#stream = new AbortController();
      try {
        await this.#listen(this.#stream);
      } catch {
        // Gone, restarted or not up yet: the watch covers the screen, and the next round tries again.
      }
      await new Promise((resolve) => setTimeout(resolve, this.#retryMs));
    }
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#watch);
    this.#stream?.abort();
  }

  /** Sends one action, once. */
  async act(action: Action): Promise<SendResult> {
    return this.#send('/api/actions', 'application/json', JSON.stringify(action));
  }

  /** Sends the PIN body, once, and zeroes it: fetch has copied the bytes by the time it returns (Fetch standard, "extract a body"). */
  async sendPin(body: Uint8Array<ArrayBuffer>): Promise<SendResult> {
    const sending = this.#send('/api/pin', 'application/octet-stream', body);
    body.fill(0);
    return sending;
  }

  /** The bytes of the document under review. Throws when the agent does not give them. */
  async fetchDocument(id: string): Promise<Uint8Array<ArrayBuffer>> {
    const response = await fetch(`${this.#origin}/api/documents/${encodeURIComponent(id)}`, { headers: this.headers() });
    if (!response.ok) throw new Error('the agent does not give this document');
    return new Uint8Array(await response.arrayBuffer());
  }

  /** Headers that every call but the first carries. */
  headers(): Record<string, string> {
    return this.#csrf === undefined ? {} : { [csrfHeader]: this.#csrf };
  }

  async #send(path: string, contentType: string, body: string | Uint8Array<ArrayBuffer>): Promise<SendResult> {
    try {
      const response = await fetch(this.#origin + path, {
        method: 'POST',
        headers: { ...this.headers(), 'content-type': contentType },
        body,
      });
      if (response.ok) return 'done';
      return response.status === 409 ? 'not-now' : 'failed';
    } catch {
      return 'failed';
    }
  }

  async #listen(stream: AbortController): Promise<void> {
    this.#csrf ??= await this.#takeSession(stream.signal);
    const response = await fetch(`${this.#origin}/api/events`, {
      headers: { ...this.headers(), accept: 'text/event-stream' },
      signal: stream.signal,
    });
    if (!response.ok || response.body === null) {
      // The agent was restarted and does not know this session any more.
      this.#csrf = undefined;
      return;
    }
    this.#lastSeq = undefined;
    const parser = new EventStreamParser();
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.#lastHeard = performance.now();
      for (const part of parser.feed(value)) {
        if (part.type === 'data' && !this.#accept(part.data)) {
          stream.abort();
          return;
        }
      }
    }
  }

  async #takeSession(signal: AbortSignal): Promise<string> {
    const response = await fetch(`${this.#origin}/api/session`, { method: 'POST', signal });
    if (!response.ok) throw new Error('the agent gives no session');
    const body: unknown = await response.json();
    if (typeof body !== 'object' || body === null || !('csrf' in body) || typeof body.csrf !== 'string')
      throw new Error('the agent gives no session');
    return body.csrf;
  }

  /** False when a message was lost on the way, so that the stream must be opened anew. */
  #accept(data: string): boolean {
    // The agent is the one source of this stream, on the page's own origin; its contract is the type.
    const message = JSON.parse(data) as StateMessage;
    if (this.#lastSeq !== undefined && message.seq !== this.#lastSeq + 1) return false;
    this.#lastSeq = message.seq;
    this.#events.message(message);
    this.#setReachable(true);
    return true;
  }

  #checkSilence(): void {
    const now = performance.now();
    // While the page itself was busy (drawing a heavy page of a document) it could not have heard anything.
    if (now - this.#lastCheck > pageWasBusyMs) this.#lastHeard += now - this.#lastCheck;
    this.#lastCheck = now;
    if (now - this.#lastHeard <= this.#silenceMs) return;
    this.#setReachable(false);
    // A stream that says nothing is given up; one that is only being opened gets as long again.
    this.#lastHeard = now;
    this.#stream?.abort();
  }

  #setReachable(reachable: boolean): void {
    if (this.#reachable === reachable) return;
    this.#reachable = reachable;
    this.#events.reachable(reachable);
  }
}
