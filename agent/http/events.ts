/**
 * The one stream: every state message to every page that listens, as server-sent events (WHATWG HTML, section 9.2). A page that reads too
 * slowly gets the newest message and misses those between, which it sees by `seq`; one that does not read at all is dropped.
 */
import type { OutgoingHttpHeader, ServerResponse } from 'node:http';
import type { StateMessage } from '../contract/state.ts';
import type { VisitPort } from './ports.ts';

/** Most streams at a time: one page, its reloads, and somebody who looks on. */
export const streamLimit = 8;
export const heartbeatMs = 1000;
/** Bytes that wait for a page; beyond them only the newest message is kept for it. */
const backlogLimit = 256 * 1024;
/** A page that has left bytes untaken for so long is gone. */
export const stalledMs = 10_000;

export class EventStreams {
  readonly #visit: VisitPort;
  readonly #streams = new Set<EventStream>();
  #heartbeat: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(visit: VisitPort) {
    this.#visit = visit;
  }

  /** Whether no more streams are taken. */
  get full(): boolean {
    return this.#closed || this.#streams.size >= streamLimit;
  }

  /** Answers with the stream: `first` at once, then every message that follows. */
  open(response: ServerResponse, headers: Readonly<Record<string, OutgoingHttpHeader | undefined>>, first: StateMessage): void {
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
    const stream = new EventStream(response);
    this.#streams.add(stream);
    stream.send(first);
    const unsubscribe = this.#visit.subscribe((message) => stream.send(message));
    response.on('close', () => {
      unsubscribe();
      this.#streams.delete(stream);
      if (this.#streams.size === 0) this.#stopHeartbeat();
    });
    this.#heartbeat ??= setInterval(() => {
      for (const each of this.#streams) each.beat();
    }, heartbeatMs);
  }

  /** Ends every stream and opens no more. */
  close(): void {
    this.#closed = true;
    for (const stream of this.#streams) stream.end();
    this.#stopHeartbeat();
  }

  #stopHeartbeat(): void {
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
  }
}

class EventStream {
  readonly #response: ServerResponse;
  #lastSeq = -Infinity;
  /** Kept back while too much waits already. */
  #newest: StateMessage | undefined;
  /** Since when there are bytes that the page has not taken. */
  #waitingSince: number | undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.on('error', () => response.destroy());
    response.on('drain', () => this.#resume());
  }

  send(message: StateMessage): void {
    // A port may repeat its newest message to a new listener.
    if (message.seq <= this.#lastSeq) return;
    if (this.#response.writableLength > backlogLimit) {
      this.#newest = message;
      return;
    }
    this.#lastSeq = message.seq;
    this.#write(`data: ${JSON.stringify(message)}\n\n`);
  }

  beat(): void {
    if (this.#waitingSince === undefined) this.#write(':\n\n');
    else if (performance.now() - this.#waitingSince > stalledMs) this.#response.destroy();
  }

  end(): void {
    this.#response.end();
  }

  #write(text: string): void {
    if (this.#response.writable && !this.#response.write(text)) this.#waitingSince ??= performance.now();
  }

  /** Everything was taken. */
  #resume(): void {
    this.#waitingSince = undefined;
    const message = this.#newest;
    this.#newest = undefined;
    if (message !== undefined) this.send(message);
  }
}
