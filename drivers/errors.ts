/**
 * The one error class that every driver throws. The code list is closed: whatever a device says that is not in it becomes
 * `device-error` and keeps its native number in `origin`, so that nothing a device said is lost and nothing is guessed.
 */

/** Every way in which a device can disappoint, in the words of the house. */
export const deviceErrorCodes = [
  'no-token',
  'token-removed',
  'token-changed',
  'unsupported-token',
  'reader-lost',
  'busy',
  'pin-wrong',
  'pin-locked',
  'pin-length',
  'pin-expired',
  'pin-timeout',
  'not-matched',
  'reader-locked',
  'touch-timeout',
  'cancelled',
  'no-usable-key',
  'certificate-unusable',
  'mechanism-unsupported',
  'module-crashed',
  'module-timeout',
  'outcome-unknown',
  'device-error',
] as const;

export type DeviceErrorCode = (typeof deviceErrorCodes)[number];

/** What the person at the counter can do about it. */
export type Recover = 'retry' | 're-enter-pin' | 'reinsert' | 'other-token' | 'ask-staff' | 'none';

/** The advice that belongs to each code. Only `pin-wrong` (CKR_PIN_INCORRECT) and `pin-length` ever ask for the PIN again. */
export const recoverOf: Readonly<Record<DeviceErrorCode, Recover>> = {
  'no-token': 'reinsert',
  'token-removed': 'reinsert',
  'token-changed': 'reinsert',
  'unsupported-token': 'other-token',
  'reader-lost': 'ask-staff',
  busy: 'retry',
  'pin-wrong': 're-enter-pin',
  'pin-locked': 'other-token',
  'pin-length': 're-enter-pin',
  'pin-expired': 'other-token',
  'pin-timeout': 'retry',
  'not-matched': 'retry',
  'reader-locked': 'ask-staff',
  'touch-timeout': 'retry',
  cancelled: 'none',
  'no-usable-key': 'other-token',
  'certificate-unusable': 'other-token',
  'mechanism-unsupported': 'other-token',
  'module-crashed': 'reinsert',
  'module-timeout': 'reinsert',
  'outcome-unknown': 'ask-staff',
  'device-error': 'reinsert',
};

/** Where the native word came from: a PKCS#11 CKR value, a CTAP status byte, a CTAPHID error byte, an errno, a signal of a child, a D-Bus error, a result of fprintd. */
export interface Origin {
  readonly kind: 'ckr' | 'ctap' | 'ctaphid' | 'errno' | 'signal' | 'exit' | 'dbus' | 'fprintd';
  readonly value: number | string;
}

export interface DeviceErrorOptions {
  /** Tries that are left for the PIN or the finger, where the device says so. */
  readonly triesLeft?: number;
  readonly origin?: Origin;
  readonly cause?: unknown;
  /** Overrides the table, for the rare device that knows better. */
  readonly recover?: Recover;
}

/** A device did not do what was asked. `message` is for the log of a developer, never for a screen. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';
  readonly code: DeviceErrorCode;
  readonly recover: Recover;
  readonly triesLeft?: number;
  readonly origin?: Origin;

  constructor(code: DeviceErrorCode, message: string, options: DeviceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.recover = options.recover ?? recoverOf[code];
    if (options.triesLeft !== undefined) this.triesLeft = options.triesLeft;
    if (options.origin !== undefined) this.origin = options.origin;
  }
}

/** Tells what a driver threw from a bug of our own. */
export function isDeviceError(value: unknown): value is DeviceError {
  return value instanceof DeviceError;
}
