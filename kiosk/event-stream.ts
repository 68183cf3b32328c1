/**
 * Reads a `text/event-stream` body (WHATWG HTML, 9.2.6). Unlike the browser's EventSource it also reports comment lines, because the agent's
 * sign of life is one.
 */
export type StreamPart = { readonly type: 'comment' } | { readonly type: 'data'; readonly data: string };

/** Longest line that is read, characters; a longer one is a fault, not a state. */
const lineLimit = 1_048_576;

/** Turns chunks of bytes into events and comments, wherever the chunks were cut. */
export class EventStreamParser {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #rest = '';
  #data: string[] = [];
  #endedWithCarriageReturn = false;

  /** Parts that became complete with this chunk, in order. Throws RangeError on an endless line and TypeError on bytes that are not UTF-8. */
  feed(chunk: Uint8Array): StreamPart[] {
    let text = this.#decoder.decode(chunk, { stream: true });
    if (text === '') return [];
    // A CR that ended the last chunk may be the first half of a CR LF.
    if (this.#endedWithCarriageReturn && text.startsWith('\n')) text = text.slice(1);
    this.#endedWithCarriageReturn = text.endsWith('\r');
    const lines = (this.#rest + text).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > lineLimit) throw new RangeError('a line of the event stream is too long');
    const parts: StreamPart[] = [];
    for (const line of lines) this.#take(line, parts);
    return parts;
  }

  #take(line: string, parts: StreamPart[]): void {
    if (line === '') {
      if (this.#data.length > 0) parts.push({ type: 'data', data: this.#data.join('\n') });
      this.#data = [];
    } else if (line.startsWith(':')) {
      parts.push({ type: 'comment' });
    } else if (line.startsWith('data:')) {
      this.#data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
    }
    // Other fields (event, id, retry) mean nothing here.
  }
}
