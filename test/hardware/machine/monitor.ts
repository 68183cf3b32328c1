/** QEMU's machine protocol (QMP): one command after the other over a unix socket; events are passed over. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

interface Answer {
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
}

export class Monitor {
  readonly #socket: Socket;
  readonly #waiting: ((answer: Answer) => void)[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    createInterface({ input: socket }).on('line', (line) => {
      const message = JSON.parse(line) as Answer;
      if ('return' in message || 'error' in message) this.#waiting.shift()?.(message);
    });
    socket.on('error', () => socket.destroy());
  }

  /** Throws when nobody listens there. */
  static async open(path: string): Promise<Monitor> {
    const socket = connect(path);
    await once(socket, 'connect');
    const monitor = new Monitor(socket);
    await monitor.do('qmp_capabilities');
    return monitor;
  }

  /** Throws Error with QEMU's own words. */
  async do(execute: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const answered = new Promise<Answer>((resolve) => this.#waiting.push(resolve));
    this.#socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
    const { error, return: value } = await answered;
    if (error !== undefined) throw new Error(`QEMU refuses ${execute}: ${error.desc}`);
    return value;
  }

  close(): void {
    this.#socket.destroy();
  }
}
