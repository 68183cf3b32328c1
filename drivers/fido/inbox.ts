/** What comes in on one CTAPHID channel: reports put together to messages, in their order, until the device is lost. Other channels are passed over. */
import type { DeviceError } from '../errors.ts';
import { Assembler, broadcastChannel, parseFrame } from './framing.ts';

export type Incoming =
  | { readonly kind: 'message'; readonly command: number; readonly payload: Uint8Array }
  | { readonly kind: 'fault'; readonly error: 'sequence' | 'length' };

export class Inbox {
  readonly #assembler = new Assembler();
  #listening = broadcastChannel;
  #incoming: Incoming[] = [];
  #wake: (() => void) | undefined;
  #lost: DeviceError | undefined;

  /** Why nothing comes any more. */
  get lost(): DeviceError | undefined {
    return this.#lost;
  }

  /** Nothing comes after this; whoever waits is woken. The first reason stays. */
  lose(error: DeviceError): void {
    this.#lost ??= error;
    this.#wake?.();
  }

  /** From now on listens to this channel, and forgets what came before. */
  listen(channel: number): void {
    this.#listening = channel;
    this.#assembler.reset();
    this.#incoming = [];
  }

  /** Takes one report; one of a wrong length or of another channel is none of ours. */
  take(report: Uint8Array): void {
    const frame = parseFrame(report);
    if (frame?.channel !== this.#listening) return;
    const assembly = this.#assembler.accept(frame);
    if (assembly.kind === 'incomplete' || assembly.kind === 'stray') return;
    this.#incoming.push(assembly);
    this.#wake?.();
  }

  /** The oldest that was not looked at. Throws DeviceError once the device is lost. */
  next(): Incoming | undefined {
    if (this.#lost !== undefined) throw this.#lost;
    return this.#incoming.shift();
  }

  /** Resolves when there is something to look at: a message, a loss, an abort, or the time `until` (of `performance.now`) has come. */
  async wait(until: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#incoming.length > 0 || this.#lost !== undefined) return;
    await new Promise<void>((resolve) => {
      let turn: NodeJS.Immediate | undefined;
      const done = (): void => {
        clearTimeout(timer);
        clearImmediate(turn);
        signal?.removeEventListener('abort', done);
        this.#wake = undefined;
        resolve();
      };
      // One more turn of the loop: after a stall, reports that came in time lie in the queue behind this timer.
      const late = (): void => {
        turn = setImmediate(done);
      };
      const timer = setTimeout(late, Math.max(0, until - performance.now()) + 1);
      signal?.addEventListener('abort', done);
      this.#wake = done;
    });
  }
}
