/** Reads the event stream like the kiosk does: messages in order, and the comments that are signs of life. */
import type { StateMessage } from '../../../agent/contract/state.ts';

export class StreamReader {
  readonly messages: StateMessage[] = [];
  comments = 0;
  ended = false;
  /** Set when the stream broke off in the middle. */
  cut = false;
  readonly response: Response;
  readonly #controller: AbortController;

  private constructor(response: Response, controller: AbortController) {
    this.response = response;
    this.#controller = controller;
  }

  /** Opens the stream and goes on reading until it ends. */
  static async open(origin: string, headers: Record<string, string>): Promise<StreamReader> {
    const controller = new AbortController();
    const reader = new StreamReader(await fetch(`${origin}/api/events`, { headers, signal: controller.signal }), controller);
    void reader.#read();
    return reader;
  }

  close(): void {
    this.#controller.abort();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = '';
    try {
      for await (const chunk of this.response.body ?? []) {
        const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          if (line.startsWith('data: ')) this.messages.push(JSON.parse(line.slice(6)) as StateMessage);
          if (line.startsWith(':')) this.comments += 1;
        }
      }
    } catch {
      this.cut = true;
    }
    this.ended = true;
  }
}
