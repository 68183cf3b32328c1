/**
 * One request to a host and its final reply, each part of the work within its own deadline. A host that overruns is killed: what it was doing
 * then says what can be known of the token.
 */
import type { Origin } from '../errors.ts';
import type { PadMoment } from '../token.ts';
import type { HostProcess } from './child.ts';
import type { HostReply, HostRequest } from './protocol.ts';

/**
 * Milliseconds per kind of call. `login` lasts from the PIN to the start of C_Sign, `pad` is one wait for a person at the reader's own pad, `sign`
 * is C_Sign, `idle` is the longest pause between two signatures under one login, `end` is logout and finalize.
 */
export interface Deadlines {
  readonly start: number;
  readonly list: number;
  readonly read: number;
  readonly login: number;
  readonly pad: number;
  readonly sign: number;
  readonly idle: number;
  readonly end: number;
}

export const defaultDeadlines: Deadlines = {
  start: 15_000,
  list: 5000,
  read: 10_000,
  login: 10_000,
  pad: 60_000,
  sign: 30_000,
  idle: 60_000,
  end: 3000,
};

const said = {
  crashed: 'crashed',
  timeout: 'did not answer in time',
  'pad-timeout': 'waited in vain for a PIN on the pad of the reader',
} as const;

/** The module gave no answer: it crashed, overran its deadline, or is put aside. */
export class HostLost extends Error {
  override readonly name = 'HostLost';
  readonly type = 'lost';
  /** `pad-timeout`: nobody typed the PIN at the reader in time, and the token was not asked to sign. */
  readonly how: keyof typeof said;
  /** True: C_Sign had been called, so nobody knows whether the token signed. */
  readonly signing: boolean;
  readonly origin: Origin | undefined;

  constructor(how: HostLost['how'], message: string, signing: boolean, origin?: Origin) {
    super(message);
    this.how = how;
    this.signing = signing;
    this.origin = origin;
  }
}

export type OnPad = (moment: PadMoment) => void;

/** A process that SIGKILL does not end within this time hangs in the kernel; it is left behind. */
export const killMs = 1000;

/** Sends a request now and resolves with its final reply. Rejects with HostLost. */
export function exchange(
  host: HostProcess,
  request: HostRequest,
  deadlineMs: number,
  deadlines: Deadlines,
  onPad: OnPad = () => undefined,
): Promise<HostReply> {
  return new Promise((resolve, reject) => {
    let doing: 'asking' | 'waiting-at-pad' | 'signing' = 'asking';
    let how: HostLost['how'] = 'crashed';
    const lose = (origin?: Origin): void => {
      clearTimeout(timer);
      const during = doing === 'signing' ? 'C_Sign' : request.type;
      reject(new HostLost(how, `the module ${said[how]} during ${during}`, doing === 'signing', origin));
    };
    const onOverrun = (): void => {
      how = doing === 'waiting-at-pad' ? 'pad-timeout' : 'timeout';
      // That a person does not type is no fault of the module.
      if (how === 'pad-timeout') host.retired = true;
      host.kill();
      // The answer may still lie in the pipe: it counts if it is delivered before the end.
      timer = setTimeout(lose, killMs);
    };
    let timer = setTimeout(onOverrun, deadlineMs);
    const begin = (next: typeof doing, ms: number): void => {
      doing = next;
      if (how !== 'crashed') return;
      clearTimeout(timer);
      timer = setTimeout(onOverrun, ms);
    };
    host.giveUp = () => {
      host.retired = true;
      onOverrun();
    };
    host.onReply = (reply) => {
      if ('id' in reply && 'id' in request && reply.id !== request.id) return;
      switch (reply.type) {
        case 'pad-waiting': {
          const own = 'padMs' in request ? request.padMs : undefined;
          begin('waiting-at-pad', deadlines.pad);
          onPad({ doing: 'waiting', time: reply.time, forMs: Math.min(own ?? deadlines.pad, deadlines.pad) });
          return;
        }
        case 'pad-done':
          begin('asking', deadlines.login);
          return;
        case 'signing-started':
          begin('signing', deadlines.sign);
          onPad({ doing: 'signing' });
          return;
        case 'load-failed':
          host.retired = true;
          break;
        case 'loaded':
        case 'listed':
        case 'contents':
        case 'signed':
        case 'key-opened':
        case 'key-signed':
        case 'key-forgotten':
        case 'failed':
          break;
      }
      clearTimeout(timer);
      host.giveUp = () => undefined;
      resolve(reply);
    };
    void host.ended.then(lose);
    host.send(request);
  });
}
