/**
 * What a failure means. A return value of PKCS#11 tells neither "token gone" from "token broken" nor, in some modules, either from "wrong
 * PIN"; so after any failure the slots are looked at again, and only then the cause is named.
 */
import { DeviceError, type DeviceErrorCode, type Origin } from '../errors.ts';
import { ckr, flag } from './cryptoki.ts';

/** What was seen when the slots were looked at again. */
export type Probe =
  /** The same token is still there, with its flags of now. */
  | { readonly seen: 'same'; readonly flags: number }
  /** The card never left, and the module no longer sees who it is. */
  | { readonly seen: 'failing' }
  /** Another token is in that slot. */
  | { readonly seen: 'other' }
  /** The slot is empty. */
  | { readonly seen: 'empty' }
  /** The slot itself is gone: the reader was unplugged, or the service that knows the readers does not answer. */
  | { readonly seen: 'no-reader' }
  /** The slots could not be looked at. */
  | { readonly seen: 'unknown' };

/** What a return value means while the token is still there. Whatever is not in here is `device-error` and keeps its number. */
const meaning: ReadonlyMap<number, DeviceErrorCode> = new Map<number, DeviceErrorCode>([
  [ckr.pinIncorrect, 'pin-wrong'],
  [ckr.pinLenRange, 'pin-length'],
  [ckr.pinExpired, 'pin-expired'],
  [ckr.pinLocked, 'pin-locked'],
  [ckr.mechanismInvalid, 'mechanism-unsupported'],
  [ckr.mechanismParamInvalid, 'mechanism-unsupported'],
  [ckr.keyTypeInconsistent, 'mechanism-unsupported'],
  [ckr.keySizeRange, 'mechanism-unsupported'],
  [ckr.keyFunctionNotPermitted, 'no-usable-key'],
  [ckr.tokenNotRecognized, 'unsupported-token'],
  [ckr.userPinNotInitialized, 'unsupported-token'],
  [ckr.functionCanceled, 'cancelled'],
]);

/** The code of a return value as it stands, without a second look at the slot. */
export function codeOf(value: number): DeviceErrorCode {
  return meaning.get(value) ?? 'device-error';
}

/** True when the next mechanism of the ladder may be tried: the token refused the mechanism, not the person. */
export function isMechanismRefusal(value: number | undefined): boolean {
  return value !== undefined && codeOf(value) === 'mechanism-unsupported';
}

/** A failure as the host or its death told it. */
export interface Failure {
  readonly code: DeviceErrorCode;
  readonly message: string;
  /** True: it was C_Sign that failed, so the token had been asked to sign. */
  readonly asked?: boolean;
  readonly ckr?: number;
  readonly origin?: Origin;
}

/** True when a second look could change the name of this failure: everything the token did not judge clearly itself. */
export function isDecisive(failure: Failure, probe: Probe): boolean {
  // A card that is being pulled fails for a moment before pcscd notices that it has left.
  if (probe.seen === 'failing') return false;
  if (probe.seen !== 'same') return true;
  if (failure.code === 'pin-locked' || failure.code === 'pin-length' || failure.code === 'pin-expired') return true;
  if (failure.code === 'mechanism-unsupported' || failure.code === 'no-usable-key' || failure.code === 'unsupported-token') return true;
  return failure.code === 'pin-wrong' && (probe.flags & (flag.userPinCountLow | flag.userPinFinalTry | flag.userPinLocked)) !== 0;
}

/** Names the cause of a failure after the probe. Nothing here ever turns a failure into `pin-wrong` except CKR_PIN_INCORRECT itself. */
export function nameFailure(failure: Failure, probe: Probe): DeviceError {
  const origin: Origin | undefined = failure.origin ?? (failure.ckr === undefined ? undefined : { kind: 'ckr', value: failure.ckr });
  const kept = origin === undefined ? {} : { origin };
  const said = failure.message;
  // Modules make up an answer for a token that has left: whether the token itself had signed by then is not in it.
  if (failure.asked === true && probe.seen !== 'same' && probe.seen !== 'failing') {
    return new DeviceError('outcome-unknown', `the token left after it was asked to sign: ${said}`, kept);
  }
  switch (probe.seen) {
    case 'empty':
      if (failure.code === 'no-token') return new DeviceError('no-token', said, kept);
      return new DeviceError('token-removed', `the token was removed: ${said}`, kept);
    case 'no-reader':
      return new DeviceError('reader-lost', `the reader is gone: ${said}`, kept);
    case 'failing':
      return new DeviceError(
        failure.code === 'outcome-unknown' ? failure.code : 'device-error',
        `the card is in, and no longer answers as it did: ${said}`,
        kept,
      );
    case 'other':
      return new DeviceError('token-changed', `another token is in the slot: ${said}`, kept);
    case 'unknown':
      return new DeviceError(failure.code, said, kept);
    case 'same':
      if (failure.code === 'pin-wrong') {
        if ((probe.flags & flag.userPinLocked) !== 0)
          return new DeviceError('pin-locked', `that was the last try: ${said}`, { ...kept, triesLeft: 0 });
        if ((probe.flags & flag.userPinFinalTry) !== 0) return new DeviceError('pin-wrong', said, { ...kept, triesLeft: 1 });
      }
      if (failure.code === 'pin-locked') return new DeviceError('pin-locked', said, { ...kept, triesLeft: 0 });
      // A stale session or a login that was lost is no reason to ask for the PIN again by itself: device-error keeps that decision with people.
      return new DeviceError(failure.code, said, kept);
  }
}
