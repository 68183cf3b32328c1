/** Waiting for a person: how long the station does, who may call it off, and what the screen is told meanwhile. */
import { DeviceError, isDeviceError } from '../errors.ts';
import type { ReaderCall, ReaderPrompt } from '../fingerprint.ts';
import type { CallOptions } from './channel.ts';
import { keepaliveStatus } from './framing.ts';

/** One wait, over as many commands as it takes. Must be ended. */
export class Patience {
  /** Aborts when the caller calls it off and when the time is over. */
  readonly signal: AbortSignal;
  readonly #late = new AbortController();
  readonly #asked: AbortSignal | undefined;
  readonly #limitMs: number;
  // Its own timer, not AbortSignal.timeout: that one would not keep the process up, and cannot be cleared.
  readonly #timer: NodeJS.Timeout;

  constructor(limitMs: number, asked: AbortSignal | undefined) {
    this.#limitMs = limitMs;
    this.#asked = asked;
    this.#timer = setTimeout(() => this.#late.abort(), limitMs);
    this.signal = asked === undefined ? this.#late.signal : AbortSignal.any([asked, this.#late.signal]);
  }

  /** For every command that waits for the person. The limit on the whole lies behind our own CANCEL and the time it may take. */
  options(onPrompt: ReaderCall['onPrompt']): CallOptions {
    return { signal: this.signal, deadlineMs: this.#limitMs + 10_000, onKeepalive: promptOnChange(onPrompt) };
  }

  /** Tells a wait that was called off from one that took too long: both end in the same CANCEL. */
  explained(error: unknown): unknown {
    const ranOut = this.#late.signal.aborted && this.#asked?.aborted !== true;
    if (!ranOut || !isDeviceError(error) || error.code !== 'cancelled') return error;
    const origin = error.origin === undefined ? {} : { origin: error.origin };
    return new DeviceError('touch-timeout', 'no finger in time', { cause: error, ...origin });
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** Keepalive status to prompt, once per change over all the commands of one wait. */
function promptOnChange(onPrompt: ReaderCall['onPrompt']): (status: number) => void {
  let last: ReaderPrompt | undefined;
  return (status) => {
    const prompt: ReaderPrompt = status === keepaliveStatus.userPresenceNeeded ? 'touch' : 'processing';
    if (prompt === last) return;
    last = prompt;
    onPrompt?.(prompt);
  };
}
