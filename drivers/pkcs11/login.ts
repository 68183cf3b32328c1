/**
 * Logging in inside the host: with a PIN that came with the job, or with none at all for a token whose PIN is typed on its own reader. Neither is ever
 * tried twice by itself.
 */
import type { Handle } from 'pkcs11js';
import { ckr, flag } from './cryptoki.ts';
import { call, CallError, type VendorModule } from './module.ts';
import type { SignJob, TokenFacts } from './protocol.ts';

declare module 'pkcs11js' {
  interface PKCS11 {
    /** Our patch (patches/pkcs11js+2.1.7.patch): null goes in as NULL_PTR, and the PIN is typed on the pad of the reader. */
    C_Login(session: Handle, userType: number, pin: null): void;
  }
}

/** A PIN as C_Login takes it: the one string, or the pad of the reader. `padMs` is how long the pad waits by itself, where that is known. */
export type Pin = { readonly typed: string } | { readonly padMs: number | undefined };

/** Told, and awaited, while a C_Login waits for a person. */
export interface PadProgress {
  readonly padWaits: (time: 1 | 2) => Promise<void>;
  readonly padDone: () => Promise<void>;
}

/** Timers of readers are not exact. */
const padSlackMs = 1000;

/** The PIN, after everything that can be known without spending a try has been checked; nothing for a token without login. Zeroes the bytes of the job. */
export function pinFor(facts: TokenFacts, { pin: bytes, padMs }: Pick<SignJob, 'pin' | 'padMs'>): Pin | undefined {
  try {
    if ((facts.flags & flag.userPinLocked) !== 0) refuse('the token says that its PIN is locked', 'pin-locked');
    if ((facts.flags & flag.protectedAuthenticationPath) !== 0) {
      // The flag was there when the token was read, so nobody was asked for these bytes.
      if (bytes !== undefined) refuse('a PIN was given for a token whose PIN is typed on its reader', 'device-error');
      return { padMs };
    }
    if ((facts.flags & flag.loginRequired) === 0) return undefined;
    if (bytes === undefined) return needPin();
    const tooLong = facts.maxPinLength > 0 && bytes.length > facts.maxPinLength;
    if (bytes.length === 0 || bytes.length < facts.minPinLength || tooLong)
      refuse(`the PIN must have ${facts.minPinLength} to ${facts.maxPinLength} bytes`, 'pin-length');
    return { typed: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8') };
  } finally {
    bytes?.fill(0);
  }
}

function refuse(message: string, code: NonNullable<CallError['code']>): never {
  throw new CallError('checking the PIN', message, { code });
}

export function needPin(): never {
  return refuse('this token needs a PIN and none was given', 'pin-length');
}

/** One C_Login: where, as whom, and whether it is the first or the second in this signature. */
export interface Login {
  readonly session: Handle;
  readonly slot: Handle;
  readonly user: number;
  readonly time: 1 | 2;
}

/** Logs in. Throws CallError; `pin-timeout` when the pad of the reader waited in vain. */
export async function logIn(module: VendorModule, login: Login, pin: Pin, pad: PadProgress): Promise<void> {
  const { session, slot, user } = login;
  try {
    if ('typed' in pin) call('C_Login', () => module.binding.C_Login(session, user, pin.typed));
    else await logInAtPad(module, login, pin.padMs, pad);
  } catch (error) {
    if (error instanceof CallError && error.ckr === ckr.userAlreadyLoggedIn) {
      // A login that nobody here made: the state of the token cannot be trusted, and signing on it would sign without this PIN.
      attempt(() => module.binding.C_Logout(session));
      attempt(() => module.binding.C_CloseAllSessions(slot));
    }
    throw error;
  }
}

async function logInAtPad(module: VendorModule, login: Login, padMs: number | undefined, pad: PadProgress): Promise<void> {
  const { session, user, time } = login;
  await pad.padWaits(time);
  const since = performance.now();
  try {
    call('C_Login', () => module.binding.C_Login(session, user, null));
  } catch (error) {
    const late = padMs !== undefined && performance.now() - since >= padMs - padSlackMs;
    if (!late || !(error instanceof CallError) || error.ckr !== ckr.functionCanceled) throw error;
    // Cancelled only after the reader's own time was over: nobody pressed a key.
    throw new CallError(error.during, error.message, { ckr: error.ckr, code: 'pin-timeout', cause: error.cause });
  }
  await pad.padDone();
}

/** A clean-up that may fail on a token that is gone; the host ends right after it, which cleans up for good. */
export function attempt(act: () => void): void {
  try {
    act();
  } catch {
    // Nothing depends on it.
  }
}
